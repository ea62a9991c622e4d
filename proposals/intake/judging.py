"""One row of a file of proposals, judged by the plain functions of the terms against what is stored."""

import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aspire.constraints import CODE
from aspire.kana import search_key
from aspire.refusals import Refusal
from aspire.sheets.rows import BAD, SheetRow
from aspire.untyped import Held
from aspire.wareki import fiscal_years
from aspire.workbooks.faults import SENTENCES, Tier
from aspire.workbooks.moments import written
from aspire.workbooks.widgets import CLEAR, is_spelt_out
from calls.terms import Amount, Limits, annual_breaches, is_eligible, period_breaches, total_breaches, window_breaches
from partners.models import ERAD_CODE, ROR_ID, Funder
from proposals.intake.contract import Contract
from proposals.intake.exports import PLAIN, values_of
from proposals.intake.people import COUNTERPARTS, GROUPS, Group, Member, by_column, members
from proposals.intake.saving import awarded_years
from proposals.record.models import BLANKS, Proposal

Costs = dict[int, tuple[int, int]]

SENTENCES.update(
    {
        "number_unknown": _("The call has no proposal “%(value)s”. Leave the number empty to create one."),
        "funder_unknown": _("“%(value)s” is no known funder. Use its code, such as GB-UKRI."),
        "funder_unknown_near": _("“%(value)s” is no known funder. The nearest is “%(nearest)s”. Use its code."),
        "funder_ambiguous": _("“%(value)s” stands under several countries. Fill in the country, or use the code."),
        "country_not_the_funders": _(
            "Funder %(funder)s is in %(expected)s, not in “%(value)s”. Correct one of the two."
        ),
        "funder_not_eligible": _("Funder “%(value)s” is not on the call's list of eligible funders. Please check it."),
        "institution_not_listed": _(
            "“%(value)s” is not on the list of institutions; the nearest there is “%(nearest)s”. It is saved as "
            "written. Say on the list what it means."
        ),
        "institution_missing": _("No research institution is stated. Please ask for it."),
        "counterpart_funder_differs": _(
            "The counterpart who stands first is funded by %(value)s, which is not the primary funder. Please check it."
        ),
        "grant_pending": _("The funding of counterpart “%(value)s” is not confirmed yet. Please ask."),
        "call_without_terms": _("Call %(call)s has no terms yet. Add its terms first."),
        "starts_out_of_reach": _(
            "Research of this call is expected to start between %(first)s and %(last)s, but this says %(value)s. "
            "Please check it."
        ),
    }
)


