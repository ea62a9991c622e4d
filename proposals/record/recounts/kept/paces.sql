-- Calls whose lines of progress do not come to the progress of their proposals.
SELECT DISTINCT c.code FROM calls_call c JOIN (
    SELECT call_id FROM (
        SELECT call_id, reviewers, reviews, decision, proposals, conflicts FROM proposals_paceline
         UNION ALL
        SELECT call_id, reviewers, reviews, decision, -1, -conflicts FROM proposals_proposalprogress
    ) both_sides GROUP BY call_id, reviewers, reviews, decision
    HAVING (sum(proposals), sum(conflicts)) <> (0, 0)
) d ON d.call_id = c.id ORDER BY 1
