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

-- The library that resets passwords sends its link to every address it keeps of an account. It keeps none but the
-- account's own, which history follows: else somebody could come by a password through an address nobody heard of.
CREATE OR REPLACE FUNCTION rule_address_of_account() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM auth_user u WHERE u.id = NEW.user_id AND lower(u.email) = lower(NEW.email)) THEN
        PERFORM aspire_refuse('address_of_account');
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER address_of_account BEFORE INSERT OR UPDATE ON account_emailaddress
    FOR EACH ROW EXECUTE FUNCTION rule_address_of_account();

CREATE OR REPLACE FUNCTION rule_address_given_up() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM account_emailaddress WHERE user_id = NEW.id AND lower(email) <> lower(NEW.email);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER address_given_up AFTER UPDATE OF email ON auth_user
    FOR EACH ROW WHEN (OLD.email IS DISTINCT FROM NEW.email) EXECUTE FUNCTION rule_address_given_up();
