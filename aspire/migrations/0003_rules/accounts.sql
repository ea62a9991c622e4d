-- Accounts, their roles and permissions: that a password or a mail address was set and by whom, and nothing of it.

SELECT aspire_track('auth_user', 'aspire_accountevent');
SELECT aspire_track_column('auth_user', 'aspire_accountevent', 'password', 'password');
SELECT aspire_track_column('auth_user', 'aspire_accountevent', 'address', 'email');
SELECT aspire_track('auth_user_groups', 'aspire_accountroleevent');
SELECT aspire_track('auth_user_user_permissions', 'aspire_accountpermissionevent');
SELECT aspire_track('auth_group', 'aspire_roleevent');
SELECT aspire_track('auth_group_permissions', 'aspire_rolepermissionevent');

-- Who let a person be who they are within the last 7 days: by account, password, mail address or the role of manager.
-- They are no second person to them (aspire/accounts/entrusting.py tells the same to the manager).
CREATE OR REPLACE FUNCTION aspire_entrusted_by(person bigint) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN ARRAY(
        SELECT e.pgh_user FROM aspire_accountroleevent e JOIN auth_group g ON g.id = e.group_id
         WHERE e.user_id = person AND e.pgh_label = 'insert' AND g.name = 'manager'
           AND e.pgh_user <> person AND e.pgh_created_at > now() - interval '7 days'
         UNION
        SELECT e.pgh_user FROM aspire_accountevent e
         WHERE e.pgh_obj_id = person AND e.pgh_label IN ('insert', 'password', 'address')
           AND e.pgh_user <> person AND e.pgh_created_at > now() - interval '7 days');
END $$;