class ProposalRow(SheetRow):
    """One row against the proposal it names, the call and its terms."""

    # Where the sentence of a rule is shown.
    column_of = {
        "proposal_period_within_terms": "ends_on",
        "proposal_period_ordered": "ends_on",
        "proposal_period_whole": "ends_on",
        "award_inside_period": "ends_on",
        "cost_inside_period": "direct_yen_{fiscal_year}",
        "cost_within_ceiling": "direct_yen_{fiscal_year}",
        "cost_indirect_within_rate": "indirect_yen_{fiscal_year}",
        "proposal_field_of_call": "field",
        "proposal_number_form": "number",
        "proposal_received_in_window": "received_at",
    }

    @property
    def contract(self) -> Contract:
        contract: Contract = self.kind.contract
        return contract

    def fill(self, before: Proposal | None) -> None:
        self.values = self._merged(before)
        self.costs, self.dropped_years = self._costs(before)
        for group in GROUPS:
            self.values[group.name] = self._people(group, before)

    # --- what the row says -------------------------------------------------------------------------------------

    def _merged(self, before: Proposal | None) -> dict[str, Any]:
        """The proposal's columns after the row: an empty cell leaves the value, the clearing word empties it."""
        merged: dict[str, Any] = {}
        for name, attribute in PLAIN.items():
            is_day = attribute.endswith("_on")
            stored = getattr(before, attribute) if before else (None if is_day else "")
            merged[attribute] = self.take(name, stored, cleared=None if is_day else "")
        if re.fullmatch(f"{ERAD_CODE}|{ROR_ID}", merged["institution"]):
            merged["institution"] = self.contract.institution(merged["institution"])
        merged["field"] = self.take("field", before.field.code if before else "", cleared="")
        merged["funder"] = self._funder(before)
        received_at = self._received(before)
        merged["received_at"] = received_at and received_at.isoformat()  # exact, as JSON keeps no moment
        return merged

    @property
    def received_at(self) -> datetime.datetime | None:
        """The moment that the row states, or that is stored."""
        stated = self.values["received_at"]
        return datetime.datetime.fromisoformat(stated) if stated else None

    def _received(self, before: Proposal | None) -> datetime.datetime | None:
        """When it was received; what a file repeats of what is stored leaves that as exact as it is."""
        stored = before.received_at if before else None
        typed = self.take("received_at", stored, cleared=None)
        return stored if stored and typed and written(typed) == written(stored) else typed

    def _funder(self, before: Proposal | None) -> str:
        """The code of the funder named, with the country's help where the name means several."""
        stored = before.primary_funder.code if before else ""
        name, country = self.given.get("funder"), self.given.get("country")
        if country is CLEAR:
            self.say("country", "value_never_empty", {"header": self.header("country")})
        if name is CLEAR:
            return ""
        if name in (None, BAD):
            if country not in (None, BAD, CLEAR) and before and before.country.alpha2 != country:
                values = {"funder": stored, "expected": before.country.alpha2}
                self.say("country", "country_not_the_funders", values)
            return stored
        found = self._funder_named(name, country, "funder", "country")
        return found.code if found else stored

    def _funder_named(self, name: Held, country: Held, at: str, at_country: str) -> Funder | None:
        """The one funder that a cell names, with the help of the cell of its country."""
        found = self.contract.funders_by_name.get(search_key(str(name)), []) if is_spelt_out(str(name)) else []
        if country not in (None, BAD, CLEAR) and len(found) > 1:
            found = [funder for funder in found if funder.country.alpha2 == country]
        if not found:
            near = self.contract.funder_near(self.cells[at].text)
            self.say(at, "funder_unknown_near" if near else "funder_unknown", {"nearest": near})
            return None
        if len(found) > 1:
            self.say(at, "funder_ambiguous")
            return None
        funder = found[0]
        if country not in (None, BAD, CLEAR) and funder.country.alpha2 != country:
            values = {"funder": funder.code, "expected": funder.country.alpha2}
            self.say(at_country, "country_not_the_funders", values)
        return funder

    def _costs(self, before: Proposal | None) -> tuple[Costs, list[int]]:
        stored = (
            {cost.fiscal_year: (cost.direct_yen, cost.indirect_yen) for cost in before.costs.all()} if before else {}
        )
        after, dropped = dict(stored), []
        for year, direct_name, indirect_name in self.contract.cost_columns:
            direct, indirect = self.given.get(direct_name), self.given.get(indirect_name)
            if direct in (None, BAD) and indirect in (None, BAD):
                continue
            if direct is CLEAR and indirect in (CLEAR, None):
                after.pop(year, None)
                dropped += [year] if year in stored else []
                continue
            kept = stored.get(year, (0, 0))
            after[year] = (_moved(direct, kept[0]), _moved(indirect, kept[1]))
        return after, dropped

    def _people(self, group: Group, before: Proposal | None) -> list[Member] | None:
        """Who takes part after the row; None where it says nothing of them."""
        if all(self.given[name] is BAD for name in self.given.keys() & group.names):
            return None
        people = members(group, before)
        for place, columns in group.by_place.items():
            if self.given.keys() & columns.keys():
                people += (group.empty() for _missing in range(place - len(people)))
                self._member(group, place, people[place - 1])
        while people and not any(people[-1]):
            people.pop()
        for place, member in enumerate(people, 1):
            self._is_known(group, place, member)
        return people

    def _member(self, group: Group, place: int, member: Member) -> None:
        """Put what the row says of one person into what is stored."""
        empty = group.empty()
        for name, end in group.by_place[place].items():
            at = group.at[end]
            member[at] = self.take(name, member[at], cleared=empty[at])
        if group is not COUNTERPARTS or place == 1:
            return
        at_country, at_funder = group.column(place, "country"), group.column(place, "funder")
        named = self.given.get(at_funder)
        if named not in (None, BAD, CLEAR):
            found = self._funder_named(named, self.given.get(at_country), at_funder, at_country)
            member[3] = found.code if found else ""
            member[2] = member[2] or (found.country.alpha2 if found else "")

    def _is_known(self, group: Group, place: int, member: Member) -> None:
        """A person has a name; a further counterpart also an institution and a country."""
        needs = ["name", "institution", "country"] if group is COUNTERPARTS and place > 1 else ["name"]
        needs = [] if group is COUNTERPARTS and place == 1 and any(member) else needs
        for end in needs if any(member) else ["name"]:
            name = group.column(place, end)
            if not member[group.at[end]] and self.given.get(name) is not BAD:
                code = "value_missing" if any(member) else "people_leave_a_gap"
                self.say(name, code, {"header": self.header(name)})

    # --- how it is judged --------------------------------------------------------------------------------------

    def refusals(self, before: Proposal | None) -> Iterator[Refusal]:
        contract, call = self.contract, self.contract.call
        if before is None and self.given.get("number") and not re.fullmatch(CODE, self.key):
            yield Refusal("proposal_number_form")
        terms = before.terms if before else contract.terms
        starts_on, ends_on = self.values["starts_on"], self.values["ends_on"]
        reason = before.late_reason if before else self.kind.reason
        if before is None or self.received_at != before.received_at:
            yield from window_breaches(
                call=call.code,
                opens_at=call.opens_at,
                closes_at=call.closes_at,
                received_at=self.received_at or self.kind.received_at,
                has_reason=bool(reason.strip(BLANKS)),
            )
        bare = (*PLAIN.values(), "received_at")
        if before and before.is_reconstructed and any(self.values[attribute] for attribute in bare):
            yield Refusal("proposal_reconstructed_is_bare")
        if BAD in (self.given.get("starts_on"), self.given.get("ends_on")):
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
        yield from self._costs_refused(terms.limits)
        for year in awarded_years(before):
            if not (starts_on and ends_on and year in fiscal_years(starts_on, ends_on)):
                values = {"fiscal_year": year, "starts_on": starts_on, "ends_on": ends_on}
                yield Refusal("award_inside_period", values)

    def _costs_refused(self, limits: Limits) -> Iterator[Refusal]:
        unread = self.years_with_a_bad_amount(self.contract.cost_columns)
        period = {name: self.values[name] for name in ("starts_on", "ends_on")}
        for year, (direct, indirect) in self.costs.items():
            if year not in unread:
                yield from annual_breaches(limits, "cost", Amount(year, direct, indirect), **period)
        direct, indirect = (sum(pair[i] for pair in self.costs.values()) for i in (0, 1))
        if not unread:
            yield from total_breaches(limits, "cost", direct_yen=direct, indirect_yen=indirect)

    def flag(self, before: Proposal | None) -> None:
        starts_on, stored = self.values["starts_on"], before.starts_on if before else None
        if starts_on != stored and (reach := self.contract.out_of_reach(starts_on)):
            self.say("starts_on", "starts_out_of_reach", reach, tier=Tier.FLAG)
        if self.given.get("funder") and not self.values["funder_reason"]:
            named = self.contract.funder_by_code.get(self.values["funder"])
            received_at = self.received_at or self.kind.received_at
            if named and not is_eligible(self.contract.eligible, named.pk, received_at):
                self.say("funder", "funder_not_eligible", tier=Tier.FLAG)
        institution, known = self.values["institution"], self.contract.institutions
        if known and institution != (before.institution if before else "") and search_key(institution) not in known:
            values = {"nearest": self.contract.institution_near(institution)}
            self.say("institution", "institution_not_listed", values, tier=Tier.NOTE)

    # --- what differs ------------------------------------------------------------------------------------------

    def after(self, before: Proposal | None) -> Mapping[str, Any]:
        after = {name: self.values[attribute] for name, attribute in PLAIN.items()}
        after |= {"field": self.values["field"], "funder": self.values["funder"]}
        after["received_at"] = written(self.received_at)
        for group in GROUPS:
            if self.values[group.name] is not None:
                after |= by_column(group, self.values[group.name])
        for year in self._years(before):
            after[f"direct_yen_{year}"], after[f"indirect_yen_{year}"] = self.costs.get(year, (None, None))
        return after

    def stored_values(self, before: Proposal) -> Mapping[str, Any]:
        return dict.fromkeys(self.after(before)) | values_of(before)

    def _years(self, before: Proposal | None) -> tuple[int, ...]:
        stored = {cost.fiscal_year for cost in before.costs.all()} if before else set()
        return tuple(sorted(stored | self.costs.keys()))


def _moved(typed: Held, stored: int) -> int:
    """What an amount becomes by what was typed: unread or nothing leaves it, a word to clear it makes it nothing."""
    return stored if typed in (None, BAD) else 0 if typed is CLEAR else typed
