"""Those who take part beside the principal investigator, as columns of a file: a group of columns for each person."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aspire.sheets.tables import copy
from aspire.untyped import Held
from aspire.workbooks.cells import Cell
from aspire.workbooks.codes import ResearcherNumber
from aspire.workbooks.columns import StrictField
from aspire.workbooks.faults import SENTENCES
from aspire.workbooks.widgets import BadCell, Kind, Parsed, StrictWidget, Text, plain
from partners.models import Funder
from partners.sheets import by_country
from proposals.intake.contract import Contract
from proposals.intake.fields import Address, filled
from proposals.record.models import CoInvestigator, Counterpart, Proposal

SENTENCES.update(
    {
        "percent_not_read": _("“%(value)s” is no share of working time. Write a whole number from 0 to 100."),
        "people_leave_a_gap": _(
            "“%(header)s” is empty, but somebody stands after it. Move those who follow one group forward."
        ),
    }
)
WHOLE = 100  # percent
Member = list[Any]  # of a person, a text or number for each column of the group; the empty value where none is known


class Percent(StrictWidget):
    """A share of working time: a whole number from 0 to 100, with the sign or without."""

    def read(self, cell: Cell) -> Parsed:
        typed = plain(cell.text).removesuffix("%").rstrip()
        if cell.kind not in {"text", "number"} or not (typed.isascii() and typed.isdigit() and int(typed) <= WHOLE):
            raise BadCell("percent_not_read")
        return Parsed(int(typed), None if cell.text == typed else cell.text)


@dataclass(frozen=True)
class Group:
    """The people of one sort: how many a file has columns for, which columns each has, and what these stand for."""

    name: str  # in the columns, and with an s of a row's values
    model: type[Model]
    places: range
    offered: int  # up to which place a template has columns, where nobody is stored
    attributes: Mapping[str, str]  # the end of a column's name → the model's field

    def column(self, place: int, end: str) -> str:
        """The column's name; of counterparts the first has no number."""
        number = "" if self.model is Counterpart and place == 1 else place
        return f"{self.name}{number}_{end}"

    @cached_property
    def by_place(self) -> dict[int, dict[str, str]]:
        """The columns of each place, each with its end; the first counterpart's funder is the proposal's."""
        found = {place: {self.column(place, end): end for end in self.attributes} for place in self.places}
        if self.model is Counterpart:
            found[1] = {name: end for name, end in found[1].items() if end not in {"country", "funder"}}
        return found

    @cached_property
    def stored(self) -> list[str]:
        """The columns of the table."""
        return [OF_REFERENCES.get(attribute, attribute) for attribute in self.attributes.values()]

    @cached_property
    def all_columns(self) -> list[tuple[int, str, str]]:
        """Place, column and end of its name."""
        return [(place, name, end) for place, columns in self.by_place.items() for name, end in columns.items()]

    @cached_property
    def names(self) -> frozenset[str]:
        """The columns of all places."""
        return frozenset(name for _place, name, _end in self.all_columns)

    @cached_property
    def at(self) -> dict[str, int]:
        """Where in a member the value of a column's end stands."""
        return {end: index for index, end in enumerate(self.attributes)}

    def empty(self) -> Member:
        return [None if end == "effort" else "" for end in self.attributes]


COUNTERPARTS = Group(
    "counterpart",
    Counterpart,
    range(1, 5),
    2,
    {"name": "person", "institution": "institution", "country": "country__alpha2", "funder": "funder__code",
     "email": "email"},
)  # fmt: skip
CO_INVESTIGATORS = Group(
    "co_investigator",
    CoInvestigator,
    range(1, 6),
    2,
    {"name": "person", "number": "researcher_number", "institution": "institution", "effort": "effort_percent"},
)
GROUPS = (COUNTERPARTS, CO_INVESTIGATORS)
OF_REFERENCES = {"country__alpha2": "country_id", "funder__code": "funder_id"}
LABELS: dict[str, tuple[Promise, Promise, str, Callable[[], StrictWidget]]] = {
    "counterpart_name": (_("Counterpart %(place)s"), _("A further researcher abroad."), "Ada King", partial(Text, 100)),
    "counterpart_institution": (
        _("Counterpart %(place)s: institution"), _("Where that researcher works."), "University of Oxbridge",
        partial(Text, 200),
    ),
    "counterpart_country": (
        _("Counterpart %(place)s: country or region"), _("Where that institution is."), "GB", by_country,
    ),
    "counterpart_funder": (
        _("Counterpart %(place)s: funder"), _("Its code; empty where none is known."), "GB-UKRI", partial(Text, 200),
    ),
    "counterpart_email": (_("Counterpart %(place)s: e-mail"), _("Of that researcher."), "ada@example.org", Address),
    "co_investigator_name": (
        _("Co-investigator %(place)s"), _("Family name and given name, with a space between."),
        "\u6a4b\u672c \u5065", partial(Text, 100),
    ),
    "co_investigator_number": (
        _("Co-investigator %(place)s: researcher number"), _("The 8 digits of e-Rad, leading zeros included."),
        "00123456", ResearcherNumber,
    ),
    "co_investigator_institution": (
        _("Co-investigator %(place)s: institution"), _("Where that researcher works."),
        "\u6771\u90fd\u5927\u5b66", partial(Text, 200),
    ),
    "co_investigator_effort": (
        _("Co-investigator %(place)s: effort (%%)"), _("Share of working time in a year, 0 to 100."), "20", Percent,
    ),
}  # fmt: skip


