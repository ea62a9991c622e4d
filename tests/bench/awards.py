"""The ranking of a call of a thousand proposals with three reviews each, against the same page of fifty."""

from django.db import connection
from django.urls import reverse

from calls.models import Call
from tests.bench import measuring, rows
from tests.bench.measuring import Line, medians
from tests.bench.pages import page

ROUNDS = 7
GOAL = 3.0
REVIEWS = """
    INSERT INTO auth_user (username, password, is_superuser, first_name, last_name, email, is_staff, is_active,
                           date_joined)
    SELECT 'bench-' || n, '', false, '', '', '', false, true, now() FROM generate_series(1, 3) n
        ON CONFLICT DO NOTHING;
    UPDATE proposals_proposal SET status = 'in_review'
     WHERE call_id = %(call)s AND status IN ('received', 'awarded', 'declined');
    UPDATE calls_call SET progress = 'in_review' WHERE id = %(call)s;
    INSERT INTO calls_criterion (call_id, position, name_ja, name_en, asks_ja, asks_en, weight)
    SELECT %(call)s, n, 'x', 'x', '', '', n FROM generate_series(1, 4) n;
    INSERT INTO proposals_conflict (proposal_id, person_id, finding, kind, words, recorded_by_id, recorded_at)
    SELECT p.id, u.id, 'clear', '', '', u.id, now() FROM proposals_proposal p, auth_user u
     WHERE p.call_id = %(call)s AND u.username LIKE 'bench-%%';
    INSERT INTO proposals_assignment (proposal_id, reviewer_id, position, assigned_by_id, assigned_at, decline_reason)
    SELECT c.proposal_id, c.person_id, right(u.username, 1)::int, u.id, now(), ''
      FROM proposals_conflict c JOIN auth_user u ON u.id = c.person_id
      JOIN proposals_proposal p ON p.id = c.proposal_id WHERE p.call_id = %(call)s AND u.username LIKE 'bench-%%';
    INSERT INTO proposals_review (assignment_id, state, comment_to_panel, comment_to_applicant, saved_at, version)
    SELECT a.id, 'draft', 'x', 'x', now(), 1 FROM proposals_assignment a
      JOIN proposals_proposal p ON p.id = a.proposal_id WHERE p.call_id = %(call)s;
    INSERT INTO proposals_score (review_id, criterion_id, value)
    SELECT r.id, k.id, 1 + (r.id + k.position) %% 5 FROM proposals_review r
      JOIN proposals_assignment a ON a.id = r.assignment_id JOIN proposals_proposal p ON p.id = a.proposal_id
      JOIN calls_criterion k ON k.call_id = p.call_id WHERE p.call_id = %(call)s;
    UPDATE proposals_review SET state = 'submitted' WHERE assignment_id IN
        (SELECT a.id FROM proposals_assignment a JOIN proposals_proposal p ON p.id = a.proposal_id
          WHERE p.call_id = %(call)s);
    UPDATE calls_call SET progress = 'deciding' WHERE id = %(call)s;
"""

# One in ten is staged as an award of what it requests.
STAGED = """
    INSERT INTO proposals_mark (proposal_id, decision, reason, marked_by_id, marked_at, version)
    SELECT p.id, 'award', 'x', u.id, now(), 1 FROM proposals_proposal p, auth_user u
     WHERE p.call_id = %(call)s AND p.status = 'in_review' AND u.username = 'officer'
       AND EXISTS (SELECT 1 FROM proposals_annualcost c WHERE c.proposal_id = p.id) ORDER BY p.number LIMIT %(count)s;
    INSERT INTO proposals_award (proposal_id, note, awarded_direct_yen, awarded_indirect_yen)
    SELECT m.proposal_id, '', 0, 0 FROM proposals_mark m JOIN proposals_proposal p ON p.id = m.proposal_id
     WHERE p.call_id = %(call)s;
    INSERT INTO proposals_annualaward (award_id, fiscal_year, direct_yen, indirect_yen)
    SELECT a.id, c.fiscal_year, c.direct_yen, c.indirect_yen FROM proposals_award a
      JOIN proposals_proposal p ON p.id = a.proposal_id JOIN proposals_annualcost c ON c.proposal_id = p.id
     WHERE p.call_id = %(call)s;
"""


def make_call(size: int) -> Call:
    """A call to be decided, every proposal reviewed by three."""
    call = rows.make_call(f"BENCH-RANK-{size}", size, parts=[rows.COSTS])
    with connection.cursor() as cursor:
        cursor.execute(REVIEWS, {"call": call.pk})
        cursor.execute(STAGED, {"call": call.pk, "count": size // 10})
        cursor.execute("ANALYZE")
    return call


def measure() -> list[Line]:
    works = {
        f"ranking, {size:,} proposals": page("officer", reverse("awards:ranking", args=[make_call(size).code]))
        for size in measuring.chosen.compared
    }
    taken = medians(works, rounds=ROUNDS)
    few, many = works
    return [Line(many, taken[many], few, taken[few], GOAL)]
