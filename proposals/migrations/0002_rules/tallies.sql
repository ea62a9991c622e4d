-- The kept tallies: whatever changes a count or a sum of yen adds a line to its cell. So it does to the day a proposal
-- came in, to the fiscal year in which an award gives something, and to how far the proposals of a call are. Lines are
-- only ever added, so no writer waits for another, however long an import takes; a cell is the sum of its lines. Cells
-- that do not change get none.

-- What is counted is written by our own triggers alone. A trigger of somebody's own, on a table of their own, is a
-- trigger too: the functions that led here are asked for by name. Those outside the schema, as a session's own, are
-- named with theirs, whatever language the server speaks. Argument: what not even our triggers do.
CREATE OR REPLACE FUNCTION rule_tallies_kept() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    stack text;
BEGIN
    GET DIAGNOSTICS stack = PG_CONTEXT;
    IF TG_OP = TG_ARGV[0] OR pg_trigger_depth() < 2
       OR stack ~ E'(pg_temp_\\d|(^|\\n)PL/pgSQL function (?!(rule|proposals)_\\w+\\(|inline_code_block ))' THEN
        PERFORM aspire_refuse('tallies_kept');
    END IF;
    RETURN NULL;
END $$;

-- Now and then the lines of each cell of the calls just written to are added up. Whoever is in the midst of that keeps
-- its lines from others, who pass them by; an older snapshot adds up nothing. Arguments: what makes a cell, and what is
-- summed.
CREATE OR REPLACE FUNCTION rule_tallies_folded() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    sums text[] := string_to_array(TG_ARGV[1], ', ');
BEGIN
    IF current_setting('transaction_isolation') = 'read committed'
       AND EXISTS (SELECT FROM new_rows WHERE id % 256 = 0) THEN
        EXECUTE format($fold$
            WITH many AS (
                SELECT %2$s FROM %1$s WHERE call_id IN (SELECT call_id FROM new_rows) GROUP BY %2$s HAVING count(*) > 1
            ), held AS (
                SELECT t.id FROM %1$s t JOIN many USING (%2$s) FOR UPDATE OF t SKIP LOCKED
            ), gone AS (
                DELETE FROM %1$s t USING held WHERE t.id = held.id RETURNING t.*
            )
            INSERT INTO %1$s (%2$s, %3$s)
            SELECT %2$s, %4$s FROM gone GROUP BY %2$s HAVING (%4$s) <> (%5$s)
        $fold$, TG_RELID::regclass, TG_ARGV[0], TG_ARGV[1],
            (SELECT string_agg(format('sum(%s)', name), ', ' ORDER BY place)
               FROM unnest(sums) WITH ORDINALITY AS of (name, place)),
            (SELECT string_agg('0', ', ') FROM unnest(sums)));
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER tallies_kept BEFORE INSERT OR UPDATE OR DELETE ON proposals_tallyline
    FOR EACH STATEMENT EXECUTE FUNCTION rule_tallies_kept('UPDATE');
CREATE OR REPLACE TRIGGER tallies_folded AFTER INSERT ON proposals_tallyline REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_tallies_folded(
        'call_id, field_id, primary_funder_id, status, terms_id',
        'proposals, reconstructed, incomplete, awards, direct_yen, requested_yen, awarded_yen');

CREATE OR REPLACE TRIGGER tallies_kept BEFORE INSERT OR UPDATE OR DELETE ON proposals_intakeline
    FOR EACH STATEMENT EXECUTE FUNCTION rule_tallies_kept('UPDATE');
CREATE OR REPLACE TRIGGER tallies_folded AFTER INSERT ON proposals_intakeline REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_tallies_folded(
        'call_id, received_on', 'proposals');

CREATE OR REPLACE TRIGGER tallies_kept BEFORE INSERT OR UPDATE OR DELETE ON proposals_outlayline
    FOR EACH STATEMENT EXECUTE FUNCTION rule_tallies_kept('UPDATE');
CREATE OR REPLACE TRIGGER tallies_folded AFTER INSERT ON proposals_outlayline REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_tallies_folded(
        'call_id, fiscal_year, is_released', 'amounts, yen');

CREATE OR REPLACE TRIGGER tallies_kept BEFORE INSERT OR UPDATE OR DELETE ON proposals_paceline
    FOR EACH STATEMENT EXECUTE FUNCTION rule_tallies_kept('UPDATE');
CREATE OR REPLACE TRIGGER tallies_folded AFTER INSERT ON proposals_paceline REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_tallies_folded(
        'call_id, reviewers, reviews, decision', 'proposals, conflicts');

