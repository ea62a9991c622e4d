-- Documents of a proposal: what was received stays as it was received, and belongs to a proposal that somebody sent.

CREATE OR REPLACE FUNCTION rule_document_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM aspire_refuse('document_stays', jsonb_build_object('document', OLD.name));
    END IF;
    IF (NEW.proposal_id, NEW.kind, NEW.name, NEW.sha256, NEW.size, NEW.pages, NEW.sent_by_id, NEW.sent_at)
       IS DISTINCT FROM
       (OLD.proposal_id, OLD.kind, OLD.name, OLD.sha256, OLD.size, OLD.pages, OLD.sent_by_id, OLD.sent_at)
       OR OLD.removed_at IS NOT NULL
    THEN
        PERFORM aspire_refuse('document_stays', jsonb_build_object('document', OLD.name));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER document_stays AFTER UPDATE OR DELETE ON proposals_document
    FOR EACH ROW EXECUTE FUNCTION rule_document_stays();

-- Of a proposal made from published totals nothing but these is known.
CREATE OR REPLACE FUNCTION rule_document_of_sent_proposal() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF (SELECT is_reconstructed FROM proposals_proposal WHERE id = NEW.proposal_id) THEN
        PERFORM aspire_refuse('document_of_reconstructed', proposals_named(NEW.proposal_id));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER document_of_sent_proposal AFTER INSERT ON proposals_document
    FOR EACH ROW EXECUTE FUNCTION rule_document_of_sent_proposal();
