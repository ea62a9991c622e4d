-- What is stored of names, titles and plans is whole, whichever door it comes by: nothing in it was lost on the way,
-- and nothing in it cannot be seen. Stored texts from before this rule are left alone until they are typed anew.

-- The first sign that nobody sees, that stands for one that was lost, or that is stored in another form: half-width
-- kana, marks of direction, control characters, private use, and what is no character at all.
CREATE OR REPLACE FUNCTION aspire_lost_sign(said text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT substring(said from
        '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e'
        || '\u2060-\u206f\ue000-\uf8ff\ufdd0-\ufdef\ufeff\uff61-\uff9f\ufff9-\uffff\U000f0000-\U0010ffff]');
$$;

-- Whether it holds none, and is composed, but for the kanji of names that composition would turn into others: the same
-- as lost_sign and mended (aspire/text.py).
CREATE OR REPLACE FUNCTION aspire_is_whole(said text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT aspire_lost_sign(said) IS NULL AND (said IS NULL OR said IS NFC NORMALIZED
        OR regexp_replace(said, '[\uf900-\ufaff\U0002f800-\U0002fa1f]+', '|', 'g') IS NFC NORMALIZED);
$$;

-- Hangs on a trigger whose condition has found something. Arguments: the columns, of which the first that was written
-- and is not whole is named.
CREATE OR REPLACE FUNCTION rule_text_is_whole() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    name text;
    said text;
    before text;
BEGIN
    FOREACH name IN ARRAY TG_ARGV LOOP
        EXECUTE format('SELECT ($1).%I', name) INTO said USING NEW;
        IF TG_OP = 'UPDATE' THEN
            EXECUTE format('SELECT ($1).%I', name) INTO before USING OLD;
        END IF;
        IF NOT aspire_is_whole(said) AND said IS DISTINCT FROM before THEN
            PERFORM aspire_refuse('text_is_whole', jsonb_build_object('column', name, 'sign',
                coalesce('U+' || lpad(upper(to_hex(ascii(aspire_lost_sign(said)))), 4, '0'), 'NFD')));
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
