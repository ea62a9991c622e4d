-- Days of a call on which the kept lines do not come to the proposals received, in Tokyo.
SELECT DISTINCT c.code || ' ' || d.day FROM calls_call c JOIN (
    SELECT call_id, day FROM (
        SELECT call_id, received_on AS day, proposals FROM proposals_intakeline
         UNION ALL
        SELECT call_id, (received_at AT TIME ZONE 'Asia/Tokyo')::date, -1 FROM proposals_proposal
         WHERE received_at IS NOT NULL AND status NOT IN ('ineligible', 'withdrawn')
    ) both_sides GROUP BY 1, 2 HAVING sum(proposals) <> 0
) d ON d.call_id = c.id ORDER BY 1
