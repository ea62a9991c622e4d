-- Packets released by whoever submitted them or had a hand in their marks.
SELECT c.code || ' ' || k.id FROM proposals_packet k JOIN calls_call c ON c.id = k.call_id
 WHERE k.state = 'released'
   AND (k.decided_by_id = k.submitted_by_id OR proposals_had_a_hand(k.decided_by_id, k.id))
 ORDER BY 1
