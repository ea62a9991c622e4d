"""What is asked, how it is judged and what is given."""

from proposals.record.models.amounts import AnnualAmount, AnnualCost
from proposals.record.models.awards import AnnualAward, Award, Mark, Packet, PacketStep
from proposals.record.models.briefings import Briefing, SavedView
from proposals.record.models.bundles import Bundle
from proposals.record.models.documents import Document
from proposals.record.models.drafts import ProposalDraft
from proposals.record.models.followups import FollowUp
from proposals.record.models.people import CoInvestigator, Counterpart
from proposals.record.models.proposals import BLANKS, Proposal
from proposals.record.models.reviews import Assignment, Conflict, Review, Reviewer, Score
from proposals.record.models.tallies import IntakeLine, OutlayLine, PaceLine, ProposalProgress, TallyLine

__all__ = [
    "BLANKS",
    "AnnualAmount",
    "AnnualAward",
    "AnnualCost",
    "Assignment",
    "Award",
    "Briefing",
    "Bundle",
    "CoInvestigator",
    "Conflict",
    "Counterpart",
    "Document",
    "FollowUp",
    "IntakeLine",
    "Mark",
    "OutlayLine",
    "PaceLine",
    "Packet",
    "PacketStep",
    "Proposal",
    "ProposalDraft",
    "ProposalProgress",
    "Review",
    "Reviewer",
    "SavedView",
    "Score",
    "TallyLine",
]
