-- What was said stays said: a briefing is neither changed nor deleted.
CREATE OR REPLACE FUNCTION rule_briefing_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM aspire_refuse('briefing_stays');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER briefing_stays BEFORE UPDATE OR DELETE ON proposals_briefing
    FOR EACH STATEMENT EXECUTE FUNCTION rule_briefing_stays();
