-- Awards that nobody marked, but for reconstructed ones.
SELECT p.number FROM proposals_award a JOIN proposals_proposal p ON p.id = a.proposal_id
 WHERE NOT p.is_reconstructed AND NOT EXISTS
       (SELECT 1 FROM proposals_mark m WHERE m.proposal_id = p.id AND m.decision = 'award') ORDER BY 1
