"""Why a board differs from what was published: the very proposals that were withdrawn, added or corrected since."""

from dataclasses import dataclass

from django.apps import apps
from django.utils.translation import gettext as _

from calls.models import Call
from proposals.models import Proposal
from proposals.querysets import ProposalQuerySet
from proposals.status import NOT_COUNTED


@dataclass(frozen=True)
class Explanation:
    """One proposal behind a difference, in words, with the fields and funders whose rows it moved (by id)."""

    proposal: Proposal
    reason: str
    fields: frozenset[int]
    funders: frozenset[int]


def explanations(call: Call, proposals: ProposalQuerySet) -> list[Explanation]:
    """Every proposal of a reconstructed call that no longer stands as it was reconstructed."""
    history = apps.get_model("proposals.ProposalEvent").objects.filter(pgh_label="insert", call=call)
    at_first = {event.pgh_obj_id: event for event in history.only("pgh_obj_id", "field_id", "primary_funder_id")}
    found = []
    for proposal in proposals.filter(call=call).select_related("call").order_by("number"):
        first = at_first.get(proposal.pk)
        now, then = (proposal.field_id, proposal.primary_funder_id), first and (first.field_id, first.primary_funder_id)
        reason = _reason(proposal, has_moved=then is not None and then != now)
        if reason:
            fields, funders = zip(*{now, then or now}, strict=True)
            found.append(Explanation(proposal, reason, frozenset(fields), frozenset(funders)))
    return found


def _reason(proposal: Proposal, *, has_moved: bool) -> str:
    if proposal.is_reconstructed and proposal.status in NOT_COUNTED:
        return _("now %(status)s, so no longer counted") % {"status": proposal.get_status_display()}
    if not proposal.is_reconstructed and proposal.status not in NOT_COUNTED:
        return _("logged in addition to those published")
    if proposal.is_reconstructed and has_moved:
        return _("moved to another field or funder")
    return ""
