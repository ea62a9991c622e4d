-- Packets decided by somebody who, as far as history knows, never was a manager.
SELECT c.code || ' ' || k.id FROM proposals_packet k JOIN calls_call c ON c.id = k.call_id
 WHERE k.state <> 'submitted'
   AND NOT EXISTS (SELECT 1 FROM auth_user u WHERE u.id = k.decided_by_id AND u.is_superuser)
   AND NOT EXISTS (SELECT 1 FROM auth_user_groups h JOIN auth_group g ON g.id = h.group_id
                    WHERE h.user_id = k.decided_by_id AND g.name = 'manager')
   AND NOT EXISTS (SELECT 1 FROM aspire_accountroleevent e JOIN auth_group g ON g.id = e.group_id
                    WHERE e.user_id = k.decided_by_id AND g.name = 'manager')
 ORDER BY 1
