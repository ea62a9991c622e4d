-- Conflicts of interest: recorded once, neither deleted nor repointed, and ended only as a mistake by the office.

-- Whether a conflict of interest stands between a person and a proposal.
CREATE OR REPLACE FUNCTION proposals_in_conflict(person bigint, proposal bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN EXISTS (SELECT FROM proposals_conflict x
                    WHERE x.person_id = person AND x.proposal_id = proposal AND x.finding = 'stands');
END $$;

-- The values of a sentence about one proposal.
CREATE OR REPLACE FUNCTION proposals_named(proposal bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN jsonb_build_object('proposal', (SELECT number FROM proposals_proposal WHERE id = proposal));
END $$;

CREATE OR REPLACE FUNCTION rule_conflict_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM aspire_refuse('conflict_stays');
    END IF;
    IF (NEW.proposal_id, NEW.person_id) <> (OLD.proposal_id, OLD.person_id) THEN
        PERFORM aspire_refuse('conflict_stays');
    END IF;
    IF OLD.finding = 'stands' AND NEW.finding NOT IN ('stands', 'mistaken') THEN
        PERFORM aspire_refuse('conflict_ends_as_mistake', proposals_named(NEW.proposal_id));
    END IF;
    IF OLD.finding <> 'mistaken' AND NEW.finding = 'mistaken'
       AND NOT aspire_holds(NEW.recorded_by_id, 'administrator', 'officer') THEN
        PERFORM aspire_refuse('conflict_mistake_by_another');
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER conflict_stays AFTER UPDATE OR DELETE ON proposals_conflict
    FOR EACH ROW EXECUTE FUNCTION rule_conflict_stays();
