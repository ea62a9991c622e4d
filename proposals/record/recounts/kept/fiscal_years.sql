-- Fiscal years of a call in which the kept lines do not come to what its awards give.
SELECT DISTINCT c.code || ' ' || d.fiscal_year FROM calls_call c JOIN (
    SELECT call_id, fiscal_year FROM (
        SELECT call_id, fiscal_year, is_released, amounts, yen FROM proposals_outlayline
         UNION ALL
        SELECT p.call_id, m.fiscal_year, p.status = 'awarded', -1, -(m.direct_yen + m.indirect_yen)
          FROM proposals_annualaward m JOIN proposals_award a ON a.id = m.award_id
          JOIN proposals_proposal p ON p.id = a.proposal_id
    ) both_sides GROUP BY call_id, fiscal_year, is_released HAVING (sum(amounts), sum(yen)) <> (0, 0)
) d ON d.call_id = c.id ORDER BY 1
