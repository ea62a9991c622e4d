"""Assignments, conflicts of interest and reviews: who may judge what, and when."""

import pgtrigger

from aspire.rules import Rule, referred_to
from calls.rules import BLANK
from proposals.rules.decided import in_conflict

OF_PROPOSAL = "jsonb_build_object('proposal', (SELECT number FROM proposals_proposal WHERE id = {proposal}))"

assignments_judged = [
    referred_to("proposals_review.assignment_id"),
    Rule(
        name="assignment_judged",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=f"""
            IF TG_OP = 'DELETE' AND OLD.declined_at IS NOT NULL THEN
                PERFORM aspire_refuse('assignment_declined_stays', {OF_PROPOSAL.format(proposal="OLD.proposal_id")});
            END IF;
            IF TG_OP = 'UPDATE' AND (NEW.proposal_id, NEW.reviewer_id) <> (OLD.proposal_id, OLD.reviewer_id) THEN
                PERFORM aspire_refuse('assignment_stays', '{{}}');
            END IF;
            IF TG_OP = 'INSERT' AND {in_conflict("NEW.reviewer_id", "NEW.proposal_id")} THEN
                PERFORM aspire_refuse('assignment_without_conflict', {OF_PROPOSAL.format(proposal="NEW.proposal_id")});
            END IF;
            RETURN NULL;
        """,
    ),
]

# What a review stands on: its assignment, its proposal and its call. Each by its own key, one after the other: a join
# would be planned by statistics, and those of tables that stood empty yesterday send it through every assignment.
CONTEXT = """
    SELECT reviewer_id, declined_at, proposal_id INTO given FROM proposals_assignment WHERE id = {assignment};
    SELECT number, call_id INTO judged FROM proposals_proposal WHERE id = given.proposal_id;
    SELECT progress, code INTO of FROM calls_call WHERE id = judged.call_id;
    IF of.progress <> 'in_review' THEN
        PERFORM aspire_refuse('review_in_phase', jsonb_build_object('call', of.code));
    END IF;
"""
CONTEXT_ROWS = [("given", "RECORD"), ("judged", "RECORD"), ("of", "RECORD")]

reviews_judged = [
    Rule(
        name="review_version",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func="NEW.version := OLD.version + 1; RETURN NEW;",
    ),
    Rule(
        name="review_judged",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        declare=CONTEXT_ROWS,
        func=f"""
            {CONTEXT.format(assignment="NEW.assignment_id")}
            IF {in_conflict("given.reviewer_id", "given.proposal_id")} OR given.declined_at IS NOT NULL OR NOT EXISTS
               (SELECT 1 FROM proposals_conflict x WHERE x.person_id = given.reviewer_id
                   AND x.proposal_id = given.proposal_id AND x.finding = 'clear') THEN
                PERFORM aspire_refuse('review_after_declaration', jsonb_build_object('proposal', judged.number));
            END IF;
            IF TG_OP = 'UPDATE' AND OLD.state = 'submitted' AND NEW.state = 'submitted' OR TG_OP = 'UPDATE'
               AND NEW.assignment_id <> OLD.assignment_id THEN
                PERFORM aspire_refuse('review_submitted_stays', '{{}}');
            END IF;
            IF NEW.state = 'submitted' AND (btrim(NEW.comment_to_panel, {BLANK}) = ''
               OR btrim(NEW.comment_to_applicant, {BLANK}) = '' OR EXISTS
               (SELECT 1 FROM calls_criterion k WHERE k.call_id = judged.call_id AND NOT EXISTS
                    (SELECT 1 FROM proposals_score s WHERE s.review_id = NEW.id AND s.criterion_id = k.id))) THEN
                PERFORM aspire_refuse('review_complete', '{{}}');
            END IF;
            RETURN NULL;
        """,
    ),
    Rule(
        name="review_stays",
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        func="PERFORM aspire_refuse('review_stays', '{}'); RETURN NULL;",
    ),
]

scores_judged = [
    Rule(
        name="score_judged",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        declare=[*CONTEXT_ROWS, ("review", "RECORD")],
        func=f"""
            -- The review's row first: it cannot be submitted between.
            SELECT state, assignment_id INTO review FROM proposals_review WHERE id = NEW.review_id FOR SHARE;
            {CONTEXT.format(assignment="review.assignment_id")}
            -- And the call's: it gets no further criterion between, nor loses one.
            PERFORM 1 FROM calls_call WHERE id = judged.call_id FOR KEY SHARE;
            IF review.state <> 'draft' THEN
                PERFORM aspire_refuse('review_submitted_stays', '{{}}');
            END IF;
            IF NOT EXISTS
               (SELECT 1 FROM calls_criterion k WHERE k.id = NEW.criterion_id AND k.call_id = judged.call_id) THEN
                PERFORM aspire_refuse('score_of_call', jsonb_build_object('call', of.code));
            END IF;
            RETURN NULL;
        """,
    ),
    Rule(
        name="score_on_delete",
        when=pgtrigger.After,
        operation=pgtrigger.Delete,
        func="""
            IF EXISTS (SELECT 1 FROM proposals_review WHERE id = OLD.review_id AND state <> 'draft') THEN
                PERFORM aspire_refuse('review_submitted_stays', '{}');
            END IF;
            RETURN NULL;
        """,
    ),
]
