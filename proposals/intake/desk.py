"""Logging by hand: the form of a new proposal and of one that is there, with the draft of whoever types."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from aspire.people import PersonRequest
from aspire.refusals import Refused
from aspire.templatetags.figures import clock
from calls.lacking import checklist
from calls.models import Call
from proposals.intake.contract import Contract
from proposals.intake.entry import SENT_AGAIN, Entry
from proposals.record.models import Proposal, ProposalDraft
from proposals.record.querysets import DECIDED

KEPT_FOR_THE_NEXT = ("field", "primary_funder")


def new(request: PersonRequest) -> HttpResponse:
    """The form of a new proposal of the call that the address names; without one, the calls to choose from."""
    if "call" not in request.GET:
        calls = Call.objects.newest_first().filter(opens_at__isnull=False, terms__isnull=False).distinct()
        return render(request, "intake/choose_call.html", {"calls": calls})
    call = get_object_or_404(Call, code=request.GET["call"])
    contract = Contract(call, request.user)
    if contract.terms is None or not (call.opens_at and call.closes_at):
        missing = [sentence for _part, sentence in checklist(call) if sentence]
        return render(request, "intake/choose_call.html", {"call": call, "lacking": missing})
    return form_page(request, Proposal(call=call, terms=contract.terms), contract)


def edit(request: PersonRequest, number: str) -> HttpResponse:
    """The form of a proposal that is there. Raises Refused once its result is released."""
    proposal = _editable(request, number)
    return form_page(request, proposal, Contract(proposal.call, request.user))


def _editable(request: PersonRequest, number: str) -> Proposal:
    proposals = Proposal.objects.visible_to(request.user).select_related("call", "terms__call", "primary_funder")
    proposal: Proposal = get_object_or_404(proposals, number=number)
    if proposal.is_reconstructed:
        raise Refused.by("proposal_reconstructed_is_bare")
    if proposal.status in DECIDED:
        raise Refused.by("proposal_decided_stays", proposal=proposal.number)
    return proposal


@require_http_methods(["GET", "HEAD", "POST"])
def form_page(request: PersonRequest, proposal: Proposal, contract: Contract) -> HttpResponse:
    """The form as stored, or as the person's draft has it."""
    if request.method == "POST":
        return sent(request, proposal, contract)
    if draft := drafts_of(request, proposal).first():
        return show(request, Entry(proposal, contract, QueryDict(draft.typed)).unjudged(), draft=draft)
    initial = {name: request.GET[name] for name in KEPT_FOR_THE_NEXT if request.GET.get(name, "").isdecimal()}
    return show(request, Entry(proposal, contract, initial=initial))


def sent(request: PersonRequest, proposal: Proposal, contract: Contract) -> HttpResponse:
    """Save what was typed and go to the proposal, or to the next; or show again what is wrong with it."""
    if again := next((name for name in SENT_AGAIN if name in request.POST), None):
        return show(request, Entry(proposal, contract, more(request.POST, again)).unjudged())
    entry, drafts = Entry(proposal, contract, request.POST), drafts_of(request, proposal)
    if not entry.is_valid():
        return show(request, entry, 400)
    try:
        saved = entry.save(request.user)
    except Refused as refused:
        return show(request, entry, 409, refusal=refused.refusal)
    drafts.delete()
    messages.success(request, _("Saved: %(number)s.") % {"number": saved.number})
    if "next" not in request.POST:
        return redirect(saved)
    kept = {"call": contract.call.code, "field": saved.field_id, "primary_funder": saved.primary_funder_id}
    return redirect(f"{reverse('intake:new')}?{urlencode(kept)}")


def show(request: PersonRequest, entry: Entry, status: int = 200, **given: Any) -> HttpResponse:
    limits = entry.proposal.terms.limits
    context = {"entry": entry, "call": entry.contract.call, "limits": limits, "faults": list(entry.faults), **given}
    return render(request, "intake/entry.html", context, status=status)


def more(typed: QueryDict, asked: str) -> QueryDict:
    """What was typed, with one section more of what was asked for."""
    data = typed.copy()
    total = f"{asked.removeprefix('add_')}-TOTAL_FORMS"
    count = str(typed.get(total, ""))
    if count.isdecimal():
        data[total] = str(min(int(count) + 1, 100))
    return data


# --- drafts --------------------------------------------------------------------------------------------------------


def drafts_of(request: PersonRequest, proposal: Proposal) -> Any:
    """The person's own draft of a proposal, or of a new one of its call."""
    found = ProposalDraft.objects.filter(user=request.user, call=proposal.call)
    return found.filter(proposal=proposal) if proposal.pk else found.filter(proposal=None)


@require_POST
def draft(request: PersonRequest) -> HttpResponse:
    """Keep what is typed of a new proposal, or let it go."""
    call = get_object_or_404(Call, code=request.GET.get("call", ""))
    return keep(request, Proposal(call=call), f"{reverse('intake:new')}?{urlencode({'call': call.code})}")


@require_POST
def draft_of(request: PersonRequest, number: str) -> HttpResponse:
    """Keep what is typed of changes to a proposal, or let it go."""
    return keep(request, _editable(request, number), reverse("intake:edit", args=[number]))


def keep(request: PersonRequest, proposal: Proposal, page: str) -> HttpResponse:
    """One draft a person and proposal; ``discard`` lets it go."""
    drafts = drafts_of(request, proposal)
    if "discard" in request.POST:
        drafts.delete()
        messages.success(request, _("The draft is thrown away."))
        return redirect(page)
    typed, now = request.POST.copy(), timezone.now()
    typed.pop("csrfmiddlewaretoken", None)
    whose: dict[str, Any] = {"user": request.user, "call": proposal.call, "proposal": proposal if proposal.pk else None}
    ProposalDraft.objects.update_or_create(**whose, defaults={"typed": typed.urlencode(), "saved_at": now})
    return JsonResponse({"sentence": _("draft saved %(time)s") % {"time": clock(now)}})
