"""The officers' pages about the review of one call."""

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from aspire.keyset import key_of
from aspire.people import PersonRequest
from aspire.refusals import Refusal, Refused
from calls.models import Call
from proposals.assignment import decisions as appointing
from proposals.assignment import pages as reading
from proposals.assignment import stages
from proposals.assignment.forms import AssignForm, AssignmentFilter, ConflictForm, PlanForm, ReviewSettingsForm, named
from proposals.assignment.suggestions import suggestions
from proposals.record.models import Assignment, Conflict, Proposal
from proposals.record.querysets import ProposalQuerySet

ROWS_A_PAGE = 50


def stage(request: PersonRequest, code: str) -> HttpResponse:
    """Where the call stands, what a move would change (``?to=``), and the move itself."""
    call = get_object_or_404(Call, code=code)
    to = request.POST.get("to", request.GET.get("to"))
    refusal = None
    if request.method == "POST" and to is not None:
        refusal = _move(request, call, to)
        if refusal is None:
            return redirect("assignment:stage", code=code)
    moves = [(value, Call.Progress(value).label) for value in stages.MOVES[call.progress]]
    context = {"call": call, "stage": call.stage(at=timezone.now()), "stages": Call.Stage.choices, "moves": moves}
    if to in stages.MOVES[call.progress]:
        context |= {
            "to": to,
            "to_label": Call.Progress(to).label,
            "effects": stages.effects(call, to, reader=request.user),
        }
    context |= {"refusal": refusal, "form": ReviewSettingsForm(instance=call)}
    return render(request, "assignment/stage.html", context, status=409 if refusal else 200)


def _move(request: PersonRequest, call: Call, to: str) -> Refusal | None:
    """Why the call stays where it is, read anew; None where it is moved."""
    try:
        stages.change(call, seen=request.POST.get("seen", ""), to=to, by=request.user, at=timezone.now())
    except Refused as refused:
        call.refresh_from_db()
        return refused.refusal
    messages.success(request, _("The stage is changed."))
    return None


def review_settings(request: PersonRequest, code: str) -> HttpResponse:
    """What reviewers see in each stage: what a change would mean first, and saved once that is confirmed."""
    with transaction.atomic():
        calls = Call.objects.select_for_update(of=("self",), no_key=True) if request.method == "POST" else Call.objects
        call = get_object_or_404(calls, code=code)
        seen = ReviewSettingsForm(instance=call).seen
        form = ReviewSettingsForm(request.POST or None, instance=call)
        context = {"call": call, "form": form, "seen": seen}
        if request.method == "POST" and request.POST.get("seen") != seen:
            context["refusal"] = Refusal("settings_changed_meanwhile", {"call": code})
            context["form"] = ReviewSettingsForm(instance=Call.objects.get(pk=call.pk))
            return render(request, "assignment/review_settings.html", context, status=409)
        if request.method == "POST" and form.is_valid():
            if "confirmed" in request.POST or not form.has_changed():
                form.save()
                messages.success(request, _("The settings are saved."))
                return redirect("assignment:stage", code=code)
            context["effects"] = form.effects(reader=request.user)
    return render(request, "assignment/review_settings.html", context)


def assignments(request: PersonRequest, code: str) -> HttpResponse:
    """Who reviews what; POST assigns the chosen proposals to one reviewer, all of them or none."""
    call = get_object_or_404(Call, code=code)
    asked = AssignmentFilter(request.GET, call=call)
    asked.is_valid()
    found = reading.asked(call, Proposal.objects.visible_to(request.user), **asked.cleaned_data)
    refusals, doubts, pairs = tuple[Refusal, ...](), [], []
    if request.method == "POST":
        pairs = _chosen(request, found)
        doubts = [] if "pairs" in request.POST else reading.doubts(call, pairs, by=request.user)
        refusals = () if doubts else _assign(request, call, pairs)
        if not refusals and not doubts:
            return _back_to_assignments(request, code)
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    rest = request.GET.copy()
    rest.pop("page", None)
    context = {"call": call, "filter": asked, "page": page, "rows": reading.rows(page), "refusals": refusals}
    context |= {
        "loads": appointing.loads(call, by=request.user),
        "places": reading.places(call),
        "reviewers": appointing.reviewers(),
    }
    context |= {"asked": request.GET.urlencode(), "doubts": doubts}
    context["pairs"] = "\n".join(f"{number} {name}" for number, name in pairs)
    context |= {"querystring": rest.urlencode(), "form": AssignForm(), "plan_form": PlanForm(initial=_wanted(call))}
    visible = Proposal.objects.visible_to(request.user)
    context["short"] = stages.short_of_reviewers(call).filter(pk__in=visible).count()
    return render(request, "assignment/assignments.html", context, status=409 if refusals else 200)


