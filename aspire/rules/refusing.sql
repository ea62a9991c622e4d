-- How a rule says no, and what the rules of several tables ask.
--
-- A rule is a trigger function rule_<what it keeps>. Every function looks names up in its own schema, temporary tables
-- last: a session's own table named like one of ours is never judged by instead. The search path is set before any of
-- these files runs, and FROM CURRENT keeps it.

-- Every refusal is a check violation under the rule's stable name. DETAIL carries the values of its sentence.
CREATE OR REPLACE FUNCTION aspire_refuse(rule text, detail jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = rule,
        MESSAGE = 'aspire: ' || rule, DETAIL = detail::text;
END $$;

-- The calendar year in which the Japanese fiscal year (April to March) of a day begins.
CREATE OR REPLACE FUNCTION aspire_fiscal_year(day date) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT extract(year FROM day - interval '3 months')::integer;
$$;

-- Whether nothing is said: spaces of either width, tabs and line ends are no reason.
CREATE OR REPLACE FUNCTION aspire_is_blank(said text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT btrim(said, E' \t\n\r\u3000') = '';
$$;

-- Whether a person is active and has one of the roles, as roles_of (aspire/roles.py) reads them.
CREATE OR REPLACE FUNCTION aspire_holds(person bigint, VARIADIC roles text[]) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM auth_user u
         WHERE u.id = person AND u.is_active
           AND ('administrator' = ANY (roles) AND u.is_superuser OR EXISTS
                (SELECT FROM auth_user_groups m JOIN auth_group g ON g.id = m.group_id
                  WHERE m.user_id = u.id AND g.name = ANY (roles)))
    );
END $$;

-- Where a rule must see what others have just committed, an older snapshot would hide it.
CREATE OR REPLACE FUNCTION aspire_see_everything() RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION USING ERRCODE = 'serialization_failure',
            MESSAGE = 'aspire: terms, windows and fields of a call change at READ COMMITTED only';
    END IF;
END $$;

-- PL/pgSQL keeps the plan it made first: quick for the few rows it was made for, ruinous for a file of thousands, and
-- the other way round. So what is done to all rows of a statement hangs on two triggers, each with plans of its own:
-- one takes its turn at few rows, the other at many, planned anew each time.
CREATE OR REPLACE FUNCTION aspire_has_turn(turn text, has_many boolean) RETURNS boolean
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF has_many <> (turn = 'many') THEN
        RETURN false;
    END IF;
    IF has_many THEN
        DISCARD PLANS;
    END IF;
    RETURN true;
END $$;

-- A row that others refer to keeps its place: it is neither deleted nor given another key. The foreign keys say so too,
-- but at the end of the transaction: until then another row could take its place, with other terms or empty counters.
-- Arguments: table.column of those that refer to it.
CREATE OR REPLACE FUNCTION rule_still_referred_to() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    reference text;
    is_referred_to boolean;
BEGIN
    IF TG_OP = 'DELETE' OR NEW.id <> OLD.id THEN
        FOREACH reference IN ARRAY TG_ARGV LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I = $1)',
                           split_part(reference, '.', 1), split_part(reference, '.', 2))
               INTO is_referred_to USING OLD.id;
            IF is_referred_to THEN
                PERFORM aspire_refuse('still_referred_to');
            END IF;
        END LOOP;
    END IF;
    RETURN NULL;
END $$;

-- TRUNCATE would pass by every row's trigger, so it is refused wherever totals are kept or history is.
CREATE OR REPLACE FUNCTION rule_never_truncated() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM aspire_refuse('rows_never_truncated', jsonb_build_object('table', TG_TABLE_NAME));
    RETURN NULL;
END $$;
