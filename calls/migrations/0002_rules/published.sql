-- A published figure of a funder stands under the funder's country, so one funder's number has one place, whatever
-- country was typed beside it.
CREATE OR REPLACE FUNCTION rule_published_country_kept() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.country_id := (SELECT country_id FROM partners_funder WHERE id = NEW.funder_id);
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER published_country_kept BEFORE INSERT OR UPDATE ON calls_publishedfigure
    FOR EACH ROW WHEN (NEW.funder_id IS NOT NULL) EXECUTE FUNCTION rule_published_country_kept();
