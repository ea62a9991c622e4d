"""Whether PostgreSQL has exactly what the migrations make: every function, rule, constraint, index, column and grant.

``manifest.txt`` holds one line for each object with a short hash of its definition, the same on every supported version
of PostgreSQL and after a dump is restored. ``make manifest`` writes it anew from freshly migrated tables.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FILE = Path(__file__).parent / "manifest.txt"
HASH = 12  # hexadecimal digits
# A library that is there on some servers only, and what rests on it.
OPTIONAL = "gin_trgm_ops"

# What each kind of object is called, and how PostgreSQL defines it: name, definition. Only of our own schema.
QUESTIONS = {
    "function": """
        SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid) || CASE WHEN has_function_privilege('public', p.oid,
               'EXECUTE') THEN ' for everybody' ELSE '' END
          FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind IN ('f', 'p')
           AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass
                              AND d.deptype = 'e')
    """,
    "trigger": """
        SELECT c.relname || '.' || t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t
          JOIN pg_class c ON c.oid = t.tgrelid
         WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
    """,
    "constraint": """
        SELECT c.relname || '.' || k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k
          JOIN pg_class c ON c.oid = k.conrelid
         WHERE k.contype NOT IN ('n', 't') AND c.relnamespace = current_schema()::regnamespace
    """,
    "index": """
        SELECT c.relname || '.' || i.relname, pg_get_indexdef(x.indexrelid) || CASE WHEN x.indisvalid THEN '' ELSE
               ' broken' END
          FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind <> 't'
    """,
    "column": """
        SELECT c.relname || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
               CASE WHEN a.attnotnull THEN 'NOT NULL' END, a.attgenerated, a.attidentity,
               (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
                 WHERE d.adrelid = c.oid AND d.adnum = a.attnum),
               (SELECT l.collname FROM pg_collation l WHERE l.oid = a.attcollation))
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
           AND c.relnamespace = current_schema()::regnamespace
    """,
    "table": """
        SELECT c.relname, concat_ws(' ', c.relkind, c.relpersistence, c.relrowsecurity,
               (SELECT string_agg(p.polname || coalesce(pg_get_expr(p.polqual, p.polrelid), ''), ' ' ORDER BY p.polname)
                  FROM pg_policy p WHERE p.polrelid = c.oid),
               (SELECT string_agg(i.inhparent::regclass::text, ' ') FROM pg_inherits i WHERE i.inhrelid = c.oid))
          FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
           AND c.relnamespace = current_schema()::regnamespace
    """,
    # A table in any other schema that inherits one of ours would pass its triggers by.
    "child": """
        SELECT c.oid::regclass::text, i.inhparent::regclass::text
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
         WHERE p.relnamespace = current_schema()::regnamespace AND p.relkind = 'r'
    """,
    "rewrite": """
        SELECT c.relname || '.' || r.rulename, pg_get_ruledef(r.oid) FROM pg_rewrite r
          JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = current_schema()::regnamespace
    """,
    "event trigger": "SELECT evtname, evtevent || evtfoid::regproc FROM pg_event_trigger",
}
GRANTS = """
    SELECT c.relname || coalesce('.' || g.column_name, ''), string_agg(
               g.privilege || CASE WHEN g.grantable THEN ' to pass on' ELSE '' END
               || CASE WHEN g.grantee = 0 THEN ' for everybody' ELSE '' END, ' ' ORDER BY g.grantee = 0, g.privilege)
      FROM pg_class c JOIN LATERAL (
          SELECT NULL::name AS column_name, a.privilege_type AS privilege, a.is_grantable AS grantable, a.grantee
            FROM aclexplode(c.relacl) a
           UNION ALL
          SELECT t.attname, a.privilege_type, a.is_grantable, a.grantee
            FROM pg_attribute t, aclexplode(t.attacl) a WHERE t.attrelid = c.oid
      ) g ON g.grantee IN (0, (SELECT oid FROM pg_roles WHERE rolname = %s))
     WHERE c.relkind IN ('r', 'p', 'v', 'S') AND c.relnamespace = current_schema()::regnamespace
     GROUP BY 1
"""
SEPARATED = """
    SELECT 1 FROM pg_roles r WHERE r.rolname = %s
       AND NOT EXISTS (SELECT 1 FROM pg_class WHERE relowner = r.oid AND relname = 'django_migrations')
"""
# PostgreSQL prints a restored expression with its casts elsewhere: 'x'::varchar in a list, or the whole list cast.
CASTS = re.compile(r"::(?:character varying|text)(?:\(\d+\))?(?:\[\])?")
AROUND_ONE = re.compile(r"\((ARRAY\[[^][()]*\]|'[^']*'|\"?\w+\"?)\)")


@dataclass(frozen=True)
class Difference:
    """An object that is not as the migrations make it, and what is wrong with it."""

    name: str
    what: Promise

    MISSING = _("It is missing in PostgreSQL. Restore it, or migrate a new database and bring the rows over.")
    CHANGED = _("It is not as the migrations make it. Find out who changed it, then restore it from the migrations.")
    FOREIGN = _("No migration makes it. Find out who put it there, then remove it.")


def made() -> dict[str, str]:
    """What PostgreSQL has: each object with a hash of its definition."""
    found: dict[str, str] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        schema = cursor.fetchone()[0]
        for kind, question in QUESTIONS.items():
            cursor.execute(question)
            found |= {f"{kind} {name}": text for name, text in cursor.fetchall() if OPTIONAL not in text}
        role = settings.DATABASE_APPLICATION_ROLE
        cursor.execute(SEPARATED, [role])
        if cursor.fetchone():
            cursor.execute(GRANTS, [role])
            found |= {f"grants {name}": text for name, text in cursor.fetchall()}
    return {name: hashed(as_one(name, text, schema=schema)) for name, text in found.items()}


def as_one(name: str, text: str, *, schema: str) -> str:
    """A definition in one spelling, whatever the version of PostgreSQL or the name of the schema."""
    text = text.replace(f"{schema}.", "").replace(f"'{schema}'", "''")
    if name.startswith("function "):
        return text
    text, before = CASTS.sub("", text), ""
    while text != before:
        text, before = AROUND_ONE.sub(r"\1", text), text
    return text


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:HASH]


def stated() -> dict[str, str]:
    """What the migrations make, as ``make manifest`` wrote it down."""
    return dict(line.rsplit("\t", 1) for line in FILE.read_text(encoding="utf-8").splitlines())


def write() -> None:
    """Write down what the connected database has, which must be freshly migrated."""
    lines = [f"{name}\t{digest}\n" for name, digest in sorted(made().items())]
    FILE.write_text("".join(lines), encoding="utf-8")


def differences(found: Mapping[str, str], expected: Mapping[str, str]) -> Iterator[Difference]:
    """What is missing, changed or foreign; grants are asked only where the roles are two."""
    has_grants = any(name.startswith("grants ") for name in found)
    for name in sorted(found.keys() | expected.keys()):
        if name.startswith("grants ") and not has_grants:
            continue
        if name not in found:
            yield Difference(name, Difference.MISSING)
        elif name not in expected:
            yield Difference(name, Difference.FOREIGN)
        elif found[name] != expected[name]:
            yield Difference(name, Difference.CHANGED)
