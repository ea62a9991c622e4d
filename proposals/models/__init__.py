"""What is asked, how it is judged and what is given."""

from proposals.models.amounts import AnnualAmount, AnnualCost
from proposals.models.awards import AnnualAward, Award
from proposals.models.decided import Mark, Packet, PacketStep
from proposals.models.proposals import BLANKS, Counterpart, Proposal
from proposals.models.reviewed import Assignment, Conflict, Review, Reviewer, Score
from proposals.models.snapshots import Briefing
from proposals.models.tallies import Intake, Pace, Progress, Tally
from proposals.models.views import SavedView

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
