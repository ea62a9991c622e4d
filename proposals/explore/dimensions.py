"""What proposals can be counted by: each dimension with its column, the filter that leads to its rows, its entries."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db.models import F
from django.db.models.expressions import Combinable
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aspire.kana import order_key
from aspire.templatetags.figures import fiscal
from aspire.untyped import Held
from calls.models import Call, Field
from partners.models import Country, Funder
from proposals.filters import NOT_STATED
from proposals.record.counting import known_institution
from proposals.record.status import Status

Found = Collection[Held]  # what a column holds: keys of records, years, names


@dataclass(frozen=True)
class Member:
    """One row or column: what the database holds, what the address says, what the reader reads."""

    value: Held
    code: str
    label: str


@dataclass(frozen=True)
class Dimension:
    """``key`` names it in the address and names the filter of the list; ``path`` is the column from a proposal.

    ``reckoned`` makes one that no table has, from the path to the proposal.
    """

    key: str
    label: str | Promise
    path: str
    entries: Callable[[Found], list[Member]]
    is_kept: bool = True  # whether the kept tallies know the column
    reckoned: Callable[[str], Combinable] | None = None

    def column(self, of: str = "") -> Combinable:
        """What is counted by; ``of``: the path to the proposal."""
        return self.reckoned(of) if self.reckoned else F(of + self.path)


def calls(found: Found) -> list[Member]:
    return [Member(call.pk, call.code, call.code) for call in Call.objects.newest_first().filter(pk__in=found)]


def fiscal_years(found: Found) -> list[Member]:
    return [Member(year, str(year), fiscal(year)) for year in sorted(found)]


def countries(found: Found) -> list[Member]:
    known = Country.objects.in_gojuon_order().filter(pk__in=found)
    return [Member(country.pk, country.alpha2, country.name) for country in known]


def funders(found: Found) -> list[Member]:
    known = Funder.objects.in_printed_order().select_related("country").filter(pk__in=found)
    return [Member(funder.pk, funder.code, f"{funder.country.name} {funder.label}") for funder in known]


def fields(found: Found) -> list[Member]:
    return [Member(field.pk, field.code, str(field)) for field in Field.objects.filter(pk__in=found)]


def statuses(found: Found) -> list[Member]:
    return [Member(status.value, status.value, str(status.label)) for status in Status if status in found]


def institutions(found: Found) -> list[Member]:
    """In the order of names without a reading; proposals that state none come last."""
    named = [Member(name, name, name) for name in sorted(filter(None, found), key=lambda name: (order_key(name), name))]
    return [*named, Member("", NOT_STATED, _("not stated"))] if "" in found else named


DIMENSIONS = {
    dimension.key: dimension
    for dimension in (
        Dimension("country", gettext_lazy("Country or region"), "primary_funder__country", countries),
        Dimension("funder", gettext_lazy("Funder"), "primary_funder", funders),
        Dimension("field", gettext_lazy("Field"), "field", fields),
        Dimension(
            *("institution", gettext_lazy("Institution"), "known_institution", institutions),
            is_kept=False,
            reckoned=known_institution,
        ),
        Dimension("status", gettext_lazy("Status"), "status", statuses),
        Dimension("fiscal_year", gettext_lazy("Fiscal year"), "call__fiscal_year", fiscal_years),
        Dimension("call", gettext_lazy("Call"), "call", calls),
    )
}
COUNTRY, INSTITUTION = DIMENSIONS["country"], DIMENSIONS["institution"]
