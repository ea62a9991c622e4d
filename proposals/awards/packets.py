"""A packet as whoever releases it reads it: the money, every mark, and where marks differ from the ranking."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from aspire.refusals import Refusal
from aspire.roles import Role, roles_of
from calls.models import Call
from proposals.awards.desk import Desk, Row
from proposals.awards.explaining import Leap, leaps
from proposals.awards.ranking import Standing
from proposals.models import Conflict, Packet, PacketStep
from proposals.status import Decision, PacketState


@dataclass
class Dossier:
    """What waits for release, or, where nothing does, what would be submitted."""

    desk: Desk

    @property
    def packet(self) -> Packet | None:
        return self.desk.packet

    @cached_property
    def standings(self) -> list[Standing]:
        """The marks of the waiting packet, else the staged ones."""
        state = PacketState.SUBMITTED if self.packet else ""
        return [s for s in self.desk.readable() if s.decision and s.packet == state]

    @cached_property
    def groups(self) -> list[tuple[str, list[Row]]]:
        """The marks by decision: awards, reserves, declines."""
        rows = self.desk.rows(self.standings)
        named = [(str(d.label), [row for row in rows if row.standing.decision == d]) for d in Decision]
        return [(label, found) for label, found in named if found]

    @cached_property
    def leaps(self) -> list[tuple[Leap, Row]]:
        """Marks that the ranking alone would not have given, with their reasons."""
        rows: Mapping[int, Row] = {row.standing.pk: row for _label, found in self.groups for row in found}
        return [(leap, rows[leap.standing.pk]) for leap in leaps(self.standings, among=self.desk.readable())]

    @property
    def unmarked(self) -> int:
        """How many of the proposals that count nobody has marked yet."""
        return sum(not standing.decision for standing in self.desk.standings)

    @cached_property
    def steps(self) -> list[PacketStep]:
        """Every act on every packet of the call, the latest first."""
        found = PacketStep.objects.filter(packet__call=self.call).select_related("by", "packet")
        return list(found.order_by("-at", "-pk"))

    @cached_property
    def released(self) -> list[Packet]:
        """Packets whose release stands."""
        return list(self.call.packets.filter(state=PacketState.RELEASED).order_by("-pk"))

    @property
    def call(self) -> Call:
        return self.desk.call

    @property
    def may_submit(self) -> bool:
        return self.desk.is_staff and not self.packet and bool(self.standings)

    @cached_property
    def why_not(self) -> Refusal | None:
        """Why a manager cannot release what waits; the rules say the same at the door."""
        if self.packet is None:
            return None
        user = self.desk.user
        if self.packet.submitted_by_id == user.pk or self.packet.marks.set_by(user).exists():
            return Refusal("release_by_second_person")
        stands = Conflict.objects.standing().filter(person=user, proposal__mark__packet=self.packet)
        return Refusal("release_without_conflict") if stands.exists() else None

    @property
    def may_release(self) -> bool:
        return self.is_manager and self.packet is not None and self.why_not is None

    @property
    def is_manager(self) -> bool:
        return Role.MANAGER in roles_of(self.desk.user)

    @property
    def may_undo(self) -> bool:
        return self.is_manager
