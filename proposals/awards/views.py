"""The pages of ``/awards/``: the ranking and its marks, sets side by side, packets and letters."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import BaseForm
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from aspire.people import PersonRequest
from aspire.refusals import Refusal, Refused
from aspire.sheets.views import XLSX, attachment
from calls.models import Call
from proposals.awards import release as releasing
from proposals.awards.comparison import compare, room_of, weighed
from proposals.awards.decisions import rehearse, stage
from proposals.awards.desk import MARKED_IN, AwardPage, Case, case_of
from proposals.awards.forms import BatchForm, CommentForm, EmbargoForm, MarkForm, RankingFilter, WhatIfForm
from proposals.awards.packets import Dossier
from proposals.fund.fund import left_of_fund
from proposals.models import Packet
from proposals.record.status import Decision

ROWS_A_PAGE = 50


def desk_for(request: PersonRequest, code: str, *, to_mark: bool = False) -> AwardPage:
    """The award page of a call, for whom it exists; ``to_mark``: for whom it can be written on now."""
    desk = AwardPage(get_object_or_404(Call, code=code), request.user)
    if not desk.is_open_to_them or (to_mark and not desk.may_mark):
        raise Http404
    return desk


def ranking_url(code: str, query: str = "", *, at: str = "") -> str:
    """The ranking, filtered as it was, at a row of it."""
    kept = QueryDict(query).urlencode()
    return reverse("awards:ranking", args=[code]) + (f"?{kept}" if kept else "") + (f"#{at}" if at else "")


@require_safe
def index(request: PersonRequest) -> HttpResponse:
    calls = Call.objects.filter(progress__in=[Call.Progress.IN_REVIEW, *MARKED_IN])
    return render(request, "awards/index.html", {"calls": calls})


@require_safe
def ranking(request: PersonRequest, code: str) -> HttpResponse:
    """The desk of a call: its ranking with the bar that says what the chosen ones would take."""
    return ranking_page(request, desk_for(request, code))


def ranking_page(request: PersonRequest, desk: AwardPage, **more: object) -> HttpResponse:
    asked = RankingFilter(request.GET, desk=desk)
    found = desk.chosen(**asked.asked)
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    rest = request.GET.copy()
    rest.pop("page", None)
    context = {"desk": desk, "call": desk.call, "filter": asked, "page": page, "rows": weighed(desk.rows(page))}
    context |= {"querystring": rest.urlencode(), "back": request.GET.urlencode(), "total": len(found)}
    context["batch"] = BatchForm(None, desk=desk, field=asked.asked["field"])
    fund_left_yen = None if desk.is_lead else left_of_fund(desk.call, reader=desk.user)
    context["room"] = room_of(desk.spending, fund_left_yen=fund_left_yen)
    context["reserves"] = desk.chosen(field=asked.asked["field"], decision=Decision.RESERVE)
    return render(request, "awards/ranking.html", context | more)


def case_for(desk: AwardPage, number: str) -> Case:
    case = case_of(desk, number)
    if case is None:
        raise Http404
    return case


def proposal(request: PersonRequest, code: str, number: str) -> HttpResponse:
    """One proposal with its reviews, and its mark; ``part`` answers with what unfolds in the ranking."""
    desk = desk_for(request, code, to_mark=request.method == "POST")
    case, back = case_for(desk, number), request.POST.get("back", request.GET.get("back", ""))
    form, refusals = MarkForm(request.POST or None, case=case), tuple[Refusal, ...]()
    if request.method == "POST" and form.is_valid():
        refusals = attempted(lambda: stage(desk.call, [form.wish], by=desk.user, at=timezone.now()))
        if not refusals:
            messages.success(request, _("The mark of %(number)s is staged.") % {"number": number})
            return redirect(ranking_url(code, back, at=number))
    name = "awards/_case.html" if "part" in request.GET else "awards/proposal.html"
    context = {"desk": desk, "call": desk.call, "case": case, "form": form, "refusals": refusals, "back": back}
    return render(request, name, context, status=409 if refusals else 200)


def attempted(decide: Callable[[], object]) -> tuple[Refusal, ...]:
    """Do it; what the rules refuse comes back, and nothing of it is saved."""
    try:
        decide()
    except Refused as refused:
        return refused.refusals
    return ()


def batch(request: PersonRequest, code: str) -> HttpResponse:
    """A batch: what it would do, and, once confirmed, all of it or nothing."""
    desk, back = desk_for(request, code, to_mark=request.method == "POST"), request.POST.get("back", "")
    if request.method != "POST":
        return redirect(ranking_url(code))
    form = BatchForm(request.POST, desk=desk)
    context = {"desk": desk, "call": desk.call, "form": form, "back": back}
    if not form.is_valid():
        return render(request, "awards/batch.html", context, status=400)
    if "confirmed" in request.POST:
        refusals = attempted(lambda: stage(desk.call, form.wishes, by=desk.user, at=timezone.now()))
        if not refusals:
            messages.success(request, _("%(count)s marks are staged.") % {"count": len(form.wishes)})
            return redirect(ranking_url(code, back))
    found = rehearse(desk.call, form.wishes, by=request.user, at=timezone.now())
    if "part" in request.POST:
        return render(request, "awards/_rehearsed.html", context | {"rehearsal": found})
    context |= {"rehearsal": found, "outcomes": form.outcomes}
    return render(request, "awards/batch.html", context, status=409 if found.refusals else 200)


@require_GET
def what_if(request: PersonRequest, code: str) -> HttpResponse:
    """The desk with two sets side by side; the address says which, and marks nothing."""
    desk = desk_for(request, code)
    form = WhatIfForm(request.GET, desk=desk)
    comparison = compare(desk, *form.picks) if form.is_valid() else None
    return ranking_page(request, desk, form=form, found=comparison)


# --- packets --------------------------------------------------------------------------------------------------------


@require_safe
def packet(request: PersonRequest, code: str) -> HttpResponse:
    return packet_page(request, desk_for(request, code))


def packet_page(
    request: PersonRequest, desk: AwardPage, *, refusals: Sequence[Refusal] = (), form: BaseForm | None = None
) -> HttpResponse:
    """The packet with what each person may do with it, and the refusals of what was just tried."""
    context: dict[str, Any] = {"desk": desk, "call": desk.call, "dossier": Dossier(desk), "refusals": refusals}
    context |= {
        "tried": form,
        "can_export": desk.is_staff and bool(releasing.told(desk.call, desk.user)),
    }
    context["embargo"] = EmbargoForm(instance=desk.call)
    return render(request, "awards/packet.html", context, status=409 if refusals else 200)


Act = Callable[[AwardPage, str], object]


def acted(request: PersonRequest, code: str, act: Act, *, said: str, needs_reason: bool = False) -> HttpResponse:
    """Do one act on a packet with the comment that was written, or say why not."""
    desk = desk_for(request, code)
    form = CommentForm(request.POST, is_required=needs_reason)
    if not form.is_valid():
        return packet_page(request, desk, form=form)
    refusals = attempted(lambda: act(desk, form.cleaned_data["comment"]))
    if refusals:
        return packet_page(request, AwardPage(desk.call, desk.user), refusals=refusals)
    messages.success(request, said)
    return redirect("awards:packet", code)


def waiting(desk: AwardPage) -> Packet:
    """The packet that waits; where none does any more, somebody else was faster."""
    if desk.packet is None:
        raise Http404
    return desk.packet


@require_POST
def submit(request: PersonRequest, code: str) -> HttpResponse:
    def act(desk: AwardPage, comment: str) -> object:
        return releasing.submit(desk.call, by=desk.user, at=timezone.now(), comment=comment)

    return acted(request, code, act, said=_("The marks are submitted for release."))


@require_safe
def result(request: PersonRequest, code: str) -> HttpResponse:
    """What a release would make known, as it will be told, and the one question whether it may."""
    desk = desk_for(request, code)
    dossier = Dossier(desk)
    if not dossier.may_release:
        raise Http404
    return render(request, "awards/result.html", {"desk": desk, "call": desk.call, "dossier": dossier})


@require_POST
def release(request: PersonRequest, code: str) -> HttpResponse:
    def act(desk: AwardPage, comment: str) -> object:
        return releasing.release(waiting(desk), by=desk.user, at=timezone.now(), comment=comment)

    return acted(request, code, act, said=_("The packet is released. Nobody has been told yet."))


@require_POST
def send_back(request: PersonRequest, code: str) -> HttpResponse:
    def act(desk: AwardPage, comment: str) -> object:
        return releasing.send_back(waiting(desk), by=desk.user, at=timezone.now(), comment=comment)

    return acted(request, code, act, said=_("The packet is sent back."), needs_reason=True)


@require_POST
def undo(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    def act(desk: AwardPage, comment: str) -> object:
        packet = get_object_or_404(desk.call.packets, pk=pk)
        return releasing.undo(packet, by=desk.user, at=timezone.now(), reason=comment)

    return acted(request, code, act, said=_("The release is undone; its marks are staged again."), needs_reason=True)


@require_POST
def embargo(request: PersonRequest, code: str) -> HttpResponse:
    """Say until when only managers see what is released."""
    desk = desk_for(request, code)
    form = EmbargoForm(request.POST, instance=desk.call)
    if not form.is_valid():
        return packet_page(request, AwardPage(get_object_or_404(Call, code=code), request.user), form=form)
    form.save()
    messages.success(request, _("The embargo is set.") if desk.call.embargo_until else _("There is no embargo."))
    return redirect("awards:packet", code)


@require_safe
def letters(request: PersonRequest, code: str, form: str) -> HttpResponse:
    """What applicants are to be told, once it is released."""
    desk = desk_for(request, code)
    told = releasing.told(desk.call, request.user)
    if form not in ("xlsx", "csv") or not told:
        raise Http404
    data = releasing.letters(told, form=form, language=request.LANGUAGE_CODE)
    name = f"{code}_letters_{timezone.localdate():%Y-%m-%d}_{request.LANGUAGE_CODE}.{form}"
    return attachment(data, name, XLSX if form == "xlsx" else "text/csv; charset=utf-8")
