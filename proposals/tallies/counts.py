"""How a call is counted: by country, by field, by country and funder, each beside what was published.

Counting rule: a proposal counts once, under the country of its primary funder; withdrawn and ineligible ones are left
out. One query counts the call by status, field and funder; every other figure is a sum of those cells.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from calls.models import Call, CallField, Field, PublishedFigure
from partners.models import Country, Funder, funder_order, in_language
from proposals.record.querysets import ProposalQuerySet
from proposals.record.status import NOT_COUNTED
from proposals.tallies.board import Explanation, Place, explanations
from proposals.tallies.figures import (
    DERIVED,
    LEFT_UNPUBLISHED,
    NOT_DECIDED,
    NOT_PUBLISHED,
    NOT_STATED,
    PUBLISHED,
    RECORDED_ONLY,
    Figure,
    Row,
    Table,
    rows_url,
)

Cells = list[dict[str, Any]]


class Heading(NamedTuple):
    """How a row is called, its code in addresses, and the country that it is the first of."""

    label: str
    code: str = ""
    group: str = ""


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
        """By status, field, funder and terms."""
        dimensions = ("status", "field", "primary_funder", "terms")
        return list(self.proposals.cells_by(*dimensions, by_lines=self.proposals.is_whole(), call=self.call))

    @cached_property
    def counted(self) -> Cells:
        return [cell for cell in self.cells if cell["status"] not in NOT_COUNTED]

    @cached_property
    def funders(self) -> list[Funder]:
        """The funders of the call's counted proposals and published figures, in printed order."""
        used = {cell["primary_funder"] for cell in self.counted}
        used |= {figure.funder_id for figure in self.published if figure.funder_id}
        return list(Funder.objects.filter(pk__in=used).select_related("country").order_by(*funder_order()))

    @cached_property
    def countries(self) -> list[Country]:
        """Their countries and those of published figures, in gojuon order."""
        found = {funder.country_id: funder.country for funder in self.funders}
        published = {figure.country_id for figure in self.published if figure.country_id}
        if published <= found.keys():
            return list(found.values())
        return list(Country.objects.in_gojuon_order().filter(pk__in=found.keys() | published))

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

    @property
    def has_rates(self) -> bool:
        """Whether its awards can be held against its proposals: not while the call is being decided, or again so."""
        return self.is_decided and self.call.progress != Call.Progress.DECIDING

    @cached_property
    def explanations(self) -> list[Explanation]:
        """The proposals that explain a difference from what was published."""
        rows = [("", self.total), *((table.key, row) for table in self._bare_tables for row in table.all_rows)]
        figures = {(table, row.key, name): getattr(row, name) for table, row in rows for name in MEASURES}
        differences = {place: figure.difference for place, figure in figures.items() if figure.difference}
        return explanations(self.call, self.proposals, differences)

    # --- the tables --------------------------------------------------------------------------------------------

    @cached_property
    def tables(self) -> list[Table]:
        """By country, by field, by country and funder, each row with the proposals that explain its differences."""
        return [
            replace(
                table,
                rows=[self._explained(table.key, row) for row in table.rows],
                total=self._explained(table.key, table.total),
            )
            for table in self._bare_tables
        ]

    def _explained(self, table: str, row: Row) -> Row:
        places: set[Place] = {(table, row.key, measure) for measure in MEASURES}
        return replace(row, explanations=[reason for reason in self.explanations if reason.places & places])

    @cached_property
    def _bare_tables(self) -> list[Table]:
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
        return self._row("", None, Heading(_("Total")), self.counted, {})

    def _country_rows(self) -> Iterable[Row]:
        for country in self.countries:
            funders = {funder.pk for funder in self.funders if funder.country_id == country.pk}
            yield self._row(
                "country",
                country.pk,
                Heading(str(country), country.alpha2),
                [cell for cell in self.counted if cell["primary_funder"] in funders],
                {"country": country.alpha2},
            )

    def _field_rows(self) -> Iterable[Row]:
        for field, label in self._labelled_fields():
            yield self._row(
                "field",
                field.pk,
                Heading(in_language(label or field.name_ja, field.name_en), field.code),
                [cell for cell in self.counted if cell["field"] == field.pk],
                {"field": field.code},
            )

    def _labelled_fields(self) -> Iterable[tuple[Field, str]]:
        """The fields of the call with their printed labels, then those that only a publication names."""
        offered = {place.field_id for place in self.fields}
        yield from ((place.field, place.label_as_printed) for place in self.fields)
        further = {figure.field_id for figure in self.published if figure.field_id} - offered
        if further:
            yield from ((field, self._field_labels.get(field.pk, "")) for field in Field.objects.filter(pk__in=further))

    def _funder_rows(self) -> Iterable[Row]:
        above = None
        for funder in self.funders:
            label = funder.label if funder.is_category else self._printed_labels.get(funder.pk, funder.label)
            group = "" if funder.country_id == above else str(funder.country)
            yield self._row(
                "country_funder",
                funder.pk,
                Heading(label, funder.code, group),
                [cell for cell in self.counted if cell["primary_funder"] == funder.pk],
                {"country": funder.country.alpha2, "funder": funder.code},
            )
            above = funder.country_id

    def _table(self, key: str, caption: str, header: str, rows: Iterable[Row]) -> Table:
        total = self._row(key, None, Heading(_("Total")), self.counted, {})
        has_awards = not self.is_reconstructed or self.states(key, "awards")
        return Table(key, caption, header, list(rows), total, has_awards)

    def _row(self, dimension: str, key: int | None, heading: Heading, cells: Cells, codes: dict[str, str]) -> Row:
        proposals, awards = (self.figure(dimension, key, measure, cells, codes) for measure in MEASURES)
        return Row(
            heading.code, heading.label, proposals, awards, codes, heading.group, key=key, is_decided=self.has_rates
        )

    # --- beside what was printed -------------------------------------------------------------------------------

    def figure(self, dimension: str, key: int | None, measure: str, cells: Cells, codes: dict[str, str]) -> Figure:
        """What the cells add up to beside what was published; never a number that the source does not hold."""
        recorded = add_up(cells, measure)
        href = rows_url(self.call.code, **codes, **({"awarded": "1"} if measure == "awards" else {}))
        stated = self._stated(dimension, key, measure)
        status = stated.status if stated else ""
        if stated and status == PublishedFigure.Status.PUBLISHED:
            return Figure(recorded, stated.value, PUBLISHED, href, source=stated.quoted_from)
        if stated and status == PublishedFigure.Status.DERIVED:
            return Figure(recorded, None, DERIVED, href, derived=stated.value, source=stated.quoted_from)
        if self.is_reconstructed and (stated or not self.states(dimension, measure)):
            return Figure(None, None, NOT_PUBLISHED)
        if measure == "awards" and not self.is_decided:
            return Figure(None, None, NOT_DECIDED)
        if stated:
            return Figure(recorded, None, LEFT_UNPUBLISHED, href, source=stated.quoted_from)
        is_partly_stated = (dimension, measure) in self._stated_tables
        return Figure(recorded, None, NOT_STATED if is_partly_stated else RECORDED_ONLY, href)

    @cached_property
    def published(self) -> list[PublishedFigure]:
        """What publications say of the call, also where they say that a number is not published."""
        return list(self.call.published_figures.all())

    @property
    def has_published(self) -> bool:
        return bool(self.published)

    @cached_property
    def _by_place(self) -> dict[Place, PublishedFigure]:
        """The same by dimension, the row's key (None for a total) and measure."""
        keys = {"country": "country_id", "field": "field_id", "country_funder": "funder_id"}
        return {
            (each.dimension, getattr(each, keys[each.dimension]) if each.dimension else None, each.measure): each
            for each in self.published
        }

    def _stated(self, dimension: str, key: int | None, measure: str) -> PublishedFigure | None:
        """What is published of a place; of a table's total, that of the whole call where the table has none."""
        found = self._by_place.get((dimension, key, measure))
        if found or key is not None or (self.is_reconstructed and not self.states(dimension, measure)):
            return found
        return self._by_place.get(("", None, measure))

    @cached_property
    def _printed_labels(self) -> dict[int, str]:
        """How this call's own publication wrote its funders, misprints and all."""
        return {each.funder_id: label for each in self.published if each.funder_id and (label := each.label_as_printed)}

    @property
    def _field_labels(self) -> dict[int, str]:
        return {each.field_id: each.label_as_printed for each in self.published if each.field_id}

    @cached_property
    def _stated_tables(self) -> set[tuple[str, str]]:
        """Tables of which any number is published, by dimension and measure."""
        return {(each.dimension, each.measure) for each in self.published if each.dimension}

    @cached_property
    def _whole_tables(self) -> set[tuple[str, str]]:
        """Those of which no row is kept back and whose rows come to the total, where one is stated."""
        return {table for table in self._stated_tables if self._is_whole(*table)}

    def _is_whole(self, dimension: str, measure: str) -> bool:
        table = ((key, each) for (name, key, of), each in self._by_place.items() if (name, of) == (dimension, measure))
        rows = [each.value for key, each in table if key is not None]
        total = self._total(dimension, measure)
        return bool(rows) and None not in rows and total in (None, sum(value or 0 for value in rows))

    def _total(self, dimension: str, measure: str) -> int | None:
        """The stated total of a table, or of the whole call."""
        total = self._by_place.get((dimension, None, measure)) or self._by_place.get(("", None, measure))
        return total.value if total else None

    def states(self, dimension: str, measure: str) -> bool:
        """Whether the source prints the whole table of the measure by that dimension; without one, its total."""
        return (dimension, measure) in self._whole_tables if dimension else self._total("", measure) is not None
