"""What a call has, has released, has staged and has left: as a whole, by fiscal year, by field and by country."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Sum

from aspire.people import Person
from aspire.untyped import Held
from calls.hidden import is_partly_hidden
from calls.models import Call
from partners.models import Country
from proposals.record.models import AnnualAward, Proposal
from proposals.record.status import Status


@dataclass(frozen=True)
class Bar:
    """One bar, in whole yen. ``limit_yen``: the pot or the slice; None where there is none."""

    key: Held
    label: str
    limit_yen: int | None
    released_yen: int
    staged_yen: int

    @property
    def taken_yen(self) -> int:
        return self.released_yen + self.staged_yen

    @property
    def left_yen(self) -> int | None:
        return None if self.limit_yen is None else self.limit_yen - self.taken_yen


@dataclass(frozen=True)
class Spending:
    """The money of a call at one moment: fields in the call's order, countries in gojuon order, years by date.

    ``is_partly_hidden``: what the reader may not see of the call is in none of it, also where nothing of that is given.
    """

    total: Bar
    years: list[Bar]
    fields: list[Bar]
    countries: list[Bar]
    released_count: int
    staged_count: int
    max_awards: int | None
    is_partly_hidden: bool = False

    @property
    def left_count(self) -> int | None:
        """How many awards may still be staged."""
        taken = self.released_count + self.staged_count
        return None if self.max_awards is None else self.max_awards - taken


def restored(stored: Mapping[str, Any]) -> Spending:
    """The money as it was kept."""
    lines = {name: [Bar(**line) for line in stored[name]] for name in ("years", "fields", "countries")}
    return Spending(**{**stored, **lines, "total": Bar(**stored["total"])})


def spending(call: Call, *, reader: Person | AnonymousUser) -> Spending:
    """The call's money as stored now, for one reader.

    Only awards count that no conflict of interest and no embargo hides from the reader: beside those that are shown, a
    sum of all would tell the others to the yen.
    """
    call = Call.objects.get(pk=call.pk)
    proposal = "award__proposal"
    awarded = Proposal.objects.filter(call=call, award__isnull=False)
    shown = awarded.without_conflicts_of(reader).without_embargoed_for(reader).order_by()
    rows = list(
        AnnualAward.objects.filter(award__proposal__in=shown)
        .order_by()
        .values(
            "fiscal_year",
            field=F(f"{proposal}__field"),
            country=F(f"{proposal}__primary_funder__country"),
            status=F(f"{proposal}__status"),
        )
        .annotate(yen=Sum(F("direct_yen") + F("indirect_yen")))
    )

    slices = dict(call.slices.values_list("fiscal_year", "limit_yen"))
    years = sorted({row["fiscal_year"] for row in rows} | set(slices))
    countries = Country.objects.filter(pk__in={row["country"] for row in rows}).in_gojuon_order()
    places = call.call_fields.select_related("field")
    statuses = list(shown.values_list("status", flat=True))
    return Spending(
        total=_line(rows, "", "", call.pot_yen),
        years=[_line(rows, year, str(year), slices.get(year), fiscal_year=year) for year in years],
        fields=[_line(rows, place.field.code, str(place.field), field=place.field_id) for place in places],
        countries=[_line(rows, country.alpha2, str(country), country=country.pk) for country in countries],
        released_count=statuses.count(Status.AWARDED),
        staged_count=len(statuses) - statuses.count(Status.AWARDED),
        max_awards=call.max_awards,
        is_partly_hidden=is_partly_hidden(call, reader),
    )


def _line(rows: list[dict[str, Any]], key: object, label: str, limit: int | None = None, **of: object) -> Bar:
    """What the rows of a year, field or country take; of all of them where none is named."""
    held = [row for row in rows if all(row[name] == value for name, value in of.items())]
    released = sum(row["yen"] for row in held if row["status"] == Status.AWARDED)
    return Bar(key, label, limit, released, sum(row["yen"] for row in held) - released)