def _wanted(call: Call) -> dict[str, int]:
    return {"wanted": call.reviews_wanted}


def _chosen(request: PersonRequest, found: ProposalQuerySet) -> list[appointing.Pair]:
    """The pairs of a batch: a plan line by line, or the chosen proposals, or all found, with one reviewer."""
    lines = [line.split() for line in request.POST.get("pairs", "").splitlines()]
    pairs = [(line[0], line[1]) for line in lines if len(line) == 2]  # noqa: PLR2004 - number and name
    numbers = found.values_list("number", flat=True) if "all" in request.POST else request.POST.getlist("number")
    return pairs or [(number, request.POST.get("reviewer", "")) for number in numbers]


def _assign(request: PersonRequest, call: Call, pairs: list[appointing.Pair]) -> tuple[Refusal, ...]:
    """What speaks against the batch; nothing where it is done."""
    if not pairs:
        return (Refusal("assignment_of_nothing"),)
    try:
        done = appointing.assign(call, pairs, by=request.user, at=timezone.now())
    except Refused as refused:
        return refused.refusals
    said = ngettext("%(number)s assignment is made.", "%(number)s assignments are made.", done)
    messages.success(request, said % {"number": done})
    return ()


@require_GET
def plan(request: PersonRequest, code: str) -> HttpResponse:
    """The automatic assignment as a proposal: the load before and after, and each pair; nothing is written."""
    call = get_object_or_404(Call, code=code)
    form = PlanForm(request.GET or None, initial=_wanted(call))
    context = {"call": call, "form": form}
    if form.is_valid():
        found = appointing.plan_for(call, wanted=form.cleaned_data["wanted"], by=request.user)
        context |= reading.planned(call, found, by=request.user)
    return render(request, "assignment/plan.html", context)


@require_POST
def take_back(request: PersonRequest, code: str) -> HttpResponse:
    """Undo one assignment that nobody has begun on."""
    return _acted(request, code, appointing.take_back, said=_("The assignment is taken back."))


def _assignment(request: PersonRequest, code: str) -> Assignment:
    """The assignment that is meant, of a proposal that the officer may see."""
    visible = Proposal.objects.visible_to(request.user).filter(call__code=code)
    return get_object_or_404(Assignment.objects.filter(proposal__in=visible), pk=_key(request, "assignment"))


def _key(request: PersonRequest, name: str) -> int:
    """A row's key as sent; 0, which no row has, where it is none."""
    return key_of(request.POST.get(name)) or 0


def _back_to_assignments(request: PersonRequest, code: str) -> HttpResponse:
    """The list as it was asked for."""
    asked = request.GET.urlencode()
    return redirect(reverse("assignment:assignments", args=[code]) + (f"?{asked}" if asked else ""))


@require_POST
def ask_again(request: PersonRequest, code: str) -> HttpResponse:
    """Open a declined assignment again."""
    return _acted(request, code, appointing.ask_again, said=_("The reviewer is asked again."))


def _acted(request: PersonRequest, code: str, act: Callable[[Assignment], object], *, said: str) -> HttpResponse:
    """Do it to the assignment that is meant, say what came of it, and show the list again."""
    try:
        act(_assignment(request, code))
    except Refused as refused:
        messages.error(request, refused.refusal.sentence)
    else:
        messages.success(request, said)
    return _back_to_assignments(request, code)


