-- What a proposal requests in each fiscal year, and the totals that it adds up to: inside the period, within ceiling,
-- rate and total. The totals on the proposal are kept by difference, which locks it: its period and its total cannot
-- move while the amounts are judged.

-- Refuse the first rule that some of the requested amounts break.
CREATE OR REPLACE FUNCTION proposals_judge_costs(amounts bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    broken record;
BEGIN
    SELECT rule.name, rule.detail INTO broken
      FROM proposals_annualcost n
      LEFT JOIN proposals_proposal p ON p.id = n.proposal_id
      LEFT JOIN calls_terms t ON t.id = p.terms_id
     CROSS JOIN LATERAL (SELECT
        n.direct_yen + CASE WHEN t.indirect_included THEN n.indirect_yen ELSE 0 END AS counted_yen,
        n.direct_yen * t.indirect_percent / 100 AS indirect_limit_yen
     ) AS of
     CROSS JOIN LATERAL (VALUES
        ('reference_exists', CASE WHEN t.id IS NULL THEN jsonb_build_object('fiscal_year', n.fiscal_year) END),
        ('cost_inside_period', CASE
            WHEN p.starts_on IS NULL OR n.fiscal_year < aspire_fiscal_year(p.starts_on)
                 OR n.fiscal_year > aspire_fiscal_year(p.ends_on)
            THEN jsonb_build_object('fiscal_year', n.fiscal_year, 'starts_on', p.starts_on, 'ends_on', p.ends_on) END),
        ('cost_within_ceiling', CASE WHEN of.counted_yen > t.annual_ceiling_yen
            THEN jsonb_build_object('fiscal_year', n.fiscal_year, 'value_yen', of.counted_yen,
                                    'limit_yen', t.annual_ceiling_yen,
                                    'over_yen', of.counted_yen - t.annual_ceiling_yen) END),
        ('cost_indirect_within_rate', CASE WHEN n.indirect_yen > of.indirect_limit_yen
            THEN jsonb_build_object('fiscal_year', n.fiscal_year, 'value_yen', n.indirect_yen,
                                    'limit_yen', of.indirect_limit_yen, 'percent', t.indirect_percent) END)
     ) AS rule (name, detail)
     WHERE n.id = ANY (amounts) AND rule.detail IS NOT NULL LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse(broken.name, broken.detail);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION rule_cost_on_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT aspire_has_turn(TG_ARGV[0], EXISTS (SELECT FROM new_rows OFFSET 50)) THEN
        RETURN NULL;
    END IF;
    UPDATE proposals_proposal p
       SET requested_direct_yen = p.requested_direct_yen + d.direct_yen,
           requested_indirect_yen = p.requested_indirect_yen + d.indirect_yen
      FROM (SELECT proposal_id, sum(direct_yen)::bigint AS direct_yen, sum(indirect_yen)::bigint AS indirect_yen
              FROM (SELECT proposal_id, direct_yen, indirect_yen FROM new_rows) AS moved GROUP BY 1) d
     WHERE p.id = d.proposal_id;
    PERFORM proposals_judge_costs(ARRAY(SELECT id FROM new_rows));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER cost_on_insert AFTER INSERT ON proposals_annualcost REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_cost_on_insert('few');
CREATE OR REPLACE TRIGGER cost_on_insert_many AFTER INSERT ON proposals_annualcost REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_cost_on_insert('many');

CREATE OR REPLACE FUNCTION rule_cost_on_update() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT aspire_has_turn(TG_ARGV[0], EXISTS (SELECT FROM new_rows OFFSET 50)) THEN
        RETURN NULL;
    END IF;
    UPDATE proposals_proposal p
       SET requested_direct_yen = p.requested_direct_yen + d.direct_yen,
           requested_indirect_yen = p.requested_indirect_yen + d.indirect_yen
      FROM (SELECT proposal_id, sum(direct_yen)::bigint AS direct_yen, sum(indirect_yen)::bigint AS indirect_yen
              FROM (SELECT proposal_id, direct_yen, indirect_yen FROM new_rows
                   UNION ALL SELECT proposal_id, -direct_yen, -indirect_yen FROM old_rows) AS moved GROUP BY 1) d
     WHERE p.id = d.proposal_id;
    PERFORM proposals_judge_costs(ARRAY(SELECT id FROM new_rows));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER cost_on_update AFTER UPDATE ON proposals_annualcost
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_cost_on_update('few');
CREATE OR REPLACE TRIGGER cost_on_update_many AFTER UPDATE ON proposals_annualcost
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_cost_on_update('many');

CREATE OR REPLACE FUNCTION rule_cost_on_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT aspire_has_turn(TG_ARGV[0], EXISTS (SELECT FROM old_rows OFFSET 50)) THEN
        RETURN NULL;
    END IF;
    UPDATE proposals_proposal p
       SET requested_direct_yen = p.requested_direct_yen + d.direct_yen,
           requested_indirect_yen = p.requested_indirect_yen + d.indirect_yen
      FROM (SELECT proposal_id, sum(direct_yen)::bigint AS direct_yen, sum(indirect_yen)::bigint AS indirect_yen
              FROM (SELECT proposal_id, -direct_yen AS direct_yen, -indirect_yen AS indirect_yen FROM old_rows) AS moved
             GROUP BY 1) d
     WHERE p.id = d.proposal_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER cost_on_delete AFTER DELETE ON proposals_annualcost REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_cost_on_delete('few');
CREATE OR REPLACE TRIGGER cost_on_delete_many AFTER DELETE ON proposals_annualcost REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_cost_on_delete('many');

-- All fiscal years together, against ceiling times years; deferrable, so that a form may move yen between years.
CREATE OR REPLACE FUNCTION rule_cost_within_total() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    broken record;
BEGIN
    SELECT of.counted_yen, t.annual_ceiling_yen * t.max_months / 12 AS limit_yen, t.max_months INTO broken
      FROM proposals_proposal p JOIN calls_terms t ON t.id = p.terms_id
     CROSS JOIN LATERAL (SELECT
        p.requested_direct_yen + CASE WHEN t.indirect_included THEN p.requested_indirect_yen ELSE 0 END AS counted_yen
     ) AS of
     WHERE p.id = NEW.id AND of.counted_yen > t.annual_ceiling_yen * t.max_months / 12;
    IF FOUND THEN
        PERFORM aspire_refuse('cost_within_total', jsonb_build_object(
            'value_yen', broken.counted_yen, 'limit_yen', broken.limit_yen,
            'over_yen', broken.counted_yen - broken.limit_yen, 'months', broken.max_months));
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS cost_within_total ON proposals_proposal;
CREATE CONSTRAINT TRIGGER cost_within_total AFTER UPDATE ON proposals_proposal
    DEFERRABLE INITIALLY IMMEDIATE
    FOR EACH ROW WHEN (NEW.requested_direct_yen > OLD.requested_direct_yen
                       OR NEW.requested_indirect_yen > OLD.requested_indirect_yen)
    EXECUTE FUNCTION rule_cost_within_total();

-- Deferrable, so that a form may shorten a period and take away the years outside it in one transaction. A deferred
-- trigger sees the row as it was when queued, so the rule reads it anew.
CREATE OR REPLACE FUNCTION rule_period_covers_amounts() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    outside record;
BEGIN
    SELECT of.kind, of.fiscal_year, p.starts_on, p.ends_on INTO outside
      FROM proposals_proposal p CROSS JOIN LATERAL (
          SELECT 'cost' AS kind, n.fiscal_year FROM proposals_annualcost n WHERE n.proposal_id = p.id
           UNION ALL
          SELECT 'award', n.fiscal_year FROM proposals_award a JOIN proposals_annualaward n ON n.award_id = a.id
           WHERE a.proposal_id = p.id
      ) AS of
     WHERE p.id = NEW.id
       AND (p.starts_on IS NULL OR of.fiscal_year < aspire_fiscal_year(p.starts_on)
            OR of.fiscal_year > aspire_fiscal_year(p.ends_on))
     ORDER BY of.kind = 'award' LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse(outside.kind || '_inside_period', jsonb_build_object(
            'fiscal_year', outside.fiscal_year, 'starts_on', outside.starts_on, 'ends_on', outside.ends_on));
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS period_covers_amounts ON proposals_proposal;
CREATE CONSTRAINT TRIGGER period_covers_amounts AFTER UPDATE ON proposals_proposal
    DEFERRABLE INITIALLY IMMEDIATE
    FOR EACH ROW WHEN ((OLD.starts_on, OLD.ends_on) IS DISTINCT FROM (NEW.starts_on, NEW.ends_on))
    EXECUTE FUNCTION rule_period_covers_amounts();

-- What anybody writes into the totals becomes what the amounts add up to. After the update, where a trigger before
-- every one would compute the row's generated columns anew each time; and the first of the triggers, which go by name,
-- so that the others judge the true sums.
CREATE OR REPLACE FUNCTION rule_proposal_totals_kept() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    direct bigint;
    indirect bigint;
BEGIN
    SELECT coalesce(sum(direct_yen), 0), coalesce(sum(indirect_yen), 0) INTO direct, indirect
      FROM proposals_annualcost WHERE proposal_id = NEW.id;
    IF (NEW.requested_direct_yen, NEW.requested_indirect_yen) IS DISTINCT FROM (direct, indirect) THEN
        UPDATE proposals_proposal SET requested_direct_yen = direct, requested_indirect_yen = indirect
         WHERE id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER a_kept_on_update AFTER UPDATE ON proposals_proposal
    FOR EACH ROW WHEN ((OLD.requested_direct_yen, OLD.requested_indirect_yen)
                       IS DISTINCT FROM (NEW.requested_direct_yen, NEW.requested_indirect_yen))
    EXECUTE FUNCTION rule_proposal_totals_kept();

CREATE OR REPLACE FUNCTION rule_proposal_begins_without_yen() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.requested_direct_yen := 0;
    NEW.requested_indirect_yen := 0;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER kept_on_insert BEFORE INSERT ON proposals_proposal
    FOR EACH ROW WHEN (NEW.requested_direct_yen <> 0 OR NEW.requested_indirect_yen <> 0)
    EXECUTE FUNCTION rule_proposal_begins_without_yen();
