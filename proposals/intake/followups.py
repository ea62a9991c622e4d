"""What was accepted and is to be looked into: the list of a call that officers work off."""

from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from aspire.people import PersonRequest
from aspire.text import validate_whole
from calls.models import Call
from proposals.record.models import FollowUp

ROWS_A_PAGE = 50


class DoneForm(forms.Form):
    """What came of a follow-up, in a sentence."""

    comment = forms.CharField(max_length=300, validators=[validate_whole])


@require_safe
def follow_ups(request: PersonRequest) -> HttpResponse:
    """The follow-ups of a call, or of all: what is open, or with ``?done=1`` what was done."""
    call = get_object_or_404(Call, code=code) if (code := request.GET.get("call")) else None
    is_done = request.GET.get("done") == "1"
    seen = FollowUp.objects.visible_to(request.user)
    seen = seen.filter(proposal__call=call) if call else seen
    is_open = Q(done_at__isnull=True)
    counts = seen.aggregate(open=Count("pk", filter=is_open), done=Count("pk", filter=~is_open))
    listed = seen.filter(done_at__isnull=not is_done).select_related("proposal", "raised_by", "done_by")
    page = Paginator(listed, ROWS_A_PAGE).get_page(request.GET.get("page"))
    asked = {"call": call.code} if call else {}
    querystring = urlencode({**asked, **({"done": 1} if is_done else {})})
    context = {"call": call, "is_done": is_done, "counts": counts, "page": page, "querystring": querystring}
    return render(request, "intake/follow_ups.html", context)


@require_POST
def follow_up_done(request: PersonRequest, pk: int) -> HttpResponse:
    """Say what came of an open follow-up."""
    found = get_object_or_404(FollowUp.objects.visible_to(request.user).select_related("proposal__call"), pk=pk)
    form = DoneForm(request.POST)
    if found.done_at is not None:
        messages.error(request, _("Somebody has done this already; what they wrote stays."))
    elif form.is_valid():
        found.done_by, found.done_at, found.comment = request.user, timezone.now(), form.cleaned_data["comment"]
        found.save()
        messages.success(request, _("Done: %(number)s.") % {"number": found.proposal.number})
    else:
        messages.error(request, _("Write in a sentence what came of it."))
    return redirect(f"{reverse('intake:follow_ups')}?call={found.proposal.call.code}")
