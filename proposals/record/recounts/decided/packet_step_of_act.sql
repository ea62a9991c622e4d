-- Packets whose steps are not those of their acts: none of the state, by another, or at another time.
SELECT c.code || ' ' || k.id FROM proposals_packet k JOIN calls_call c ON c.id = k.call_id
 WHERE NOT EXISTS (SELECT 1 FROM proposals_packetstep s WHERE s.packet_id = k.id AND s.state = k.state)
 UNION
SELECT c.code || ' ' || k.id FROM proposals_packet k JOIN calls_call c ON c.id = k.call_id
  JOIN proposals_packetstep s ON s.packet_id = k.id
 WHERE s.state NOT IN ('submitted', 'sent_back', 'released', 'undone')
    OR s.state = 'submitted' AND s.by_id <> k.submitted_by_id
    OR s.state IN ('sent_back', 'released') AND s.by_id IS DISTINCT FROM k.decided_by_id
    OR NOT c.is_synthetic AND NOT EXISTS (SELECT 1 FROM proposals_packetstepevent e
        WHERE e.pgh_obj_id = s.id AND s.at BETWEEN e.pgh_created_at - interval '1 day'
                                               AND e.pgh_created_at + interval '1 day')
 ORDER BY 1
