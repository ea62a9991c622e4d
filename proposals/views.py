"""Home, the list of proposals, and one proposal."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from aspire.keyset import POSITION, page_of
from aspire.people import Person, PersonRequest
from proposals.filters import ORDERS, ProposalFilter, sorted_by
from proposals.intake.resource import ProposalResource
from proposals.intake.views import DocumentForm
from proposals.record.models import Award, Proposal
from proposals.record.querysets import DECIDED, IN_CALL, IN_LIST
from proposals.record.status import NOT_COUNTED, Status
from proposals.record.trigrams import effort
from proposals.review.timeline import Timeline

ROWS_A_PAGE = 50
OF_COUNTERPARTS = ("country", "funder__country", "grant_document__proposal")


@require_safe
def proposal_list(request: PersonRequest) -> HttpResponse:
    asked = ProposalFilter(request.GET, queryset=Proposal.objects.visible_to(request.user), request=request)
    rows, call, order = asked.answer().for_list(), asked.asked.get("call"), asked.asked.get("order")
    columns, within = (IN_CALL, {"call_id": call.pk}) if call else (IN_LIST, None)
    if order:
        columns, within = {"order_key": ORDERS[order][0], **IN_LIST}, None
    rows = sorted_by(rows, order) if order else rows.in_order()
    page = page_of(rows, columns, request.GET, size=ROWS_A_PAGE, within=within)
    rest = request.GET.copy()
    for name in ("page", *POSITION):
        rest.pop(name, None)
    reconstructed = any(proposal.is_reconstructed for proposal in page)
    context = {
        "filter": asked,
        "problems": asked.problems,
        "page": page,
        "total": asked.number() if page.has_other_pages else len(page),
        "effort": effort(asked.asked.get("q", "")) if asked.kept is None else None,
        "querystring": rest.urlencode(),
        "export_columns": ProposalResource.export_choices(request.user),
        "has_reconstructed": reconstructed,
        "has_synthetic": any(proposal.call.is_synthetic for proposal in page),
        "is_unpublished_cross": reconstructed and asked.asks_unpublished_cross,
    }
    return render(request, "proposals/list.html", context)


@require_safe
def detail(request: PersonRequest, number: str) -> HttpResponse:
    proposals = Proposal.objects.visible_to(request.user).for_list().select_related("terms")
    proposal = get_object_or_404(proposals, number=number)
    return render(request, "proposals/detail.html", facts(proposal, request.user))


@require_safe
def timeline(request: PersonRequest, number: str) -> HttpResponse:
    proposals = Proposal.objects.visible_to(request.user).select_related("call")
    proposal = get_object_or_404(proposals, number=number)
    context = {"proposal": proposal, "entries": Timeline(proposal).entries()}
    return render(request, "proposals/timeline.html", context)


def facts(proposal: Proposal, user: Person) -> dict[str, Any]:
    """The proposal with its costs, what each year leaves under the ceiling (yen), its partners and its award."""
    limits, visible = proposal.terms.limits, Proposal.objects.fields_visible_to(user)
    costs = [(cost, limits.remaining_yen(cost.direct_yen, cost.indirect_yen)) for cost in proposal.costs.all()]
    award: Award | None = proposal.released_award
    asked = {cost.fiscal_year: cost.total_yen for cost, _left in costs}
    return {
        "proposal": proposal,
        "is_decided": proposal.status in DECIDED,
        "has_left": proposal.status in NOT_COUNTED,
        "may_leave": not proposal.is_reconstructed and proposal.status in (Status.RECEIVED, Status.IN_REVIEW),
        "follow_ups": list(proposal.follow_ups.filter(done_at=None)),
        "co_investigators": list(proposal.co_investigators.all()) if "counterparts" in visible else [],
        "visible": visible,
        "costs": costs,
        "ceiling_yen": limits.annual_ceiling_yen,
        "documents": list(proposal.documents.present().select_related("sent_by")),
        "document_form": DocumentForm(),
        "counterparts": list(
            proposal.counterparts.select_related("country", "funder__country", "grant_document__proposal")
        ),
        "award": award,
        "amounts": [(each, asked.get(each.fiscal_year)) for each in award.amounts.all()] if award else [],
    }
