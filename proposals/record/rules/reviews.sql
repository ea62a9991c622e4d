-- Assignments, reviews and scores: who may judge what, and when. A review is written while its call is in review, by
-- whom no conflict of interest stands in the way and who has said so; submitted, it stays.

CREATE OR REPLACE TRIGGER still_referred_to AFTER UPDATE OF id OR DELETE ON proposals_assignment
    FOR EACH ROW EXECUTE FUNCTION rule_still_referred_to('proposals_review.assignment_id');

CREATE OR REPLACE FUNCTION rule_assignment_judged() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.declined_at IS NOT NULL THEN
        PERFORM aspire_refuse('assignment_declined_stays', proposals_named(OLD.proposal_id));
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.proposal_id, NEW.reviewer_id) <> (OLD.proposal_id, OLD.reviewer_id) THEN
        PERFORM aspire_refuse('assignment_stays');
    END IF;
    IF TG_OP = 'INSERT' AND proposals_in_conflict(NEW.reviewer_id, NEW.proposal_id) THEN
        PERFORM aspire_refuse('assignment_without_conflict', proposals_named(NEW.proposal_id));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER assignment_judged AFTER INSERT OR UPDATE OR DELETE ON proposals_assignment
    FOR EACH ROW EXECUTE FUNCTION rule_assignment_judged();

-- What a review stands on, while its call is in review. Each by its own key, one after the other: a join would be
-- planned by statistics, and those of tables that stood empty yesterday send it through every assignment.
CREATE OR REPLACE FUNCTION proposals_under_review(
    assignment bigint, OUT reviewer bigint, OUT declined_at timestamptz, OUT proposal bigint, OUT number text,
    OUT call bigint, OUT call_code text
) LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    progress text;
BEGIN
    SELECT a.reviewer_id, a.declined_at, a.proposal_id INTO reviewer, declined_at, proposal
      FROM proposals_assignment a WHERE a.id = assignment;
    SELECT p.number, p.call_id INTO number, call FROM proposals_proposal p WHERE p.id = proposal;
    SELECT c.progress, c.code INTO progress, call_code FROM calls_call c WHERE c.id = call;
    IF progress <> 'in_review' THEN
        PERFORM aspire_refuse('review_in_phase', jsonb_build_object('call', call_code));
    END IF;
END $$;

CREATE OR REPLACE FUNCTION rule_review_version() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER review_version BEFORE UPDATE ON proposals_review
    FOR EACH ROW EXECUTE FUNCTION rule_review_version();

CREATE OR REPLACE FUNCTION rule_review_judged() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    of record := proposals_under_review(NEW.assignment_id);
BEGIN
    IF proposals_in_conflict(of.reviewer, of.proposal) OR of.declined_at IS NOT NULL OR NOT EXISTS
       (SELECT FROM proposals_conflict x
         WHERE x.person_id = of.reviewer AND x.proposal_id = of.proposal AND x.finding = 'clear') THEN
        PERFORM aspire_refuse('review_after_declaration', jsonb_build_object('proposal', of.number));
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.state = 'submitted' AND NEW.state = 'submitted'
                             OR NEW.assignment_id <> OLD.assignment_id) THEN
        PERFORM aspire_refuse('review_submitted_stays');
    END IF;
    IF NEW.state = 'submitted' AND (
        aspire_is_blank(NEW.comment_to_panel) OR aspire_is_blank(NEW.comment_to_applicant)
        OR EXISTS (SELECT FROM calls_criterion k WHERE k.call_id = of.call AND NOT EXISTS
                   (SELECT FROM proposals_score s WHERE s.review_id = NEW.id AND s.criterion_id = k.id))) THEN
        PERFORM aspire_refuse('review_complete');
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER review_judged AFTER INSERT OR UPDATE ON proposals_review
    FOR EACH ROW EXECUTE FUNCTION rule_review_judged();

CREATE OR REPLACE FUNCTION rule_review_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM aspire_refuse('review_stays');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER review_stays BEFORE DELETE ON proposals_review
    FOR EACH ROW EXECUTE FUNCTION rule_review_stays();

CREATE OR REPLACE FUNCTION rule_score_judged() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    review record;
    of record;
BEGIN
    -- The review's row first: it cannot be submitted between.
    SELECT state, assignment_id INTO review FROM proposals_review WHERE id = NEW.review_id FOR SHARE;
    of := proposals_under_review(review.assignment_id);
    -- And the call's: it gets no further criterion between, nor loses one.
    PERFORM FROM calls_call WHERE id = of.call FOR KEY SHARE;
    IF review.state <> 'draft' THEN
        PERFORM aspire_refuse('review_submitted_stays');
    END IF;
    IF NOT EXISTS (SELECT FROM calls_criterion k WHERE k.id = NEW.criterion_id AND k.call_id = of.call) THEN
        PERFORM aspire_refuse('score_of_call', jsonb_build_object('call', of.call_code));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER score_judged AFTER INSERT OR UPDATE ON proposals_score
    FOR EACH ROW EXECUTE FUNCTION rule_score_judged();

CREATE OR REPLACE FUNCTION rule_score_on_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM proposals_review WHERE id = OLD.review_id AND state <> 'draft') THEN
        PERFORM aspire_refuse('review_submitted_stays');
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER score_on_delete AFTER DELETE ON proposals_score
    FOR EACH ROW EXECUTE FUNCTION rule_score_on_delete();
