"""The rules of calls and terms that PostgreSQL keeps by trigger."""

import pgtrigger

from aspire.rules import Rule

# An insert of a proposal locks its terms and its call FOR SHARE, so these checks cannot be passed by a concurrent one.
terms_frozen_once_used = Rule(
    name="terms_frozen_once_used",
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    condition=pgtrigger.AnyChange(
        "call", "annual_ceiling_yen", "max_months", "indirect_included", "indirect_percent"
    ),
    func="""
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
    func="""
        SELECT number, received_at INTO outside FROM proposals_proposal
         WHERE call_id = NEW.id
           AND (NEW.opens_at IS NULL
                OR late_reason = '' AND (received_at < NEW.opens_at OR received_at > NEW.closes_at))
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
    func="""
        IF EXISTS (SELECT 1 FROM proposals_proposal p WHERE p.call_id = OLD.call_id AND p.field_id = OLD.field_id)
           AND NOT EXISTS (SELECT 1 FROM calls_callfield WHERE call_id = OLD.call_id AND field_id = OLD.field_id) THEN
            PERFORM aspire_refuse('call_fields_keep_proposals', jsonb_build_object(
                'call', (SELECT code FROM calls_call WHERE id = OLD.call_id),
                'field', (SELECT code FROM calls_field WHERE id = OLD.field_id)));
        END IF;
        RETURN NULL;
    """,
)
