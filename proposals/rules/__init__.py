"""The rules that PostgreSQL keeps by trigger, whoever writes and by whatever path."""

from proposals.rules.amounts import awards_within_total, requested_amounts, requests_within_total
from proposals.rules.awards import (
    awarded_amounts,
    awarded_totals_kept,
    awards_of_eligible_proposals,
    awards_stay,
    writers_queued,
)
from proposals.rules.decided import marks_judged, packets_judged, steps_stay
from proposals.rules.frozen import briefings_stay
from proposals.rules.progress import (
    assignments_progress,
    conflicts_progress,
    marks_progress,
    pace_lines_kept,
    progress_kept,
    proposals_progress,
    reviews_progress,
)
from proposals.rules.received import period_covers_amounts, proposals_within_terms, requested_totals_kept
from proposals.rules.reviewed import assignments_judged, reviews_judged, scores_judged
from proposals.rules.tallies import awards_tallied, intake_lines_kept, proposals_tallied, tally_lines_kept

__all__ = [
    "assignments_judged",
    "assignments_progress",
    "awarded_amounts",
    "awarded_totals_kept",
    "awards_of_eligible_proposals",
    "awards_stay",
    "awards_tallied",
    "awards_within_total",
    "briefings_stay",
    "conflicts_progress",
    "intake_lines_kept",
    "marks_judged",
    "marks_progress",
    "pace_lines_kept",
    "packets_judged",
    "period_covers_amounts",
    "progress_kept",
    "proposals_progress",
    "proposals_tallied",
    "proposals_within_terms",
    "requested_amounts",
    "requested_totals_kept",
    "requests_within_total",
    "reviews_judged",
    "reviews_progress",
    "scores_judged",
    "steps_stay",
    "tally_lines_kept",
    "writers_queued",
]
