"""What a file would do: every row judged by the pure rules against what is stored, and nothing written."""

import datetime
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext_lazy as _

from aspire.kana import search_key
from aspire.models import ImportRecord
from aspire.refusals import Refusal
from aspire.spreadsheets.columns import Grid, GridRow, match
from aspire.spreadsheets.faults import SENTENCES, Fault, Tier
from aspire.spreadsheets.parsing import CLEAR, BadCell, likeness
from aspire.spreadsheets.reading import read
from aspire.wareki import fiscal_years
from calls.terms import annual_breaches, period_breaches, total_breaches, window_breaches
from partners.models import Funder
from proposals.models import BLANKS, Proposal
from proposals.resources import PLAIN, ProposalResource
from proposals.sheets.contract import REQUIRED_TO_CREATE, Contract

CREATE, CHANGE, LEAVE = "create", "change", "leave"
ROWS_A_STEP = 500
Costs = dict[int, tuple[int, int]]
ParsedRow = tuple[GridRow, dict[str, Any]]

SENTENCES.update(
    {
        "number_unknown": _("The call has no proposal “%(value)s”. Leave the number empty to create one."),
        "number_twice": _("Number “%(value)s” stands in row %(other)s already. Keep one of the two rows."),
        "number_alike": _(
            "Number “%(value)s” differs from “%(alike)s” only by width, case, hyphen or invisible characters. "
            "Write it as the system does."
        ),
        "value_missing": _("“%(header)s” is empty, but a new proposal needs it. Fill it in."),
        "funder_unknown": _("“%(value)s” is no known funder. Use its code, such as GB-UKRI.%(hint)s"),
        "funder_ambiguous": _("“%(value)s” stands under several countries. Fill in the country, or use the code."),
        "country_not_the_funders": _(
            "Funder %(funder)s is in %(expected)s, not in “%(value)s”. Correct one of the two."
        ),
        "funder_not_eligible": _("Funder “%(value)s” is not on the call's list of eligible funders. Please check it."),
        "file_imported_before": _(
            "This very file was imported on %(day)s by %(who)s and would create its proposals a second time. "
            "Send a changed file."
        ),
        "call_without_terms": _("Call %(call)s has no terms yet. Add its terms first."),
        "half_a_cost": _("Only one of direct and indirect costs is filled in; the other is taken as 0."),
    }
)


@dataclass
class PlannedRow:
    """What one row of the file would do to one proposal."""

    row: int
    action: str
    number: str
    pk: int | None = None
    values: dict[str, Any] = field(default_factory=dict)  # the proposal's columns as they would be
    costs: dict[int, tuple[int, int]] = field(default_factory=dict)  # fiscal year → direct, indirect yen
    dropped_years: list[int] = field(default_factory=list)
    counterpart: tuple[str, str] | None = None  # name and institution, where the row changes them
    differences: list[tuple[str, str, str]] = field(default_factory=list)  # column, before, after
    normalised: list[tuple[str, str, str]] = field(default_factory=list)  # column, as typed, as taken


@dataclass
class Plan:
    """What a whole file would do, its faults, and the control totals to compare with the sender's own sheet."""

    form: str
    encoding: str
    sheet_name: str
    rows: list[PlannedRow]
    faults: list[Fault]
    basis: str  # what it was computed from; another one means: look again

    @property
    def is_blocked(self) -> bool:
        return any(fault.tier == Tier.BLOCK for fault in self.faults)

    def count(self, action: str) -> int:
        return sum(row.action == action for row in self.rows)

    @property
    def yen_by_year(self) -> dict[int, int]:
        """Yen requested in the rows of the file, by fiscal year."""
        total: Counter[int] = Counter()
        for row in self.rows:
            for year, (direct, indirect) in row.costs.items():
                total[year] += direct + indirect
        return dict(sorted(total.items()))

    def as_json(self) -> dict[str, Any]:
        """The plan as it is kept between preview and confirmation."""
        parts = {"rows": [vars(row) for row in self.rows], "faults": [_stored(fault) for fault in self.faults]}
        text = json.dumps({**vars(self), **parts}, cls=DjangoJSONEncoder)
        loaded: dict[str, Any] = json.loads(text)
        return loaded


def _stored(fault: Fault) -> dict[str, Any]:
    stored = {name: getattr(fault, name) for name in ("code", "row", "column", "header", "value", "tier")}
    refusal = fault.refusal and {"name": fault.refusal.name, "values": dict(fault.refusal.values)}
    return {**stored, "values": dict(fault.values), "refusal": refusal}


