-- Marks by somebody who, as far as history knows, never held a role of the office and never led the field.
SELECT p.number FROM proposals_mark m JOIN proposals_proposal p ON p.id = m.proposal_id
 WHERE NOT EXISTS (SELECT 1 FROM calls_callfieldevent f
                    WHERE f.call_id = p.call_id AND f.field_id = p.field_id AND f.lead_reviewer_id = m.marked_by_id)
   AND NOT EXISTS (SELECT 1 FROM auth_user u WHERE u.id = m.marked_by_id AND u.is_superuser)
   AND NOT EXISTS (SELECT 1 FROM auth_user_groups h JOIN auth_group g ON g.id = h.group_id
                    WHERE h.user_id = m.marked_by_id AND g.name IN ('administrator', 'officer'))
   AND NOT EXISTS (SELECT 1 FROM aspire_accountroleevent e JOIN auth_group g ON g.id = e.group_id
                    WHERE e.user_id = m.marked_by_id AND g.name IN ('administrator', 'officer'))
 ORDER BY 1
