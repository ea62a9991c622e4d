"""Proposals that leave a call, withdrawn or ineligible, with reason and day; and those that come back."""

import datetime
from collections.abc import Sequence
from copy import copy
from dataclasses import replace

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from aspire.people import PersonRequest
from aspire.refusals import Refused, all_or_nothing
from aspire.text import validate_whole
from aspire.typed import DayField
from calls.models import Call
from proposals.record.models import Proposal
from proposals.record.status import NOT_COUNTED, Status

REVIEWED = (Call.Progress.IN_REVIEW, Call.Progress.DECIDING)


class LeavingForm(forms.Form):
    """What became of the proposals, since when, and why."""

    status = forms.ChoiceField(
        label=_("What became of it"),
        choices=[(Status.WITHDRAWN, _("withdrawn by the applicant")), (Status.INELIGIBLE, Status.INELIGIBLE.label)],
        widget=forms.RadioSelect,
    )
    on = DayField(label=_("Since"), help_text=_("As 2027-04-01, 2027/4/1, or with the Japanese era."))
    reason = forms.CharField(
        label=_("Reason"), max_length=300, validators=[validate_whole], widget=forms.Textarea({"rows": 3})
    )


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: PersonRequest) -> HttpResponse:
    """Take the proposals that the address names out of the call, all of them or none."""
    numbers = request.GET.getlist("number")
    proposals = list(Proposal.objects.visible_to(request.user).for_list().filter(number__in=numbers))
    if not proposals:
        raise Http404
    form = LeavingForm(request.POST or None, initial={"on": timezone.localdate()})
    context = {"form": form, "proposals": proposals, "querystring": request.GET.urlencode()}
    if request.method != "POST" or not form.is_valid():
        return render(request, "intake/leave.html", context, status=400 if form.errors else 200)
    typed = form.cleaned_data
    try:
        take_out(proposals, status=typed["status"], on=typed["on"], reason=typed["reason"])
    except Refused as refused:
        return render(request, "intake/leave.html", {**context, "refusals": refused.refusals}, status=409)
    number = len(proposals)
    said = ngettext("%(number)s proposal left the call.", "%(number)s proposals left the call.", number)
    messages.success(request, said % {"number": number})
    if number == 1:
        return redirect(proposals[0])
    return redirect(f"{reverse('proposals:list')}?call={proposals[0].call.code}")


@require_POST
def come_back(request: PersonRequest, number: str) -> HttpResponse:
    """Put a proposal back that had left, to where its call stands."""
    proposal = get_object_or_404(Proposal.objects.visible_to(request.user).select_related("call"), number=number)
    if proposal.status not in NOT_COUNTED:
        raise Http404
    put_back(proposal)
    messages.success(request, _("The proposal is back in the call."))
    return redirect(proposal)


def take_out(proposals: Sequence[Proposal], *, status: str, on: datetime.date, reason: str) -> None:
    """Withdraw the proposals or find them ineligible, all or none. Raises Refused with what stands against each."""
    with all_or_nothing():
        chosen = [proposal.pk for proposal in proposals]
        found = []
        locked = Proposal.objects.select_for_update().order_by("pk").filter(pk__in=chosen)
        for stored in locked:
            moved = copy(stored)
            moved.status, moved.set_aside_on, moved.set_aside_reason = status, on, reason
            found += [replace(each, subject=stored.number) for each in moved.status_breaches(stored)]
        if found:
            raise Refused(*found)
        values = {"status": status, "set_aside_on": on, "set_aside_reason": reason}
        Proposal.objects.filter(pk__in=chosen).update(**values)


def put_back(proposal: Proposal) -> None:
    """To received, and on into review where its call is there already. Raises Refused where it may not go back."""
    back = Proposal.objects.filter(pk=proposal.pk)
    with all_or_nothing():
        back.update(status=Status.RECEIVED, set_aside_on=None, set_aside_reason="")
        back.filter(call__progress__in=REVIEWED).update(status=Status.IN_REVIEW)
