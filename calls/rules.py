"""The rules of calls and terms that PostgreSQL keeps by trigger."""

import pgtrigger

from aspire.rules import SEES_EVERYTHING, Rule, kept, referred_to

# What does not count as a reason: spaces of either width, tabs, line ends.
BLANK = r"E' \t\n\r\u3000'"

# Whoever writes what takes from a pot queues at one desk before holding anything; then come the proposals, the call
# and the rest, in that order. So nobody who marks, releases, imports or moves a pot waits for another in a circle.
AWARD_DESK = 2_024_04_01
QUEUE = f"PERFORM pg_advisory_xact_lock({AWARD_DESK});"


def queued(operation: pgtrigger.Operation) -> Rule:
    """One writer at a time, from the first statement to the end of its transaction."""
    return Rule(
        name="one_at_the_award_desk",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=operation,
        func=f"{QUEUE} RETURN NULL;",
    )


EVERY_WRITE = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete
calls_queued = queued(pgtrigger.UpdateOf("pot_yen", "max_awards", "progress"))
slices_queued = queued(EVERY_WRITE)

counters_kept = kept(
    "proposals_award a JOIN proposals_proposal p ON p.id = a.proposal_id WHERE p.call_id = NEW.id",
    taken_yen="coalesce(sum(a.awarded_direct_yen + a.awarded_indirect_yen), 0)",
    taken_count="count(*)",
)
calls_stay = referred_to("calls_terms.call_id", "proposals_proposal.call_id")
terms_stay = referred_to("proposals_proposal.terms_id")

# The checks on the row say the same; this one comes first and knows the values its sentence needs.
awards_fit = Rule(
    name="call_awards_fit",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.AnyChange("pot_yen", "max_awards"),
    func="""
        IF NEW.pot_yen >= 0 AND OLD.taken_yen > NEW.pot_yen THEN
            PERFORM aspire_refuse('call_awards_within_pot', jsonb_build_object(
                'call', NEW.code, 'value_yen', OLD.taken_yen, 'limit_yen', NEW.pot_yen,
                'over_yen', OLD.taken_yen - NEW.pot_yen));
        END IF;
        IF NEW.max_awards >= 0 AND OLD.taken_count > NEW.max_awards THEN
            PERFORM aspire_refuse('call_awards_within_number', jsonb_build_object(
                'call', NEW.code, 'value', OLD.taken_count, 'limit', NEW.max_awards));
        END IF;
        RETURN NEW;
    """,
)

# Otherwise a negative limit would be refused for being less than what is awarded.
limits_not_negative = Rule(
    name="call_limits_not_negative",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    condition=pgtrigger.Condition("NEW.pot_yen < 0 OR NEW.max_awards < 0"),
    func="""
        IF NEW.pot_yen < 0 THEN
            PERFORM aspire_refuse('call_pot_not_negative', '{}');
        END IF;
        PERFORM aspire_refuse('value_not_negative', '{}');
        RETURN NULL;
    """,
)

# An insert of a proposal locks its terms and its call FOR SHARE, so these checks cannot be passed by a concurrent one.
terms_frozen_once_used = Rule(
    name="terms_frozen_once_used",
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    condition=pgtrigger.AnyChange("call", "annual_ceiling_yen", "max_months", "indirect_included", "indirect_percent"),
    func=SEES_EVERYTHING
    + """
        IF EXISTS (SELECT 1 FROM proposals_proposal WHERE terms_id = OLD.id) THEN
            PERFORM aspire_refuse('terms_frozen_once_used', jsonb_build_object(
                'call', (SELECT code FROM calls_call WHERE id = OLD.call_id)));
        END IF;
        RETURN NULL;
    """,
)

window_covers_received = Rule(
    name="call_window_covers_received",
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    condition=pgtrigger.AnyChange("opens_at", "closes_at"),
    declare=[("outside", "RECORD")],
    func=SEES_EVERYTHING
    + f"""
        SELECT number, received_at INTO outside FROM proposals_proposal
         WHERE call_id = NEW.id
           AND (NEW.opens_at IS NULL
                OR btrim(late_reason, {BLANK}) = '' AND (received_at < NEW.opens_at OR received_at > NEW.closes_at))
         ORDER BY received_at, number LIMIT 1;
        IF FOUND THEN
            PERFORM aspire_refuse('call_window_covers_received', jsonb_build_object(
                'proposal', outside.number, 'value_at', outside.received_at));
        END IF;
        RETURN NULL;
    """,
)

fields_keep_proposals = Rule(
    name="call_fields_keep_proposals",
    when=pgtrigger.After,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func=SEES_EVERYTHING
    + """
        -- Rewriting the call waits for proposals that are just being received, and later ones for this.
        UPDATE calls_call SET code = code WHERE id = OLD.call_id;
        IF EXISTS (SELECT 1 FROM proposals_proposal p WHERE p.call_id = OLD.call_id AND p.field_id = OLD.field_id)
           AND NOT EXISTS (SELECT 1 FROM calls_callfield WHERE call_id = OLD.call_id AND field_id = OLD.field_id) THEN
            PERFORM aspire_refuse('call_fields_keep_proposals', jsonb_build_object(
                'call', (SELECT code FROM calls_call WHERE id = OLD.call_id),
                'field', (SELECT code FROM calls_field WHERE id = OLD.field_id)));
        END IF;
        RETURN NULL;
    """,
)

# What awards take in one fiscal year of a call. An award's amounts lock the call first, so does its slice.
TAKEN = """
    SELECT coalesce(sum(n.direct_yen + n.indirect_yen), 0) INTO NEW.taken_yen FROM proposals_annualaward n
      JOIN proposals_award a ON a.id = n.award_id JOIN proposals_proposal p ON p.id = a.proposal_id
     WHERE p.call_id = NEW.call_id AND n.fiscal_year = NEW.fiscal_year;
"""
slices_kept = Rule(
    name="pot_slice_kept",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func=f"""
        UPDATE calls_call SET code = code WHERE id = NEW.call_id;
        {TAKEN}
        IF NEW.limit_yen >= 0 AND NEW.taken_yen > NEW.limit_yen THEN
            PERFORM aspire_refuse('call_awards_within_slice', jsonb_build_object(
                'call', (SELECT code FROM calls_call WHERE id = NEW.call_id), 'fiscal_year', NEW.fiscal_year,
                'value_yen', NEW.taken_yen, 'limit_yen', NEW.limit_yen, 'over_yen', NEW.taken_yen - NEW.limit_yen));
        END IF;
        RETURN NEW;
    """,
)

criteria_frozen_once_used = [
    referred_to("proposals_score.criterion_id"),
    Rule(
        name="criterion_frozen_once_used",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("of", "BIGINT[]")],
        func="""
            IF TG_OP = 'UPDATE' AND (NEW.call_id, NEW.weight) = (OLD.call_id, OLD.weight) THEN
                RETURN NEW;
            END IF;
            of := ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN OLD.call_id END,
                        CASE WHEN TG_OP <> 'DELETE' THEN NEW.call_id END];
            -- A score holds its call, so none is given between this and the end of the transaction.
            PERFORM 1 FROM calls_call WHERE id = ANY (of) ORDER BY id FOR UPDATE;
            IF EXISTS (SELECT 1 FROM proposals_score s JOIN calls_criterion k ON k.id = s.criterion_id
                        WHERE k.call_id = ANY (of)) THEN
                PERFORM aspire_refuse('criterion_frozen_once_used', jsonb_build_object(
                    'call', (SELECT string_agg(code, ', ' ORDER BY code) FROM calls_call WHERE id = ANY (of))));
            END IF;
            RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
        """,
    ),
]