def restore(stored: dict[str, Any]) -> Plan:
    """The plan as it was kept."""
    rows = [
        PlannedRow(**{**row, "costs": {int(year): tuple(yen) for year, yen in row["costs"].items()}})
        for row in stored["rows"]
    ]
    faults = [
        Fault(**{**fault, "tier": Tier(fault["tier"]), "refusal": fault["refusal"] and Refusal(**fault["refusal"])})
        for fault in stored["faults"]
    ]
    return Plan(**{**stored, "rows": rows, "faults": faults})


@dataclass
class Planner:
    """Plans one file for one call. ``step`` is told how many rows are done, and may raise to stop."""

    contract: Contract
    received_at: datetime.datetime
    reason: str = ""
    step: Callable[[int], None] = lambda done: None

    def plan(self, data: bytes, *, file_name: str) -> Plan:
        """The plan of the file. Raises Unreadable where the file as a whole cannot be read."""
        sheet = read(data, file_name=file_name)
        grid = match(sheet, self.contract.columns)
        faults = [*sheet.faults, *grid.faults]
        rows: list[PlannedRow] = []
        stored: dict[str, Proposal] = {}
        first = Proposal.objects.next_number(self.contract.call.code)
        if not any(fault.row is None and fault.tier == Tier.BLOCK for fault in faults):
            faults += self._of_call()
            parsed, found = self._parse(grid)
            faults += found
            stored = stored_proposals(self.contract, (values.get("number") for _row, values in parsed))
            rows, found = self._rows(grid, parsed, stored, first)
            faults += found
            if creates(rows):
                faults += self._imported_before(data)
        faults.sort(key=lambda fault: (fault.row or 0, fault.tier))
        computed_from = basis(self.contract, stored, first if creates(rows) else "")
        return Plan(sheet.form, sheet.encoding, sheet.sheet_name, rows, faults, computed_from)

    def label(self, name: str) -> str:
        """A column's name in the reader's language."""
        return next(str(column.label) for column in self.contract.columns if column.name == name)

    def _of_call(self) -> Iterator[Fault]:
        if self.contract.terms is None:
            yield Fault("call_without_terms", values={"call": self.contract.call.code})

    def _imported_before(self, data: bytes) -> Iterator[Fault]:
        records = ImportRecord.objects.filter(call_code=self.contract.call.code, created__gt=0)
        record = records.filter(sha256=hashlib.sha256(data).hexdigest()).select_related("user").first()
        if record:
            who = record.user.get_full_name() if record.user else ""
            yield Fault("file_imported_before", values={"day": f"{record.imported_at:%Y-%m-%d}", "who": who or "-"})

    def _rows(
        self, grid: Grid, parsed: list[ParsedRow], stored: dict[str, Proposal], first: str
    ) -> tuple[list[PlannedRow], list[Fault]]:
        """The rows as planned; ``first`` is the number of the first new proposal."""
        is_any_named = any(values.get("number") for _row, values in parsed)
        alike = {likeness(number): number for number in numbers_of(self.contract)} if is_any_named else {}
        numbers = new_numbers(first)
        planned, faults = [], []
        seen: dict[str, tuple[int, str]] = {}
        for done, (row, values) in enumerate(parsed, start=1):
            judge = RowJudge(self, grid, row, values)
            number = values.get("number") or ""
            if number is BAD:
                continue
            if number is CLEAR:
                number = row.cells["number"].text
            before = stored.get(number)
            if number and not judge.accepts_number(number, before, seen, alike):
                faults += judge.faults
                continue
            planned.append(judge.plan(before, number or next(numbers)))
            faults += judge.faults
            if done % ROWS_A_STEP == 0:
                self.step(done)
        return planned, faults

    def _parse(self, grid: Grid) -> tuple[list[ParsedRow], list[Fault]]:
        """Each row's values by column, of the cells that are filled; an unparsable one becomes a fault at its place."""
        parse = {column.name: column.parse for column in self.contract.columns if column.name in grid.letters}
        parsed: list[ParsedRow] = []
        faults: list[Fault] = []
        for row in grid.rows:
            values: dict[str, Any] = {}
            typed: dict[str, str] = {}
            for name, cell in row.cells.items():
                if cell.kind == "empty":
                    continue
                try:
                    found = parse[name](cell)
                except BadCell as bad:
                    faults.append(_at(grid, row, name, bad.code, cell.text, bad.values))
                    values[name] = BAD
                    continue
                values[name] = found.value
                if found.normalised_from is not None:
                    typed[name] = found.normalised_from
                if found.flags:
                    faults += [_at(grid, row, name, c, cell.text, v, tier=Tier.FLAG) for c, v in found.flags]
            values["_typed"] = typed
            parsed.append((row, values))
        return parsed, faults


