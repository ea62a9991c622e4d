-- Conflicts of interest that stood and ended otherwise than as a mistake: deleted, reopened or repointed.
SELECT DISTINCT p.number FROM (
    SELECT pgh_label, proposal_id, person_id, finding,
           lag(finding) OVER own AS finding_before, lag(proposal_id) OVER own AS proposal_before,
           lag(person_id) OVER own AS person_before
      FROM proposals_conflictevent WINDOW own AS (PARTITION BY pgh_obj_id ORDER BY pgh_id)
) e JOIN proposals_proposal p ON p.id = coalesce(e.proposal_before, e.proposal_id)
 WHERE e.finding_before = 'stands' AND (e.pgh_label = 'delete' OR e.finding NOT IN ('stands', 'mistaken')
       OR (e.proposal_id, e.person_id) <> (e.proposal_before, e.person_before)) ORDER BY 1