CREATE OR REPLACE TRIGGER tallies_kept BEFORE INSERT OR UPDATE OR DELETE ON proposals_proposalprogress
    FOR EACH STATEMENT EXECUTE FUNCTION rule_tallies_kept('DELETE');

-- --- proposals, an award counting only where it is released ----------------------------------------------------------

CREATE OR REPLACE FUNCTION rule_proposals_tallied_on_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT aspire_has_turn(TG_ARGV[0], EXISTS (SELECT FROM new_rows OFFSET 50)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO proposals_tallyline (call_id, field_id, primary_funder_id, status, terms_id,
                                 proposals, reconstructed, incomplete, awards, direct_yen, requested_yen, awarded_yen)
    SELECT call_id, field_id, primary_funder_id, status, terms_id,
           proposals, reconstructed, incomplete, awards, direct_yen, requested_yen, awarded_yen
      FROM (
        SELECT call_id, field_id, primary_funder_id, status, terms_id,
               sum(sign) AS proposals,
               coalesce(sum(sign) FILTER (WHERE is_reconstructed), 0) AS reconstructed,
               coalesce(sum(sign) FILTER (
                   WHERE starts_on IS NULL OR requested_direct_yen + requested_indirect_yen = 0), 0) AS incomplete,
               coalesce(sum(sign) FILTER (WHERE a.id IS NOT NULL), 0) AS awards,
               sum(sign * requested_direct_yen) AS direct_yen,
               sum(sign * (requested_direct_yen + requested_indirect_yen)) AS requested_yen,
               coalesce(sum(sign * (a.awarded_direct_yen + a.awarded_indirect_yen)), 0) AS awarded_yen
          FROM (SELECT 1 AS sign, id, call_id, field_id, primary_funder_id, status, terms_id, is_reconstructed,
                       starts_on, requested_direct_yen, requested_indirect_yen FROM new_rows) n
          LEFT JOIN proposals_award a ON n.status = 'awarded' AND a.proposal_id = n.id
         GROUP BY call_id, field_id, primary_funder_id, status, terms_id
      ) AS cells
     WHERE (proposals, reconstructed, incomplete, awards, direct_yen, requested_yen, awarded_yen)
           <> (0, 0, 0, 0, 0, 0, 0);
    INSERT INTO proposals_intakeline (call_id, received_on, proposals)
    SELECT call_id, (received_at AT TIME ZONE 'Asia/Tokyo')::date, sum(sign)
      FROM (SELECT 1 AS sign, call_id, received_at, status FROM new_rows) n
     WHERE status NOT IN ('ineligible', 'withdrawn') AND received_at IS NOT NULL
     GROUP BY 1, 2 HAVING sum(sign) <> 0;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER tallied_on_insert AFTER INSERT ON proposals_proposal REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_proposals_tallied_on_insert('few');
CREATE OR REPLACE TRIGGER tallied_on_insert_many AFTER INSERT ON proposals_proposal REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_proposals_tallied_on_insert('many');

CREATE OR REPLACE FUNCTION rule_proposals_tallied_on_update() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT aspire_has_turn(TG_ARGV[0], EXISTS (SELECT FROM new_rows OFFSET 50)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO proposals_tallyline (call_id, field_id, primary_funder_id, status, terms_id,
                                 proposals, reconstructed, incomplete, awards, direct_yen, requested_yen, awarded_yen)
    SELECT call_id, field_id, primary_funder_id, status, terms_id,
           proposals, reconstructed, incomplete, awards, direct_yen, requested_yen, awarded_yen
      FROM (
        SELECT call_id, field_id, primary_funder_id, status, terms_id,
               sum(sign) AS proposals,
               coalesce(sum(sign) FILTER (WHERE is_reconstructed), 0) AS reconstructed,
               coalesce(sum(sign) FILTER (
                   WHERE starts_on IS NULL OR requested_direct_yen + requested_indirect_yen = 0), 0) AS incomplete,
               coalesce(sum(sign) FILTER (WHERE a.id IS NOT NULL), 0) AS awards,
               sum(sign * requested_direct_yen) AS direct_yen,
               sum(sign * (requested_direct_yen + requested_indirect_yen)) AS requested_yen,
               coalesce(sum(sign * (a.awarded_direct_yen + a.awarded_indirect_yen)), 0) AS awarded_yen,
               -- whether it is left with other proposals or other requests, also where these come to the same sums
               count(*) <> 2 * count(DISTINCT (n.id, is_reconstructed, requested_direct_yen, requested_indirect_yen))
                   AS has_others
          FROM (SELECT 1 AS sign, id, call_id, field_id, primary_funder_id, status, terms_id, is_reconstructed,
                       starts_on, requested_direct_yen, requested_indirect_yen FROM new_rows
             UNION ALL SELECT -1, id, call_id, field_id, primary_funder_id, status, terms_id, is_reconstructed,
                       starts_on, requested_direct_yen, requested_indirect_yen FROM old_rows) n
          LEFT JOIN proposals_award a ON n.status = 'awarded' AND a.proposal_id = n.id
         GROUP BY call_id, field_id, primary_funder_id, status, terms_id
      ) AS cells
     WHERE (proposals, reconstructed, incomplete, awards, direct_yen, requested_yen, awarded_yen)
           <> (0, 0, 0, 0, 0, 0, 0) OR has_others;
    INSERT INTO proposals_intakeline (call_id, received_on, proposals)
    SELECT call_id, (received_at AT TIME ZONE 'Asia/Tokyo')::date, sum(sign)
      FROM (SELECT 1 AS sign, call_id, received_at, status FROM new_rows
            UNION ALL SELECT -1, call_id, received_at, status FROM old_rows) n
     WHERE status NOT IN ('ineligible', 'withdrawn') AND received_at IS NOT NULL
     GROUP BY 1, 2 HAVING sum(sign) <> 0;
    -- As a proposal is released, or is not any more, so is what its award gives in each fiscal year.
    INSERT INTO proposals_outlayline (call_id, fiscal_year, is_released, amounts, yen)
    SELECT p.call_id, m.fiscal_year, p.status = 'awarded', sum(sign), sum(sign * (m.direct_yen + m.indirect_yen))
      FROM (SELECT 1 AS sign, id, call_id, status FROM new_rows
            UNION ALL SELECT -1, id, call_id, status FROM old_rows) p
      JOIN proposals_award a ON a.proposal_id = p.id JOIN proposals_annualaward m ON m.award_id = a.id
     GROUP BY 1, 2, 3 HAVING (sum(sign), sum(sign * (m.direct_yen + m.indirect_yen))) <> (0, 0);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER tallied_on_update AFTER UPDATE ON proposals_proposal
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_proposals_tallied_on_update('few');
CREATE OR REPLACE TRIGGER tallied_on_update_many AFTER UPDATE ON proposals_proposal
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_proposals_tallied_on_update('many');

CREATE OR REPLACE FUNCTION rule_proposals_tallied_on_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT aspire_has_turn(TG_ARGV[0], EXISTS (SELECT FROM old_rows OFFSET 50)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO proposals_tallyline (call_id, field_id, primary_funder_id, status, terms_id,
                                 proposals, reconstructed, incomplete, awards, direct_yen, requested_yen, awarded_yen)
    SELECT call_id, field_id, primary_funder_id, status, terms_id,
           proposals, reconstructed, incomplete, awards, direct_yen, requested_yen, awarded_yen
      FROM (
        SELECT call_id, field_id, primary_funder_id, status, terms_id,
               sum(sign) AS proposals,
               coalesce(sum(sign) FILTER (WHERE is_reconstructed), 0) AS reconstructed,
               coalesce(sum(sign) FILTER (
                   WHERE starts_on IS NULL OR requested_direct_yen + requested_indirect_yen = 0), 0) AS incomplete,
               coalesce(sum(sign) FILTER (WHERE a.id IS NOT NULL), 0) AS awards,
               sum(sign * requested_direct_yen) AS direct_yen,
               sum(sign * (requested_direct_yen + requested_indirect_yen)) AS requested_yen,
               coalesce(sum(sign * (a.awarded_direct_yen + a.awarded_indirect_yen)), 0) AS awarded_yen
          FROM (SELECT -1 AS sign, id, call_id, field_id, primary_funder_id, status, terms_id, is_reconstructed,
                       starts_on, requested_direct_yen, requested_indirect_yen FROM old_rows) n
          LEFT JOIN proposals_award a ON n.status = 'awarded' AND a.proposal_id = n.id
         GROUP BY call_id, field_id, primary_funder_id, status, terms_id
      ) AS cells
     WHERE (proposals, reconstructed, incomplete, awards, direct_yen, requested_yen, awarded_yen)
           <> (0, 0, 0, 0, 0, 0, 0);
    INSERT INTO proposals_intakeline (call_id, received_on, proposals)
    SELECT call_id, (received_at AT TIME ZONE 'Asia/Tokyo')::date, sum(sign)
      FROM (SELECT -1 AS sign, call_id, received_at, status FROM old_rows) n
     WHERE status NOT IN ('ineligible', 'withdrawn') AND received_at IS NOT NULL
     GROUP BY 1, 2 HAVING sum(sign) <> 0;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER tallied_on_delete AFTER DELETE ON proposals_proposal REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_proposals_tallied_on_delete('few');
CREATE OR REPLACE TRIGGER tallied_on_delete_many AFTER DELETE ON proposals_proposal REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_proposals_tallied_on_delete('many');

-- --- awards, where the proposal is released --------------------------------------------------------------------------

-- A line rests on the proposal and its award together. Whoever gives an award or changes its yen has rewritten the
-- proposal before; whoever takes one away does it here, before the other triggers, which go by name.

CREATE OR REPLACE FUNCTION rule_awards_tallied_on_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT aspire_has_turn(TG_ARGV[0], EXISTS (SELECT FROM new_rows OFFSET 50)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO proposals_tallyline (call_id, field_id, primary_funder_id, status, terms_id,
                                 proposals, reconstructed, incomplete, awards, direct_yen, requested_yen, awarded_yen)
    SELECT p.call_id, p.field_id, p.primary_funder_id, p.status, p.terms_id, 0, 0, 0, sum(sign), 0, 0,
           sum(sign * (a.awarded_direct_yen + a.awarded_indirect_yen))
      FROM (SELECT 1 AS sign, proposal_id, awarded_direct_yen, awarded_indirect_yen FROM new_rows) a
      JOIN proposals_proposal p ON p.id = a.proposal_id AND p.status = 'awarded'
     GROUP BY 1, 2, 3, 4, 5
    HAVING (sum(sign), sum(sign * (a.awarded_direct_yen + a.awarded_indirect_yen))) <> (0, 0);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER tallied_on_insert AFTER INSERT ON proposals_award REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_awards_tallied_on_insert('few');
CREATE OR REPLACE TRIGGER tallied_on_insert_many AFTER INSERT ON proposals_award REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_awards_tallied_on_insert('many');

CREATE OR REPLACE FUNCTION rule_awards_tallied_on_update() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT aspire_has_turn(TG_ARGV[0], EXISTS (SELECT FROM new_rows OFFSET 50)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO proposals_tallyline (call_id, field_id, primary_funder_id, status, terms_id,
                                 proposals, reconstructed, incomplete, awards, direct_yen, requested_yen, awarded_yen)
    SELECT p.call_id, p.field_id, p.primary_funder_id, p.status, p.terms_id, 0, 0, 0, sum(sign), 0, 0,
           sum(sign * (a.awarded_direct_yen + a.awarded_indirect_yen))
      FROM (SELECT 1 AS sign, proposal_id, awarded_direct_yen, awarded_indirect_yen FROM new_rows
            UNION ALL SELECT -1, proposal_id, awarded_direct_yen, awarded_indirect_yen FROM old_rows) a
      JOIN proposals_proposal p ON p.id = a.proposal_id AND p.status = 'awarded'
     GROUP BY 1, 2, 3, 4, 5
    HAVING (sum(sign), sum(sign * (a.awarded_direct_yen + a.awarded_indirect_yen))) <> (0, 0);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER tallied_on_update AFTER UPDATE ON proposals_award
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_awards_tallied_on_update('few');
CREATE OR REPLACE TRIGGER tallied_on_update_many AFTER UPDATE ON proposals_award
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_awards_tallied_on_update('many');

CREATE OR REPLACE FUNCTION rule_awards_tallied_on_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT aspire_has_turn(TG_ARGV[0], EXISTS (SELECT FROM old_rows OFFSET 50)) THEN
        RETURN NULL;
    END IF;
    UPDATE proposals_proposal SET status = status WHERE id IN (SELECT proposal_id FROM old_rows);
    INSERT INTO proposals_tallyline (call_id, field_id, primary_funder_id, status, terms_id,
                                 proposals, reconstructed, incomplete, awards, direct_yen, requested_yen, awarded_yen)
    SELECT p.call_id, p.field_id, p.primary_funder_id, p.status, p.terms_id, 0, 0, 0, sum(sign), 0, 0,
           sum(sign * (a.awarded_direct_yen + a.awarded_indirect_yen))
      FROM (SELECT -1 AS sign, proposal_id, awarded_direct_yen, awarded_indirect_yen FROM old_rows) a
      JOIN proposals_proposal p ON p.id = a.proposal_id AND p.status = 'awarded'
     GROUP BY 1, 2, 3, 4, 5
    HAVING (sum(sign), sum(sign * (a.awarded_direct_yen + a.awarded_indirect_yen))) <> (0, 0);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER a_tallied_on_delete AFTER DELETE ON proposals_award REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_awards_tallied_on_delete('few');
CREATE OR REPLACE TRIGGER a_tallied_on_delete_many AFTER DELETE ON proposals_award REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_awards_tallied_on_delete('many');

-- --- what awards give, after the rules of the same write, by name, which hold the proposals --------------------------

CREATE OR REPLACE FUNCTION rule_outlays_tallied_on_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT aspire_has_turn(TG_ARGV[0], EXISTS (SELECT FROM new_rows OFFSET 50)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO proposals_outlayline (call_id, fiscal_year, is_released, amounts, yen)
    SELECT p.call_id, m.fiscal_year, p.status = 'awarded', sum(sign), sum(sign * (m.direct_yen + m.indirect_yen))
      FROM (SELECT 1 AS sign, award_id, fiscal_year, direct_yen, indirect_yen FROM new_rows) m
      JOIN proposals_award a ON a.id = m.award_id JOIN proposals_proposal p ON p.id = a.proposal_id
     GROUP BY 1, 2, 3 HAVING (sum(sign), sum(sign * (m.direct_yen + m.indirect_yen))) <> (0, 0);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER tallied_on_insert AFTER INSERT ON proposals_annualaward REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_outlays_tallied_on_insert('few');
CREATE OR REPLACE TRIGGER tallied_on_insert_many AFTER INSERT ON proposals_annualaward REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_outlays_tallied_on_insert('many');

CREATE OR REPLACE FUNCTION rule_outlays_tallied_on_update() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT aspire_has_turn(TG_ARGV[0], EXISTS (SELECT FROM new_rows OFFSET 50)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO proposals_outlayline (call_id, fiscal_year, is_released, amounts, yen)
    SELECT p.call_id, m.fiscal_year, p.status = 'awarded', sum(sign), sum(sign * (m.direct_yen + m.indirect_yen))
      FROM (SELECT 1 AS sign, award_id, fiscal_year, direct_yen, indirect_yen FROM new_rows
            UNION ALL SELECT -1, award_id, fiscal_year, direct_yen, indirect_yen FROM old_rows) m
      JOIN proposals_award a ON a.id = m.award_id JOIN proposals_proposal p ON p.id = a.proposal_id
     GROUP BY 1, 2, 3 HAVING (sum(sign), sum(sign * (m.direct_yen + m.indirect_yen))) <> (0, 0);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER tallied_on_update AFTER UPDATE ON proposals_annualaward
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_outlays_tallied_on_update('few');
CREATE OR REPLACE TRIGGER tallied_on_update_many AFTER UPDATE ON proposals_annualaward
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_outlays_tallied_on_update('many');

CREATE OR REPLACE FUNCTION rule_outlays_tallied_on_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT aspire_has_turn(TG_ARGV[0], EXISTS (SELECT FROM old_rows OFFSET 50)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO proposals_outlayline (call_id, fiscal_year, is_released, amounts, yen)
    SELECT p.call_id, m.fiscal_year, p.status = 'awarded', sum(sign), sum(sign * (m.direct_yen + m.indirect_yen))
      FROM (SELECT -1 AS sign, award_id, fiscal_year, direct_yen, indirect_yen FROM old_rows) m
      JOIN proposals_award a ON a.id = m.award_id JOIN proposals_proposal p ON p.id = a.proposal_id
     GROUP BY 1, 2, 3 HAVING (sum(sign), sum(sign * (m.direct_yen + m.indirect_yen))) <> (0, 0);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER tallied_on_delete AFTER DELETE ON proposals_annualaward REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_outlays_tallied_on_delete('few');
CREATE OR REPLACE TRIGGER tallied_on_delete_many AFTER DELETE ON proposals_annualaward REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_outlays_tallied_on_delete('many');

-- --- how far the proposals of a call are -----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION rule_paced_on_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT aspire_has_turn(TG_ARGV[0], EXISTS (SELECT FROM new_rows OFFSET 50)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO proposals_paceline (call_id, reviewers, reviews, decision, proposals, conflicts)
    SELECT call_id, reviewers, reviews, decision, sum(sign), sum(sign * conflicts)
      FROM (SELECT 1 AS sign, call_id, reviewers, reviews, conflicts, decision FROM new_rows) n
     GROUP BY 1, 2, 3, 4 HAVING (sum(sign), sum(sign * conflicts)) <> (0, 0);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER paced_on_insert AFTER INSERT ON proposals_proposalprogress REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_paced_on_insert('few');
CREATE OR REPLACE TRIGGER paced_on_insert_many AFTER INSERT ON proposals_proposalprogress
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_paced_on_insert('many');

CREATE OR REPLACE FUNCTION rule_paced_on_update() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT aspire_has_turn(TG_ARGV[0], EXISTS (SELECT FROM new_rows OFFSET 50)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO proposals_paceline (call_id, reviewers, reviews, decision, proposals, conflicts)
    SELECT call_id, reviewers, reviews, decision, sum(sign), sum(sign * conflicts)
      FROM (SELECT 1 AS sign, call_id, reviewers, reviews, conflicts, decision FROM new_rows
            UNION ALL SELECT -1, call_id, reviewers, reviews, conflicts, decision FROM old_rows) n
     GROUP BY 1, 2, 3, 4 HAVING (sum(sign), sum(sign * conflicts)) <> (0, 0);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER paced_on_update AFTER UPDATE ON proposals_proposalprogress
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_paced_on_update('few');
CREATE OR REPLACE TRIGGER paced_on_update_many AFTER UPDATE ON proposals_proposalprogress
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_paced_on_update('many');

-- --- all of it anew --------------------------------------------------------------------------------------------------

-- Count every proposal anew; who writes meanwhile waits, so that nobody is counted twice or left out.
CREATE OR REPLACE FUNCTION proposals_rebuild_tallies() RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['tallyline', 'intakeline', 'outlayline', 'paceline', 'proposalprogress'] LOOP
        EXECUTE format('ALTER TABLE proposals_%s DISABLE TRIGGER USER', kept);
        EXECUTE format('DELETE FROM proposals_%s', kept);
    END LOOP;
    INSERT INTO proposals_tallyline (call_id, field_id, primary_funder_id, status, terms_id,
                                 proposals, reconstructed, incomplete, awards, direct_yen, requested_yen, awarded_yen)
    SELECT call_id, field_id, primary_funder_id, status, terms_id, count(*), count(*) FILTER (WHERE is_reconstructed),
           count(*) FILTER (WHERE starts_on IS NULL OR requested_direct_yen + requested_indirect_yen = 0),
           count(a.id), sum(requested_direct_yen), sum(requested_direct_yen + requested_indirect_yen),
           coalesce(sum(a.awarded_direct_yen + a.awarded_indirect_yen), 0)
      FROM proposals_proposal n LEFT JOIN proposals_award a ON n.status = 'awarded' AND a.proposal_id = n.id
     GROUP BY 1, 2, 3, 4, 5;
    INSERT INTO proposals_intakeline (call_id, received_on, proposals)
    SELECT call_id, (received_at AT TIME ZONE 'Asia/Tokyo')::date, count(*) FROM proposals_proposal
     WHERE status NOT IN ('ineligible', 'withdrawn') AND received_at IS NOT NULL GROUP BY 1, 2;
    INSERT INTO proposals_outlayline (call_id, fiscal_year, is_released, amounts, yen)
    SELECT p.call_id, m.fiscal_year, p.status = 'awarded', count(*), sum(m.direct_yen + m.indirect_yen)
      FROM proposals_annualaward m
      JOIN proposals_award a ON a.id = m.award_id JOIN proposals_proposal p ON p.id = a.proposal_id GROUP BY 1, 2, 3;
    INSERT INTO proposals_proposalprogress (proposal_id, call_id, reviewers, reviews, conflicts, decision)
    SELECT * FROM proposals_progress_of(ARRAY(SELECT id FROM proposals_proposal)) t
     WHERE (t.reviewers, t.reviews, t.conflicts, t.decision) <> (0, 0, 0, '');
    INSERT INTO proposals_paceline (call_id, reviewers, reviews, decision, proposals, conflicts)
    SELECT call_id, reviewers, reviews, decision, count(*), sum(conflicts) FROM proposals_proposalprogress
     GROUP BY 1, 2, 3, 4;
    FOREACH kept IN ARRAY ARRAY['tallyline', 'intakeline', 'outlayline', 'paceline', 'proposalprogress'] LOOP
        EXECUTE format('ALTER TABLE proposals_%s ENABLE TRIGGER USER', kept);
    END LOOP;
END $$;