def new_numbers(first: str) -> Iterator[str]:
    """This number and those after it."""
    prefix, last = first.rsplit("-", 1)
    for number in count(int(last)):
        yield f"{prefix}-{number:03}"


BAD = object()  # stands for a cell that has a fault already, so that nothing else is said of it


def _at(  # noqa: PLR0917 - a place has that many parts
    grid: Grid,
    row: GridRow,
    name: str | None,
    code: str,
    value: str | None,
    values: dict[str, Any] | None = None,
    *,
    tier: Tier = Tier.BLOCK,
) -> Fault:
    letter, header = (grid.letters.get(name), grid.headers.get(name)) if name else (None, None)
    return Fault(code, row.number, letter, header, value, values or {}, tier)


# Where the sentence of a rule is shown.
COLUMN_OF = {
    "proposal_period_within_terms": "ends_on",
    "proposal_period_ordered": "ends_on",
    "proposal_period_whole": "ends_on",
    "award_inside_period": "ends_on",
    "cost_inside_period": "direct_yen_{fiscal_year}",
    "cost_within_ceiling": "direct_yen_{fiscal_year}",
    "cost_indirect_within_rate": "indirect_yen_{fiscal_year}",
    "proposal_field_of_call": "field",
}


@dataclass
class RowJudge:
    """One row against what is stored and what the terms allow."""

    planner: Planner
    grid: Grid
    row: GridRow
    values: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)

    def say(
        self, name: str | None, code: str, values: dict[str, Any] | None = None, *, tier: Tier = Tier.BLOCK
    ) -> None:
        cell = self.row.cells.get(name) if name else None
        self.faults.append(_at(self.grid, self.row, name, code, cell.text if cell else None, values, tier=tier))

    def accepts_number(
        self, number: str, before: Proposal | None, seen: dict[str, tuple[int, str]], alike: dict[str, str]
    ) -> bool:
        """Whether the row may be about this number: known, and not another row's in other writing."""
        key = likeness(number)
        if key in seen:
            other, written = seen[key]
            if written == number:
                self.say("number", "number_twice", {"other": other})
            else:
                self.say("number", "number_alike", {"alike": written})
            return False
        seen[key] = (self.row.number, number)
        if before is None:
            if key in alike:
                self.say("number", "number_alike", {"alike": alike[key]})
            else:
                self.say("number", "number_unknown")
            return False
        return True

    def plan(self, before: Proposal | None, number: str) -> PlannedRow:
        """The row's effect; whatever is wrong with it stands in ``faults``."""
        planned = PlannedRow(
            self.row.number, CREATE if before is None else CHANGE, number, before.pk if before else None
        )
        planned.values = self._merged(before)
        planned.costs, planned.dropped_years = self._costs(before)
        planned.counterpart = self._counterpart(before)
        planned.normalised = [(name, typed, shown(self.values[name])) for name, typed in self.values["_typed"].items()]
        if before is None:
            self._complete(planned)
        self._judge(planned, before)
        planned.differences = list(self._differences(planned, before))
        if before is not None and not planned.differences:
            planned.action = LEAVE
        return planned

    # --- what the row says -------------------------------------------------------------------------------------

    def _merged(self, before: Proposal | None) -> dict[str, Any]:
        """The proposal's columns after the row: an empty cell leaves the value, the clearing word empties it."""
        merged: dict[str, Any] = {}
        for name, attribute in PLAIN.items():
            is_day = attribute.endswith("_on")
            stored = getattr(before, attribute) if before else (None if is_day else "")
            merged[attribute] = self._take(name, stored, cleared=None if is_day else "")
        merged["field"] = self._take("field", before.field.code if before else "", cleared="")
        merged["funder"] = self._funder(before)
        return merged

    def _take(self, name: str, stored: Any, *, cleared: Any) -> Any:
        value = self.values.get(name)
        if value is None or value is BAD:
            return stored
        if isinstance(value, str) and isinstance(stored, str) and value == as_in_a_cell(stored):
            return stored
        return cleared if value is CLEAR else value

    def _funder(self, before: Proposal | None) -> str:
        """The code of the funder named, with the country's help where the name means several."""
        stored = before.primary_funder.code if before else ""
        name, country = self.values.get("funder"), self.values.get("country")
        if name in (None, BAD, CLEAR):
            if country not in (None, BAD, CLEAR) and before and before.country.alpha2 != country:
                values = {"funder": stored, "expected": before.country.alpha2}
                self.say("country", "country_not_the_funders", values)
            return stored
        found = self.planner.contract.funders_by_name.get(search_key(str(name)), [])
        if country not in (None, BAD, CLEAR) and len(found) > 1:
            found = [funder for funder in found if funder.country.alpha2 == country]
        return self._one_funder(found, country) or stored

    def _one_funder(self, found: list[Funder], country: Any) -> str:
        contract = self.planner.contract
        if not found:
            self.say("funder", "funder_unknown", {"hint": ""})
            return ""
        if len(found) > 1:
            self.say("funder", "funder_ambiguous")
            return ""
        funder = found[0]
        if country not in (None, BAD, CLEAR) and funder.country.alpha2 != country:
            values = {"funder": funder.code, "expected": funder.country.alpha2}
            self.say("country", "country_not_the_funders", values)
        if contract.eligible and funder.pk not in contract.eligible:
            self.say("funder", "funder_not_eligible", tier=Tier.FLAG)
        return funder.code

    def _costs(self, before: Proposal | None) -> tuple[Costs, list[int]]:
        stored = (
            {cost.fiscal_year: (cost.direct_yen, cost.indirect_yen) for cost in before.costs.all()} if before else {}
        )
        after, dropped = dict(stored), []
        for year, direct_name, indirect_name in self.planner.contract.cost_columns:
            direct, indirect = self.values.get(direct_name), self.values.get(indirect_name)
            if direct in (None, BAD) and indirect in (None, BAD):
                continue
            if direct is CLEAR and indirect in (CLEAR, None):
                after.pop(year, None)
                dropped += [year] if year in stored else []
                continue
            kept = stored.get(year, (0, 0))
            after[year] = tuple(  # type: ignore[assignment]
                old if new in (None, BAD) else 0 if new is CLEAR else new
                for new, old in zip((direct, indirect), kept, strict=True)
            )
        return after, dropped

    def _counterpart(self, before: Proposal | None) -> tuple[str, str] | None:
        named = [self.values.get(name) for name in ("counterpart_name", "counterpart_institution")]
        if all(value in (None, BAD) for value in named):
            return None
        stored = first_counterpart(before)
        name, institution = (
            old if new in (None, BAD) else "" if new is CLEAR else new for new, old in zip(named, stored, strict=True)
        )
        return str(name), str(institution)

    # --- how it is judged --------------------------------------------------------------------------------------

    def _complete(self, planned: PlannedRow) -> None:
        for name in REQUIRED_TO_CREATE:
            value = planned.values[PLAIN.get(name, name)]
            if value in (None, "") and self.values.get(name) is not BAD and not self._has_fault(name):
                self.say(name, "value_missing", {"header": self.grid.headers.get(name) or self.planner.label(name)})

    def _has_fault(self, name: str) -> bool:
        return any(fault.column == self.grid.letters.get(name) for fault in self.faults)

    def _judge(self, planned: PlannedRow, before: Proposal | None) -> None:
        for refusal in self._refusals(planned, before):
            pattern = COLUMN_OF.get(refusal.name, "")
            name = pattern.format(**refusal.values) if pattern else None
            name = name if name in self.grid.letters else None
            cell = self.row.cells.get(name) if name else None
            place = _at(self.grid, self.row, name, refusal.name, cell.text if cell else None)
            self.faults.append(Fault(refusal.name, place.row, place.column, place.header, place.value, refusal=refusal))

    def _refusals(self, planned: PlannedRow, before: Proposal | None) -> Iterator[Refusal]:
        contract, call = self.planner.contract, self.planner.contract.call
        terms = before.terms if before else contract.terms
        starts_on, ends_on = planned.values["starts_on"], planned.values["ends_on"]
        if before is None:
            yield from window_breaches(
                call=call.code,
                opens_at=call.opens_at,
                closes_at=call.closes_at,
                received_at=self.planner.received_at,
                has_reason=bool(self.planner.reason.strip(BLANKS)),
            )
        if before and before.is_reconstructed and any(planned.values[attribute] for attribute in PLAIN.values()):
            yield Refusal("proposal_reconstructed_is_bare")
        if BAD in (self.values.get("starts_on"), self.values.get("ends_on")):
            return  # its own fault says enough; nothing about the period can be judged
        if (starts_on is None) != (ends_on is None):
            yield Refusal("proposal_period_whole")
            return
        if starts_on and ends_on and ends_on < starts_on:
            yield Refusal("proposal_period_ordered")
            return
        if terms is None:
            return
        yield from period_breaches(terms.limits, starts_on=starts_on, ends_on=ends_on)
        for year, (direct, indirect) in planned.costs.items():
            yield from annual_breaches(
                terms.limits,
                "cost",
                fiscal_year=year,
                direct_yen=direct,
                indirect_yen=indirect,
                starts_on=starts_on,
                ends_on=ends_on,
            )
        direct, indirect = (sum(pair[i] for pair in planned.costs.values()) for i in (0, 1))
        yield from total_breaches(terms.limits, "cost", direct_yen=direct, indirect_yen=indirect)
        for year in awarded_years(before):
            if not (starts_on and ends_on and year in fiscal_years(starts_on, ends_on)):
                values = {"fiscal_year": year, "starts_on": starts_on, "ends_on": ends_on}
                yield Refusal("award_inside_period", values)

    # --- what differs ------------------------------------------------------------------------------------------

    def _differences(self, planned: PlannedRow, before: Proposal | None) -> Iterator[tuple[str, str, str]]:
        """What the row changes, column by column, as the resource reads the stored proposal."""
        if before is None:
            return
        after = {name: planned.values[attribute] for name, attribute in PLAIN.items()}
        after |= {"field": planned.values["field"], "funder": planned.values["funder"]}
        if planned.counterpart is not None:
            after["counterpart_name"], after["counterpart_institution"] = planned.counterpart
        years = sorted({cost.fiscal_year for cost in before.costs.all()} | planned.costs.keys())
        for year in years:
            after[f"direct_yen_{year}"], after[f"indirect_yen_{year}"] = planned.costs.get(year, (None, None))
        stored = resource(tuple(years)).values(before)
        for name, value in after.items():
            if shown(stored[name]) != shown(value):
                yield name, shown(stored[name]), shown(value)


