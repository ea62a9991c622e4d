"""How a call is counted: by country, by field, by country and funder, each beside what was published.

Counting rule: a proposal counts once, under the country of its primary funder; withdrawn and ineligible ones are left
out. One query counts the call by status, field and funder; every other figure is a sum of those cells.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from calls.models import Call, CallField, PublishedFigure
from partners.models import Country, Funder, in_language
from partners.querysets import funder_order
from proposals.boards.explaining import Explanation, explanations
from proposals.boards.figures import NOT_DECIDED, NOT_PUBLISHED, PUBLISHED, RECORDED_ONLY, Figure, Row, Table, rows_url
from proposals.querysets import ProposalQuerySet
from proposals.status import NOT_COUNTED

Cells = list[dict[str, Any]]
MEASURES = ("proposals", "awards")


def add_up(cells: Iterable[dict[str, Any]], measure: str) -> int:
    """The sum of one measure over cells."""
    return sum(cell[measure] for cell in cells)


@dataclass
class Tallies:
    """The tallies of one call over the proposals one reader may see."""

    call: Call
    proposals: ProposalQuerySet

    @cached_property
    def cells(self) -> Cells:
        return list(self.proposals.cells_by("status", "field", "primary_funder", call=self.call))

    @cached_property
    def counted(self) -> Cells:
        return [cell for cell in self.cells if cell["status"] not in NOT_COUNTED]

    @cached_property
    def funders(self) -> list[Funder]:
        """The funders of the call's counted proposals and published figures, in printed order."""
        used = {cell["primary_funder"] for cell in self.counted}
        used |= {figure.funder_id for figure in self._published if figure.funder_id}
        return list(Funder.objects.filter(pk__in=used).select_related("country").order_by(*funder_order()))

    @cached_property
    def countries(self) -> list[Country]:
        """Their countries, in gojuon order."""
        return list({funder.country_id: funder.country for funder in self.funders}.values())

    @cached_property
    def fields(self) -> list[CallField]:
        """The fields of the call, in its own order."""
        return list(self.call.call_fields.select_related("field"))

    @cached_property
    def is_reconstructed(self) -> bool:
        """Whether proposals of this call were made from published totals."""
        return any(cell["reconstructed"] for cell in self.cells)

    @cached_property
    def is_decided(self) -> bool:
        """Whether the call is released or awards stand in it: before that, no award is no rate of nought."""
        return self.call.progress == Call.Progress.RELEASED or add_up(self.counted, "awards") > 0

    @cached_property
    def explanations(self) -> list[Explanation]:
        """The proposals that explain a difference from what was published."""
        return explanations(self.call, self.proposals) if self._published else []

    # --- the tables --------------------------------------------------------------------------------------------

    @cached_property
    def tables(self) -> list[Table]:
        return [
            self._table("country", _("Proposals by partner country"), _("Country or region"), self._country_rows()),
            self._table("field", _("Proposals by field"), _("Field"), self._field_rows()),
            self._table(
                "country_funder", _("Proposals by partner country and funder"), _("Funder"), self._funder_rows()
            ),
        ]

    @cached_property
    def total(self) -> Row:
        """The whole call."""
        return self._row("", None, code="", label=_("Total"), cells=self.counted, codes={})

    def _country_rows(self) -> Iterable[Row]:
        for country in self.countries:
            funders = {funder.pk for funder in self.funders if funder.country_id == country.pk}
            yield self._row(
                "country",
                country.pk,
                code=country.alpha2,
                label=str(country),
                cells=[cell for cell in self.counted if cell["primary_funder"] in funders],
                codes={"country": country.alpha2},
                because=[reason for reason in self.explanations if reason.funders & funders],
            )

    def _field_rows(self) -> Iterable[Row]:
        for place in self.fields:
            yield self._row(
                "field",
                place.field_id,
                code=place.field.code,
                label=in_language(place.label_as_printed or place.field.name_ja, place.field.name_en),
                cells=[cell for cell in self.counted if cell["field"] == place.field_id],
                codes={"field": place.field.code},
                because=[reason for reason in self.explanations if place.field_id in reason.fields],
            )

    def _funder_rows(self) -> Iterable[Row]:
        above = None
        for funder in self.funders:
            row = self._row(
                "country_funder",
                funder.pk,
                code=funder.code,
                label=funder.label_as_printed if self._published and not funder.is_category else funder.label,
                cells=[cell for cell in self.counted if cell["primary_funder"] == funder.pk],
                codes={"country": funder.country.alpha2, "funder": funder.code},
                because=[reason for reason in self.explanations if funder.pk in reason.funders],
            )
            row.group = "" if funder.country_id == above else str(funder.country)
            above = funder.country_id
            yield row

    def _table(self, key: str, caption: str, header: str, rows: Iterable[Row]) -> Table:
        total = self._row(key, None, code="", label=_("Total"), cells=self.counted, codes={})
        has_awards = not self.is_reconstructed or (key, "awards") in self._printed_tables
        return Table(key, caption, header, list(rows), total, has_awards)

    def _row(
        self,
        dimension: str,
        key: int | None,
        *,
        code: str,
        label: str,
        cells: Cells,
        codes: dict[str, str],
        because: list[Explanation] | None = None,
    ) -> Row:
        proposals, awards = (self.figure(dimension, key, measure, cells, codes) for measure in MEASURES)
        return Row(code, label, proposals, awards, codes, explanations=because or [], is_decided=self.is_decided)

    # --- beside what was printed -------------------------------------------------------------------------------

    def figure(self, dimension: str, key: int | None, measure: str, cells: Cells, codes: dict[str, str]) -> Figure:
        """What the cells add up to beside what was printed; never a number that the source does not hold."""
        recorded = add_up(cells, measure)
        href = rows_url(self.call.code, **codes, **({"awarded": "1"} if measure == "awards" else {}))
        is_printed = (dimension, measure) in self._printed_tables
        if key is None and (is_printed or dimension == ""):
            # A table's total row, or the whole call's where the table prints none.
            printed = self._printed.get((dimension, None, measure), self._printed.get(("", None, measure)))
            if printed is not None:
                return Figure(recorded, printed, PUBLISHED, href)
        elif is_printed:
            return Figure(recorded, self._printed.get((dimension, key, measure), 0), PUBLISHED, href)
        if self.is_reconstructed:
            return Figure(None, None, NOT_PUBLISHED)
        if measure == "awards" and not self.is_decided:
            return Figure(None, None, NOT_DECIDED)
        return Figure(recorded, None, RECORDED_ONLY, href)

    @cached_property
    def _published(self) -> list[PublishedFigure]:
        not_published = PublishedFigure.Status.NOT_PUBLISHED
        return [figure for figure in self.call.published_figures.all() if figure.status != not_published]

    @cached_property
    def _printed(self) -> dict[tuple[str, int | None, str], int | None]:
        """What was printed, by dimension, the row's key (None for a total) and measure."""
        keys = {"country": "country_id", "field": "field_id", "country_funder": "funder_id"}
        return {
            (f.dimension, getattr(f, keys[f.dimension]) if f.dimension else None, f.measure): f.value
            for f in self._published
        }

    @cached_property
    def _printed_tables(self) -> set[tuple[str, str]]:
        return {(figure.dimension, figure.measure) for figure in self._published if figure.dimension}

    def states(self, dimension: str, measure: str) -> bool:
        """Whether the source printed the measure by that dimension; without a dimension, its total."""
        if dimension:
            return (dimension, measure) in self._printed_tables
        return any(key is None and printed == measure for _table, key, printed in self._printed)

    @property
    def has_published(self) -> bool:
        return bool(self._published)
