"""The partners: all of them, one country, one funder."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aspire.people import PersonRequest
from aspire.roles import STAFF, roles_of
from calls.models import EligibleFunder
from partners.models import Country, Dialogue, Funder, Initiative
from proposals.partnerships.ledger import MEASURES, Ledger, Matrix, timeline
from proposals.partnerships.worldmap import Counted, world_map
from proposals.record.models import Proposal
from proposals.tallies.books import Books, Slice, of_country, of_funder


def books_for(request: PersonRequest) -> Books:
    """The tallies of all calls as their reader may see them, now."""
    return Books(Proposal.objects.visible_to(request.user), at=timezone.now())


def asked_measure(request: PersonRequest) -> str:
    """What the reader wants counted: proposals, unless the address asks for awards."""
    measure = request.GET.get("measure", "")
    return measure if measure in MEASURES else MEASURES[0]


def partner_page(request: PersonRequest, part: Slice, funders: list[Funder], **of: object) -> dict[str, Any]:
    """What the pages of a country and of a funder share: the ledger, what was said, and the timeline."""
    ledger = Ledger(books_for(request), part)
    dialogues = list(Dialogue.objects.filter(**of).select_related("funder__country"))
    eligible = EligibleFunder.objects.filter(funder__in=funders).select_related("call", "funder")
    return {"ledger": ledger, "dialogues": dialogues, "eligible": eligible, "as_of": ledger.books.at}


@require_safe
def index(request: PersonRequest) -> HttpResponse:
    funders = list(Funder.objects.in_printed_order().select_related("country"))
    matrix = Matrix(books_for(request), asked_measure(request), request.GET.get("calls", ""))
    countries = list(Country.objects.for_index())
    rows = matrix.of_countries(countries, funders)
    initiatives = Initiative.objects.select_related("country")
    context = {"matrix": matrix, "rows": rows, "funders": funders, "initiatives": initiatives}
    context |= {"whole": matrix.whole(), "dialogues": Dialogue.objects.count()}
    context["map"] = world_map(
        Counted(each.alpha2, row.label, row.total.recorded, each.get_absolute_url())
        for each, row in zip(countries, rows, strict=True)
    )
    context |= {"may_match": bool(roles_of(request.user) & STAFF), "as_of": matrix.books.at}
    return render(request, "partnerships/index.html", context)


@require_safe
def country(request: PersonRequest, alpha2: str) -> HttpResponse:
    found = get_object_or_404(Country, alpha2=alpha2)
    funders = list(found.funders.in_printed_order().select_related("country"))
    page = partner_page(request, of_country(found, funders), funders, country=found)
    initiatives = list(found.initiatives.all())
    matrix = Matrix(page["ledger"].books, asked_measure(request))
    page |= {"events": timeline(page["ledger"], page["dialogues"], initiatives, page["eligible"])}
    page |= {"matrix": matrix, "rows": matrix.of_funders(funders), "initiatives": initiatives}
    page["whole"] = matrix.whole(of_country(found, funders))
    return render(request, "partnerships/country.html", {"country": found, "funders": funders, **page})


@require_safe
def funder(request: PersonRequest, alpha2: str, funder: str) -> HttpResponse:
    found = get_object_or_404(Funder.objects.select_related("country"), country__alpha2=alpha2, code=funder)
    page = partner_page(request, of_funder(found), [found], funder=found)
    page |= {"events": timeline(page["ledger"], page["dialogues"], [], page["eligible"])}
    return render(request, "partnerships/funder.html", {"funder": found, **page})
