"""What one person finds on the award page of a call, and may do there."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from aspire.people import Person
from aspire.roles import STAFF, roles_of
from calls.embargo import withheld_from
from calls.models import Call
from proposals.awards.ranking import SEES_ALL_FIELDS, Standing, leads, rankable, standings
from proposals.awards.spending import Spending, spending
from proposals.record.models import Award, Conflict, Mark, Packet, Proposal
from proposals.record.status import PacketState

UNMARKED, ANY_MARK = "none", "any"
STAGED = "staged"
MARKED_IN = {Call.Progress.DECIDING, Call.Progress.RELEASED}


@dataclass(frozen=True)
class Row:
    """One line of the ranking. What a lead reviewer has not declared on is neither readable nor ranked."""

    standing: Standing
    proposal: Proposal
    is_readable: bool

    @property
    def mark(self) -> Mark | None:
        return getattr(self.proposal, "mark", None)

    @property
    def award(self) -> Award | None:
        return getattr(self.proposal, "award", None)


@dataclass
class Desk:
    """A call's award page for one person."""

    call: Call
    user: Person

    @cached_property
    def is_staff(self) -> bool:
        return bool(roles_of(self.user) & STAFF)

    @cached_property
    def is_lead(self) -> bool:
        """Whether the person is here as a lead reviewer, and so reads only what they declared on."""
        return not roles_of(self.user) & SEES_ALL_FIELDS

    @cached_property
    def is_open_to_them(self) -> bool:
        """Also its result, once that is out for the person."""
        is_out = self.call.progress != Call.Progress.RELEASED or self.call.pk not in withheld_from(self.user)
        return is_out and (not self.is_lead or bool(leads(self.user, self.call)))

    @property
    def may_mark(self) -> bool:
        return (self.is_staff or self.is_lead) and self.call.progress in MARKED_IN

    @cached_property
    def declared(self) -> frozenset[int]:
        clear = Conflict.objects.filter(person=self.user, proposal__call=self.call, finding=Conflict.Finding.CLEAR)
        return frozenset(clear.values_list("proposal", flat=True))

    def is_readable(self, standing: Standing) -> bool:
        return not self.is_lead or standing.pk in self.declared

    @cached_property
    def standings(self) -> list[Standing]:
        """Everything the person sees, best first; what they have yet to declare on comes last, by number."""
        found = standings(self.call, self.user)
        undeclared = sorted((s for s in found if not self.is_readable(s)), key=lambda standing: standing.number)
        return [*self.readable(found), *undeclared]

    def readable(self, found: Iterable[Standing] | None = None) -> list[Standing]:
        """The ranking without what is yet to be declared on."""
        return [standing for standing in (self.standings if found is None else found) if self.is_readable(standing)]

    @property
    def undeclared(self) -> int:
        return len(self.standings) - len(self.readable())

    @cached_property
    def fields(self) -> list[tuple[str, str]]:
        """The fields with rows here: code and name, in the call's order."""
        there = {standing.field for standing in self.standings}
        places = self.call.call_fields.select_related("field")
        return [(place.field.code, str(place.field)) for place in places if place.field.code in there]

    @cached_property
    def spending(self) -> Spending:
        return spending(self.call, reader=self.user)

    @cached_property
    def packet(self) -> Packet | None:
        """The packet that waits for release."""
        return self.call.packets.filter(state=PacketState.SUBMITTED).select_related("submitted_by").first()

    def chosen(self, *, field: str, decision: str, release: str = "") -> list[Standing]:
        """The rows that a filter leaves."""
        found = [standing for standing in self.standings if not field or standing.field == field]
        if release:
            is_out = release == PacketState.RELEASED
            found = [standing for standing in found if (standing.packet == PacketState.RELEASED) is is_out]
        if decision == UNMARKED:
            return [standing for standing in found if not standing.decision]
        if decision == ANY_MARK:
            return [standing for standing in found if standing.decision]
        return [standing for standing in found if not decision or standing.decision == decision]

    def rows(self, found: Iterable[Standing]) -> list[Row]:
        """The lines of so many standings, with what they show."""
        wanted = list(found)
        related = ("field", "primary_funder__country", "award", "mark__marked_by", "call")
        proposals = rankable(self.call, self.user).select_related(*related)
        by_pk = proposals.in_bulk([standing.pk for standing in wanted])
        return [Row(s, by_pk[s.pk], self.is_readable(s)) for s in wanted if s.pk in by_pk]