def people_fields() -> dict[str, StrictField]:
    """The columns of all groups, less those of the first counterpart that are declared by themselves."""
    widgets = {end: widget() for end, (_label, _meaning, _example, widget) in LABELS.items()}
    found = {}
    for group in GROUPS:
        for place, name, end in group.all_columns:
            label, meaning, example, _widget = LABELS[like := f"{group.name}_{end}"]
            kind: Kind | None = "code" if end == "funder" else None
            found[name] = StrictField(name, filled(label, place=place), meaning, example, widgets[like], kind=kind)
    return found


def used(group: Group, people: Iterable[Mapping[str, Held]]) -> list[str]:
    """The columns of the places that any of these records fills, by its values."""
    values = list(people)
    filled = {place for place, name, _end in group.all_columns if any(each.get(name) for each in values)}
    return [name for place, name, _end in group.all_columns if place <= max(filled, default=0)]


def members(group: Group, proposal: Proposal | None) -> list[Member]:
    """Who of the sort stands on the proposal, in order; read with it."""
    if proposal is None:
        return []
    if group is COUNTERPARTS:
        return [
            [each.person, each.institution, each.country.alpha2, each.funder.code if each.funder else "", each.email]
            for each in proposal.counterparts.all()
        ]
    return [
        [each.person, each.researcher_number, each.institution, each.effort_percent]
        for each in proposal.co_investigators.all()
    ]


def by_column(group: Group, people: Sequence[Member]) -> dict[str, Held]:
    """Their values by column; of places beyond, empty ones."""
    found: dict[str, Held] = {}
    empty = group.empty()
    for place, name, end in group.all_columns:
        member = people[place - 1] if place <= len(people) else empty
        found[name] = member[group.at[end]]
    return found


def stored_people(proposals: Sequence[int]) -> Iterator[tuple[int, dict[str, Held]]]:
    """Of each of the proposals, who takes part, by column; a statement for each sort."""
    for group in GROUPS:
        found: dict[int, list[Member]] = {}
        rows = group.model._default_manager.filter(proposal__in=proposals).order_by("pk")
        for pk, *values in rows.values_list("proposal", *group.attributes.values()):
            found.setdefault(pk, []).append([value if value is not None or end == "effort" else ""
                                             for end, value in zip(group.attributes, values, strict=True)])  # fmt: skip
        for pk, people in found.items():
            yield pk, {name: value for name, value in by_column(group, people).items() if value not in (None, "")}


# --- writing -----------------------------------------------------------------------------------------------------

Written = tuple[int, Funder, list[Member]]  # a proposal's key, its primary funder, and who takes part


def create_people(group: Group, rows: Iterable[Written], contract: Contract) -> None:
    """Write those of new proposals, by one COPY."""
    _known = contract.countries, contract.funder_by_code  # read before, since COPY lets nobody ask meanwhile
    made = (
        (proposal, *_values(group, place, member, primary, contract))
        for proposal, primary, people in rows
        for place, member in enumerate(people, 1)
    )
    copy(group.model, ("proposal_id", *group.stored), made)


def change_people(group: Group, rows: Iterable[Written], contract: Contract) -> None:
    """Correct those who stand at a place, add those who are new, and take out those who are gone."""
    written, stored = list(rows), dict[int, list[Any]]()
    each: Any
    for each in group.model._default_manager.filter(proposal__in=[row[0] for row in written]).order_by("pk"):
        stored.setdefault(each.proposal_id, []).append(each)
    new, changed, gone = [], [], []
    for proposal, primary, people in written:
        before = stored.get(proposal, [])
        gone += [each.pk for each in before[len(people) :]]
        for place, member in enumerate(people, 1):
            values = dict(zip(group.stored, _values(group, place, member, primary, contract), strict=True))
            if place > len(before):
                new.append(group.model(proposal_id=proposal, **values))
            elif place == 1 and group is COUNTERPARTS:  # whose country and funder are what they were
                changed.append((before[0], {name: values[name] for name in ("person", "institution", "email")}))
            else:
                changed.append((before[place - 1], values))
    differ = [each for each, values in changed if _take(each, values)]
    records = group.model._default_manager
    records.filter(pk__in=gone).delete()
    records.bulk_update(differ, [name.removesuffix("_id") for name in group.stored], batch_size=500)
    records.bulk_create(new)


def _take(record: Any, values: Mapping[str, Any]) -> bool:
    """Put the values into the record; whether any differs."""
    before = {name: getattr(record, name) for name in values}
    for name, value in values.items():
        setattr(record, name, value)
    return before != values


def _values(group: Group, place: int, member: Member, primary: Funder, contract: Contract) -> list[Any]:
    """As the columns of the table have them."""
    if group is not COUNTERPARTS:
        return member
    person, institution, country, funder, email = member
    if place == 1:
        return [person, institution, primary.country_id, primary.pk, email]
    named = contract.funder_by_code.get(funder)
    return [person, institution, contract.countries[country], named and named.pk, email]
