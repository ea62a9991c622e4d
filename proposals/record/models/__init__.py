"""What is asked, how it is judged and what is given."""

from proposals.record.models.amounts import AnnualAmount, AnnualCost
from proposals.record.models.awards import AnnualAward, Award
from proposals.record.models.briefings import Briefing
from proposals.record.models.packets import Mark, Packet, PacketStep
from proposals.record.models.proposals import BLANKS, Counterpart, Proposal
from proposals.record.models.reviews import Assignment, Conflict, Review, Reviewer, Score
from proposals.record.models.saved_views import SavedView
from proposals.record.models.tallies import Intake, Outlay, Pace, Progress, Tally

__all__ = [
    "BLANKS",
    "AnnualAmount",
    "AnnualAward",
    "AnnualCost",
    "Assignment",
    "Award",
    "Briefing",
    "Conflict",
    "Counterpart",
    "Intake",
    "Mark",
    "Outlay",
    "Pace",
    "Packet",
    "PacketStep",
    "Progress",
    "Proposal",
    "Review",
    "Reviewer",
    "SavedView",
    "Score",
    "Tally",
]
