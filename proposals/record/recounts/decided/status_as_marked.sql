-- Proposals of a released packet whose status is not what the mark says.
SELECT p.number FROM proposals_mark m JOIN proposals_proposal p ON p.id = m.proposal_id
  JOIN proposals_packet k ON k.id = m.packet_id AND k.state = 'released'
 WHERE m.decision = 'award' AND p.status <> 'awarded'
    OR m.decision = 'decline' AND p.status IN ('received', 'awarded')
 ORDER BY 1