@require_POST
def leads(request: PersonRequest, code: str) -> HttpResponse:
    """Name the lead reviewers of fields, all of them or none."""
    call = get_object_or_404(Call, code=code)
    prefix = "lead-"
    named = {name.removeprefix(prefix): request.POST[name] for name in request.POST if name.startswith(prefix)}
    try:
        appointing.name_leads(call, named)
    except Refused as refused:
        for refusal in refused.refusals:
            messages.error(request, f"{refusal.subject}: {refusal.sentence}".removeprefix(": "))
    else:
        messages.success(request, _("The lead reviewers are named."))
    return _back_to_assignments(request, code)


def conflicts(request: PersonRequest, code: str) -> HttpResponse:
    """The conflicts of interest of a call, the suggestions to decide, and the form that records another."""
    call = get_object_or_404(Call, code=code)
    form = ConflictForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _record(request, call, form):
        return redirect("assignment:conflicts", code=code)
    visible = Proposal.objects.visible_to(request.user).filter(call=call)
    open_ones = reading.assigned_first(call, suggestions(call, reader=request.user))
    recorded = Conflict.objects.filter(proposal__in=visible).exclude(finding=Conflict.Finding.CLEAR)
    page = Paginator(reading.recorded(recorded), ROWS_A_PAGE).get_page(request.GET.get("page"))
    suggested = Paginator(open_ones, ROWS_A_PAGE).get_page(request.GET.get("suggested"))
    context = {"call": call, "form": form, "page": page, "suggested": suggested, "named": named}
    return render(request, "assignment/conflicts.html", context, status=400 if form.errors else 200)


def _record(request: PersonRequest, call: Call, form: ConflictForm) -> bool:
    """Record what an officer knows; False where the form then says why not."""
    data = form.cleaned_data
    proposal = Proposal.objects.visible_to(request.user).filter(call=call, number=data["number"]).first()
    if proposal is None:
        form.add_error("number", Refusal("assignment_unknown", {"proposal": data["number"], "call": call.code}).error())
        return False
    try:
        appointing.settle(
            proposal,
            data["person"],
            finding=Conflict.Finding.STANDS,
            kind=data["kind"],
            words=data["words"],
            by=request.user,
            at=timezone.now(),
        )
    except Refused as refused:
        form.add_error(None, refused.refusal.error())
        return False
    messages.success(request, _("The conflict of interest is recorded."))
    return True


@require_POST
def retract_conflict(request: PersonRequest, code: str) -> HttpResponse:
    """Take a conflict back that was recorded in error."""
    visible = Proposal.objects.visible_to(request.user).filter(call__code=code)
    conflict = get_object_or_404(Conflict.objects.filter(proposal__in=visible), pk=_key(request, "conflict"))
    try:
        appointing.retract(conflict, reason=request.POST.get("reason", ""), by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.refusal.sentence)
    else:
        messages.success(request, _("The conflict of interest is taken back. The person has to declare anew."))
    return redirect("assignment:conflicts", code=code)


@require_POST
def decide_conflict(request: PersonRequest, code: str) -> HttpResponse:
    """Accept or dismiss the chosen suggestions, all of them as one act."""
    call = get_object_or_404(Call, code=code)
    wanted = set(request.POST.getlist("suggestion"))
    chosen = [
        each for each in suggestions(call, reader=request.user) if f"{each.proposal.pk}-{each.person.pk}" in wanted
    ]
    stands = request.POST.get("finding") == Conflict.Finding.STANDS
    with transaction.atomic():
        for each in chosen:
            appointing.settle(
                each.proposal,
                each.person,
                finding=Conflict.Finding.STANDS if stands else Conflict.Finding.DISMISSED,
                kind=each.kind if stands else "",
                words=each.evidence,
                by=request.user,
                at=timezone.now(),
            )
    if not wanted:
        messages.error(request, _("No suggestion is chosen."))
    elif len(chosen) < len(wanted):
        messages.error(request, _("A suggestion is decided already, or no longer there."))
    if chosen:
        said = ngettext("%(number)s suggestion is decided.", "%(number)s suggestions are decided.", len(chosen))
        messages.success(request, said % {"number": len(chosen)})
    return redirect("assignment:conflicts", code=code)