def as_in_a_cell(text: str) -> str:
    """A stored text as a cell gives it back: without blanks around it, its lines ended in one way."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip(BLANKS)


def shown(value: Any) -> str:
    """A value as a difference shows it."""
    if value is None or value is CLEAR or value is BAD:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)


def first_counterpart(proposal: Proposal | None) -> tuple[str, str]:
    """Name and institution of the counterpart who stands first; empty where there is none."""
    first = next(iter(proposal.counterparts.all()), None) if proposal else None
    return (first.person, first.institution) if first else ("", "")


def creates(rows: Iterable[PlannedRow]) -> bool:
    """Whether any of the rows makes a new proposal."""
    return any(row.action == CREATE for row in rows)


def numbers_of(contract: Contract) -> list[str]:
    """The numbers of all the call's proposals."""
    return list(contract.call.proposals.values_list("number", flat=True))


def awarded_years(proposal: Proposal | None) -> list[int]:
    """The fiscal years for which the proposal has been awarded something."""
    award = getattr(proposal, "award", None)
    return [amount.fiscal_year for amount in award.amounts.all()] if award else []


def stored_proposals(contract: Contract, numbers: Iterable[Any]) -> dict[str, Proposal]:
    """Those of the call's proposals that are named, with what a row is compared with."""
    named = {number for number in numbers if isinstance(number, str) and number}
    if not named:
        return {}
    known = named.intersection(numbers_of(contract))
    found = Proposal.objects.filter(call=contract.call, number__in=known)
    found = found.select_related("field", "primary_funder__country", "terms", "award")
    return {p.number: p for p in found.prefetch_related("costs", "counterparts", "award__amounts")}


@lru_cache(maxsize=100)
def resource(years: tuple[int, ...]) -> ProposalResource:
    """The resource of those fiscal years; to make one takes longer than to read a proposal with it."""
    return ProposalResource(years)


def basis(contract: Contract, proposals: Mapping[str, Proposal], next_number: str) -> str:
    """A fingerprint of everything stored that a plan was computed from; no ``next_number`` where it creates nothing."""
    call, terms = contract.call, contract.terms
    state: dict[str, Any] = {
        "call": [call.opens_at, call.closes_at, call.code],
        "terms": terms and [terms.pk, *asdict(terms.limits).values()],
        "fields": [field.code for field in contract.fields],
        "funders": [funder.code for funder in contract.funders],
        "next": next_number,
        "proposals": {},
    }
    for number, proposal in proposals.items():
        years = tuple(cost.fiscal_year for cost in proposal.costs.all())
        state["proposals"][number] = [*resource(years).values(proposal).items(), *awarded_years(proposal)]
    return hashlib.sha256(json.dumps(state, cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()
