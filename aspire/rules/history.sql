-- History: every write by every path, with who acted as PostgreSQL alone says it. It grows; it cannot be corrected,
-- thinned out, emptied or invented.

-- What seals are checked by; of no use to anybody but the owner, who alone may read it.
CREATE TABLE IF NOT EXISTS aspire_seal (inner_pad bytea, outer_pad bytea, PRIMARY KEY (inner_pad, outer_pad));

-- Who acts: the account that a sealed word of the web process or of a worker names, else the program and its role.
CREATE OR REPLACE FUNCTION aspire_actor(
    OUT pgh_user bigint, OUT pgh_role text, OUT pgh_source text, OUT pgh_context_id uuid
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    told jsonb := nullif(current_setting('pghistory.context_metadata', true), '');
    said bytea;
BEGIN
    pgh_role := session_user;
    IF told IS NULL THEN
        pgh_source := current_setting('application_name');
        RETURN;
    END IF;
    -- HMAC-SHA-256. The seal of a statement holds for its whole transaction, and a few minutes longer.
    said := convert_to(concat_ws(' ', told ->> 'at', coalesce(told ->> 'user', ''), told ->> 'source'), 'UTF8');
    IF (to_timestamp((told ->> 'at')::double precision) BETWEEN now() - interval '10 minutes'
                                                            AND clock_timestamp() + interval '10 minutes'
        AND EXISTS (SELECT FROM aspire_seal
                     WHERE encode(sha256(outer_pad || sha256(inner_pad || said)), 'hex') = told ->> 'seal')
       ) IS NOT TRUE THEN
        PERFORM aspire_refuse('actor_proven');
    END IF;
    IF told ->> 'user' IS NOT NULL THEN
        pgh_user := (SELECT id FROM auth_user WHERE id = (told ->> 'user')::bigint);
        IF pgh_user IS NULL THEN
            PERFORM aspire_refuse('actor_exists');
        END IF;
    END IF;
    pgh_source := told ->> 'source';
    pgh_context_id := nullif(current_setting('pghistory.context_id', true), '');
END $$;
REVOKE ALL ON FUNCTION aspire_actor() FROM PUBLIC;

CREATE OR REPLACE FUNCTION rule_append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM aspire_refuse('history_is_append_only');
    RETURN NULL;
END $$;

-- Let a table only grow.
CREATE OR REPLACE FUNCTION aspire_append_only(grows regclass) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON %s
                        FOR EACH STATEMENT EXECUTE FUNCTION rule_append_only()', grows);
    EXECUTE format('CREATE OR REPLACE TRIGGER never_truncated BEFORE TRUNCATE ON %s
                        FOR EACH STATEMENT EXECUTE FUNCTION rule_never_truncated()', grows);
END $$;

-- The generation of the data: how many statements have written what has a history, as far as they are committed. Each
-- adds a line and none waits for another; now and then lines are added up. Two readings of the sum are the same only
-- where nothing was written between, however writers overtake each other.
CREATE TABLE IF NOT EXISTS aspire_generation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    writes bigint NOT NULL
);

CREATE OR REPLACE FUNCTION aspire_next_generation() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    place bigint;
BEGIN
    INSERT INTO aspire_generation (writes) VALUES (1) RETURNING id INTO place;
    IF place % 256 = 0 AND current_setting('transaction_isolation') = 'read committed' THEN
        WITH held AS (
            SELECT id FROM aspire_generation FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM aspire_generation g USING held WHERE g.id = held.id RETURNING g.writes
        )
        INSERT INTO aspire_generation (writes) SELECT sum(writes) FROM gone;
    END IF;
END $$;
REVOKE ALL ON FUNCTION aspire_next_generation() FROM PUBLIC;

-- Record under a label what a statement wrote: the columns that the table of events keeps of each row, and who acted.
-- Its function acts as the owner of the tables, because it writes what the application may not; nobody else may hang
-- it on a table of their own making. ``written``: what is recorded, out of new_rows and old_rows; null is all of it.
CREATE OR REPLACE FUNCTION aspire_record(tracked regclass, events regclass, label text, operation text, written text)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    name text := format('%s_on_%s', label, lower(operation));
    func text := format('rule_%s_%s', (SELECT relname FROM pg_class WHERE oid = tracked), name);
    columns text := (
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname) FROM pg_attribute
         WHERE attrelid = events AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname !~ '^pgh_');
    tables text := CASE operation WHEN 'INSERT' THEN 'NEW TABLE AS new_rows' WHEN 'DELETE' THEN 'OLD TABLE AS old_rows'
                                  ELSE 'OLD TABLE AS old_rows NEW TABLE AS new_rows' END;
BEGIN
    EXECUTE format($make$
        CREATE OR REPLACE FUNCTION %1$I() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
        BEGIN
            PERFORM aspire_next_generation();
            WITH actor AS MATERIALIZED (SELECT * FROM aspire_actor())
            INSERT INTO %2$s (%3$s, pgh_obj_id, pgh_label, pgh_created_at,
                              pgh_user, pgh_role, pgh_source, pgh_context_id)
            SELECT %3$s, id, %4$L, now(), actor.* FROM (%5$s) AS written, actor;
            RETURN NULL;
        END $body$;
        REVOKE ALL ON FUNCTION %1$I() FROM PUBLIC;
        CREATE OR REPLACE TRIGGER %6$I AFTER %7$s ON %8$s REFERENCING %9$s
            FOR EACH STATEMENT EXECUTE FUNCTION %1$I();
    $make$, func, events, columns, label, replace(written, '{columns}', columns), name, operation, tracked, tables);
END $$;

-- Record every insert, delete and update of a table, an update where it changes what is kept of the row.
CREATE OR REPLACE FUNCTION aspire_track(tracked regclass, events regclass) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM aspire_record(tracked, events, 'insert', 'INSERT', 'SELECT {columns} FROM new_rows');
    PERFORM aspire_record(tracked, events, 'delete', 'DELETE', 'SELECT {columns} FROM old_rows');
    PERFORM aspire_record(tracked, events, 'update', 'UPDATE',
                          'SELECT {columns} FROM new_rows EXCEPT ALL SELECT {columns} FROM old_rows');
    EXECUTE format('CREATE OR REPLACE TRIGGER rows_never_truncated BEFORE TRUNCATE ON %s
                        FOR EACH STATEMENT EXECUTE FUNCTION rule_never_truncated()', tracked);
    PERFORM aspire_append_only(events);
END $$;

-- Record under a label of its own that a column was changed, of which nothing need be kept.
CREATE OR REPLACE FUNCTION aspire_track_column(tracked regclass, events regclass, label text, observed text)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM aspire_record(tracked, events, label, 'UPDATE', format(
        'SELECT {columns} FROM new_rows WHERE id IN (SELECT id FROM '
        '(SELECT id, %1$I FROM new_rows EXCEPT ALL SELECT id, %1$I FROM old_rows) AS changed)', observed));
END $$;
