-- Proposals whose kept progress is not what assignments, reviews, conflicts and mark come to.
SELECT p.number
  FROM proposals_progress_of(ARRAY(SELECT id FROM proposals_proposal)) t
  JOIN proposals_proposal p ON p.id = t.proposal_id
  LEFT JOIN proposals_proposalprogress g ON g.proposal_id = t.proposal_id
 WHERE (t.reviewers, t.reviews, t.conflicts, t.decision) IS DISTINCT FROM
       (coalesce(g.reviewers, 0), coalesce(g.reviews, 0), coalesce(g.conflicts, 0), coalesce(g.decision, ''))
 ORDER BY 1
