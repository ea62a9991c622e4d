-- What awards give in each fiscal year: inside the period, within ceiling, rate and total, and never more than the pot
-- and its slices hold. Whoever writes an amount holds the proposal, then the call, then counts; so the pot is judged
-- and taken from by one at a time, and nobody waits in a circle.

CREATE OR REPLACE TRIGGER one_at_the_award_desk BEFORE INSERT OR UPDATE OR DELETE ON proposals_annualaward
    FOR EACH STATEMENT EXECUTE FUNCTION rule_one_at_the_award_desk();

-- Refuse the first rule that some of the given amounts break.
CREATE OR REPLACE FUNCTION proposals_judge_awarded(amounts bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    broken record;
BEGIN
    SELECT rule.name, rule.detail INTO broken
      FROM proposals_annualaward n
      LEFT JOIN proposals_award a ON a.id = n.award_id
      LEFT JOIN proposals_proposal p ON p.id = a.proposal_id
      LEFT JOIN calls_terms t ON t.id = p.terms_id
     CROSS JOIN LATERAL (SELECT
        n.direct_yen + CASE WHEN t.indirect_included THEN n.indirect_yen ELSE 0 END AS counted_yen,
        n.direct_yen * t.indirect_percent / 100 AS indirect_limit_yen
     ) AS of
     CROSS JOIN LATERAL (VALUES
        ('reference_exists', CASE WHEN t.id IS NULL THEN jsonb_build_object('fiscal_year', n.fiscal_year) END),
        ('award_inside_period', CASE
            WHEN p.starts_on IS NULL OR n.fiscal_year < aspire_fiscal_year(p.starts_on)
                 OR n.fiscal_year > aspire_fiscal_year(p.ends_on)
            THEN jsonb_build_object('fiscal_year', n.fiscal_year, 'starts_on', p.starts_on, 'ends_on', p.ends_on) END),
        ('award_within_ceiling', CASE WHEN of.counted_yen > t.annual_ceiling_yen
            THEN jsonb_build_object('fiscal_year', n.fiscal_year, 'value_yen', of.counted_yen,
                                    'limit_yen', t.annual_ceiling_yen,
                                    'over_yen', of.counted_yen - t.annual_ceiling_yen) END),
        ('award_indirect_within_rate', CASE WHEN n.indirect_yen > of.indirect_limit_yen
            THEN jsonb_build_object('fiscal_year', n.fiscal_year, 'value_yen', n.indirect_yen,
                                    'limit_yen', of.indirect_limit_yen, 'percent', t.indirect_percent) END)
     ) AS rule (name, detail)
     WHERE n.id = ANY (amounts) AND rule.detail IS NOT NULL LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse(broken.name, broken.detail);
    END IF;
END $$;

-- Whether what an award gives may not be changed any more: its mark is in a packet, or its result is out.
CREATE OR REPLACE FUNCTION proposals_is_settled(p proposals_proposal) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN NOT p.is_reconstructed AND (p.status = 'awarded' OR EXISTS (
        SELECT FROM proposals_mark m WHERE m.proposal_id = p.id AND m.packet_id IS NOT NULL));
END $$;

-- Yen that a statement gave (+) or took back (-).
DO $$ BEGIN
    CREATE TYPE proposals_given AS (award_id bigint, fiscal_year integer, direct_yen bigint, indirect_yen bigint);
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;

-- Count what was given into the award's totals, the pot and its slices; refuse what does not fit into them, and what
-- would change an award that is settled.
CREATE OR REPLACE FUNCTION proposals_give(given proposals_given[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    awards bigint[] := ARRAY(SELECT DISTINCT award_id FROM unnest(given));
    proposals bigint[] := ARRAY(SELECT proposal_id FROM proposals_award WHERE id = ANY (awards));
    calls bigint[];
    broken record;
BEGIN
    -- Proposals before the call, as whoever corrects a proposal holds them. Rewriting them: a period cannot be
    -- shortened meanwhile, nor by somebody with an older snapshot.
    UPDATE proposals_proposal SET status = status WHERE id = ANY (proposals);
    calls := ARRAY(SELECT DISTINCT call_id FROM proposals_proposal WHERE id = ANY (proposals));
    PERFORM FROM calls_call WHERE id = ANY (calls) ORDER BY id FOR NO KEY UPDATE;
    UPDATE proposals_award a
       SET awarded_direct_yen = a.awarded_direct_yen + d.direct_yen,
           awarded_indirect_yen = a.awarded_indirect_yen + d.indirect_yen
      FROM (SELECT award_id, sum(direct_yen)::bigint AS direct_yen, sum(indirect_yen)::bigint AS indirect_yen
              FROM unnest(given) GROUP BY 1) d
     WHERE a.id = d.award_id;
    SELECT c.code, c.pot_yen, c.taken_yen + s.yen AS taken_yen INTO broken
      FROM (SELECT p.call_id, sum(g.direct_yen + g.indirect_yen)::bigint AS yen FROM unnest(given) g
              JOIN proposals_award a ON a.id = g.award_id JOIN proposals_proposal p ON p.id = a.proposal_id
             GROUP BY 1) s
      JOIN calls_call c ON c.id = s.call_id
     WHERE s.yen > 0 AND c.taken_yen + s.yen > c.pot_yen LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse('call_awards_within_pot', jsonb_build_object(
            'call', broken.code, 'value_yen', broken.taken_yen, 'limit_yen', broken.pot_yen,
            'over_yen', broken.taken_yen - broken.pot_yen));
    END IF;
    SELECT c.code, l.fiscal_year, l.limit_yen, l.taken_yen + s.yen AS taken_yen INTO broken
      FROM (SELECT p.call_id, g.fiscal_year, sum(g.direct_yen + g.indirect_yen)::bigint AS yen FROM unnest(given) g
              JOIN proposals_award a ON a.id = g.award_id JOIN proposals_proposal p ON p.id = a.proposal_id
             GROUP BY 1, 2) s
      JOIN calls_call c ON c.id = s.call_id
      JOIN calls_potslice l ON l.call_id = s.call_id AND l.fiscal_year = s.fiscal_year
     WHERE s.yen > 0 AND l.taken_yen + s.yen > l.limit_yen ORDER BY l.fiscal_year LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse('call_awards_within_slice', jsonb_build_object(
            'call', broken.code, 'fiscal_year', broken.fiscal_year, 'value_yen', broken.taken_yen,
            'limit_yen', broken.limit_yen, 'over_yen', broken.taken_yen - broken.limit_yen));
    END IF;
    UPDATE calls_call c SET taken_yen = c.taken_yen + s.yen
      FROM (SELECT p.call_id, sum(g.direct_yen + g.indirect_yen)::bigint AS yen FROM unnest(given) g
              JOIN proposals_award a ON a.id = g.award_id JOIN proposals_proposal p ON p.id = a.proposal_id
             GROUP BY 1) s
     WHERE c.id = s.call_id AND s.yen <> 0;
    UPDATE calls_potslice l SET taken_yen = l.taken_yen + s.yen
      FROM (SELECT p.call_id, g.fiscal_year, sum(g.direct_yen + g.indirect_yen)::bigint AS yen FROM unnest(given) g
              JOIN proposals_award a ON a.id = g.award_id JOIN proposals_proposal p ON p.id = a.proposal_id
             GROUP BY 1, 2) s
     WHERE l.call_id = s.call_id AND l.fiscal_year = s.fiscal_year AND s.yen <> 0;
    SELECT p.number INTO broken FROM proposals_proposal p
     WHERE p.id = ANY (proposals) AND proposals_is_settled(p) LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse('award_in_packet', jsonb_build_object('proposal', broken.number));
    END IF;
END $$;

CREATE OR REPLACE FUNCTION rule_award_amount_on_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_give(ARRAY(
        SELECT ROW(award_id, fiscal_year, direct_yen, indirect_yen)::proposals_given FROM new_rows));
    PERFORM proposals_judge_awarded(ARRAY(SELECT id FROM new_rows));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER award_on_insert AFTER INSERT ON proposals_annualaward REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_award_amount_on_insert();

CREATE OR REPLACE FUNCTION rule_award_amount_on_update() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_give(ARRAY(
        SELECT ROW(award_id, fiscal_year, direct_yen, indirect_yen)::proposals_given FROM new_rows
        UNION ALL SELECT ROW(award_id, fiscal_year, -direct_yen, -indirect_yen)::proposals_given FROM old_rows));
    PERFORM proposals_judge_awarded(ARRAY(SELECT id FROM new_rows));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER award_on_update AFTER UPDATE ON proposals_annualaward
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_award_amount_on_update();

CREATE OR REPLACE FUNCTION rule_award_amount_on_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_give(ARRAY(
        SELECT ROW(award_id, fiscal_year, -direct_yen, -indirect_yen)::proposals_given FROM old_rows));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER award_on_delete AFTER DELETE ON proposals_annualaward REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_award_amount_on_delete();

-- All fiscal years together, against ceiling times years; deferrable, so that a form may move yen between years.
CREATE OR REPLACE FUNCTION rule_award_within_total() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    broken record;
BEGIN
    SELECT of.counted_yen, t.annual_ceiling_yen * t.max_months / 12 AS limit_yen, t.max_months INTO broken
      FROM proposals_award p JOIN proposals_proposal q ON q.id = p.proposal_id JOIN calls_terms t ON t.id = q.terms_id
     CROSS JOIN LATERAL (SELECT
        p.awarded_direct_yen + CASE WHEN t.indirect_included THEN p.awarded_indirect_yen ELSE 0 END AS counted_yen
     ) AS of
     WHERE p.id = NEW.id AND of.counted_yen > t.annual_ceiling_yen * t.max_months / 12;
    IF FOUND THEN
        PERFORM aspire_refuse('award_within_total', jsonb_build_object(
            'value_yen', broken.counted_yen, 'limit_yen', broken.limit_yen,
            'over_yen', broken.counted_yen - broken.limit_yen, 'months', broken.max_months));
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS award_within_total ON proposals_award;
CREATE CONSTRAINT TRIGGER award_within_total AFTER UPDATE ON proposals_award
    DEFERRABLE INITIALLY IMMEDIATE
    FOR EACH ROW WHEN (NEW.awarded_direct_yen > OLD.awarded_direct_yen
                       OR NEW.awarded_indirect_yen > OLD.awarded_indirect_yen)
    EXECUTE FUNCTION rule_award_within_total();
