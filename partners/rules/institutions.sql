-- What an institution is called: every name and code of it, as text is compared, means that institution alone.

CREATE OR REPLACE FUNCTION partners_names_of(institution partners_institution) RETURNS TABLE (name text, key text)
LANGUAGE sql IMMUTABLE SET search_path FROM CURRENT AS $$
    SELECT DISTINCT ON (aspire_search_key(said)) said, aspire_search_key(said)
      FROM unnest(string_to_array(translate(institution.aliases, E'\r', ''), E'\n')
                  || ARRAY[institution.name_ja, institution.name_en, institution.erad_code,
                           institution.ror_id]::text[]) said
     WHERE aspire_search_key(said) <> ''
$$;

CREATE OR REPLACE FUNCTION rule_institution_name_once() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    taken record;
BEGIN
    DELETE FROM partners_institutionname n
     WHERE n.institution_id = NEW.id AND n.key NOT IN (SELECT key FROM partners_names_of(NEW));
    INSERT INTO partners_institutionname (key, institution_id)
    SELECT key, NEW.id FROM partners_names_of(NEW) ORDER BY key
        ON CONFLICT DO NOTHING;
    SELECT of.name, i.name_ja INTO taken
      FROM partners_names_of(NEW) of
      JOIN partners_institutionname n ON n.key = of.key
      JOIN partners_institution i ON i.id = n.institution_id
     WHERE n.institution_id <> NEW.id ORDER BY of.key LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse('institution_name_once',
            jsonb_build_object('name', taken.name, 'institution', taken.name_ja));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER institution_name_once_new AFTER INSERT ON partners_institution
    FOR EACH ROW EXECUTE FUNCTION rule_institution_name_once();
CREATE OR REPLACE TRIGGER institution_name_once AFTER UPDATE ON partners_institution
    FOR EACH ROW WHEN (OLD.name_ja <> NEW.name_ja OR OLD.name_en <> NEW.name_en OR OLD.aliases <> NEW.aliases
                       OR OLD.erad_code <> NEW.erad_code OR OLD.ror_id <> NEW.ror_id)
    EXECUTE FUNCTION rule_institution_name_once();

CREATE OR REPLACE FUNCTION rule_institution_nameless() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM partners_institutionname n WHERE n.institution_id = OLD.id;
    RETURN OLD;
END $$;
CREATE OR REPLACE TRIGGER institution_nameless BEFORE DELETE ON partners_institution
    FOR EACH ROW EXECUTE FUNCTION rule_institution_nameless();
