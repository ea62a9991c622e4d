"""How far each proposal is: its reviewers, reviews, conflicts and mark, counted anew whenever one of them changes.

What a statement touches is counted under the lock of its row, so that nobody counts past another's change; the lines of
the call then say how many proposals are how far.
"""

import pgtrigger

from aspire.rules import Rule, at_any_size
from proposals.rules.judging import NEW_ROWS, NOT_COUNTED_SQL
from proposals.rules.lines import Kept, on_rows, signed, written_by_triggers

STATE = "reviewers, reviews, conflicts, decision"
PACE = Kept("proposals_pace", "call_id, reviewers, reviews, decision", "proposals, conflicts")
ACTIVE = """
    s.declined_at IS NULL AND NOT EXISTS (SELECT 1 FROM proposals_conflict x
        WHERE x.proposal_id = s.proposal_id AND x.person_id = s.reviewer_id AND x.finding = 'stands')
"""


def state_of(proposals: str) -> str:
    """SQL that counts how far proposals are; one that is not counted has come nowhere."""
    return f"""
        SELECT p.id AS proposal_id, p.call_id, coalesce(g.reviewers, 0) AS reviewers, coalesce(g.reviews, 0) AS reviews,
               CASE WHEN p.status IN ({NOT_COUNTED_SQL}) THEN 0 ELSE
                   (SELECT count(*) FROM proposals_conflict c WHERE c.proposal_id = p.id AND c.finding = 'stands')
               END AS conflicts,
               CASE WHEN p.status IN ({NOT_COUNTED_SQL}) THEN '' ELSE
                   coalesce((SELECT m.decision FROM proposals_mark m WHERE m.proposal_id = p.id), '')
               END AS decision
          FROM proposals_proposal p CROSS JOIN LATERAL
               (SELECT count(*) AS reviewers, count(*) FILTER (WHERE r.state = 'submitted') AS reviews
                  FROM proposals_assignment s LEFT JOIN proposals_review r ON r.assignment_id = s.id
                 WHERE s.proposal_id = p.id AND p.status NOT IN ({NOT_COUNTED_SQL}) AND {ACTIVE}) g
         WHERE p.id IN ({proposals})
    """


def counted_anew(touched: str, *, rows: str) -> str:
    """PL/pgSQL that counts the touched proposals anew, each under the lock of its row."""
    begun = f"""
        INSERT INTO proposals_progress (proposal_id, call_id, {STATE})
        SELECT id, call_id, 0, 0, 0, '' FROM proposals_proposal WHERE id IN ({touched}) ORDER BY id
            ON CONFLICT (proposal_id) DO NOTHING
    """
    held = f"SELECT 1 FROM proposals_progress WHERE proposal_id IN ({touched}) ORDER BY proposal_id FOR UPDATE"
    counted = f"""
        UPDATE proposals_progress g SET ({STATE}) = (t.reviewers, t.reviews, t.conflicts, t.decision)
          FROM ({state_of(touched)}) t
         WHERE t.proposal_id = g.proposal_id AND (g.reviewers, g.reviews, g.conflicts, g.decision)
               <> (t.reviewers, t.reviews, t.conflicts, t.decision)
    """
    return f"""
        IF EXISTS ({touched}) THEN
            {"".join(at_any_size(statement, rows=rows) for statement in (begun, held, counted))}
        END IF;
    """


def changed(proposal: str, difference: str, *, joins: str = "") -> str:
    """SQL for the proposals of rows that differ from what stood there in what counts."""
    both = f"FROM {NEW_ROWS} n JOIN old_rows o USING (id)"
    return f"""
        SELECT {proposal} {both} {joins.format("n")} WHERE {difference}
        UNION SELECT {proposal.replace("n.", "o.")} {both} {joins.format("o")} WHERE {difference}
    """


def progress_on(proposal: str, difference: str, *, joins: str = "", deleted: bool = True) -> list[Rule]:
    """The rules of a table by which proposals come on: ``proposal`` is each row's, ``difference`` what counts."""
    inserted = f"SELECT {proposal} FROM {NEW_ROWS} n {joins.format('n')}"
    gone = f"SELECT {proposal.replace('n.', 'o.')} FROM old_rows o {joins.format('o')}"
    updated = changed(proposal, difference, joins=joins)
    rules = [
        on_rows("progress_on_insert", pgtrigger.Insert, counted_anew(inserted, rows=NEW_ROWS), new=True, old=False),
        on_rows("progress_on_update", pgtrigger.Update, counted_anew(updated, rows=NEW_ROWS), new=True, old=True),
        on_rows("progress_on_delete", pgtrigger.Delete, counted_anew(gone, rows="old_rows"), new=False, old=True),
    ]
    return rules if deleted else rules[:2]


assignments_progress = progress_on("n.proposal_id", "(n.declined_at IS NULL) <> (o.declined_at IS NULL)")
conflicts_progress = progress_on(
    "n.proposal_id", "(n.proposal_id, n.person_id, n.finding) <> (o.proposal_id, o.person_id, o.finding)"
)
marks_progress = progress_on("n.proposal_id", "(n.proposal_id, n.decision) <> (o.proposal_id, o.decision)")
reviews_progress = progress_on(
    "s.proposal_id",
    "n.state <> o.state",
    joins="JOIN proposals_assignment s ON s.id = {0}.assignment_id",
    deleted=False,
)
IS_LEFT_OUT = f"{{}}.status IN ({NOT_COUNTED_SQL})"
proposals_progress = progress_on("n.id", f"({IS_LEFT_OUT.format('n')}) <> ({IS_LEFT_OUT.format('o')})")[1:2]


def paced(source: str) -> str:
    return PACE.lines(source, "sum(sign)", "sum(sign * conflicts)")


def paced_on(name: str, operation: pgtrigger.Operation, *, new: bool, old: bool) -> Rule:
    source = signed(f"call_id, {STATE}", new=new, old=old)
    return on_rows(name, operation, at_any_size(paced(f"{source} n"), rows=NEW_ROWS), new=new, old=old)


progress_kept = [
    written_by_triggers(pgtrigger.Delete),
    paced_on("paced_on_insert", pgtrigger.Insert, new=True, old=False),
    paced_on("paced_on_update", pgtrigger.Update, new=True, old=True),
]
pace_lines_kept = PACE.rules
