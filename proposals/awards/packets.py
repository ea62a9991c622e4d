"""A packet as whoever releases it reads it: the money, every mark, and where marks differ from the ranking."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone

from aspire.accounts.history import Entrusting, entrusted
from aspire.people import in_their_order
from aspire.refusals import Refusal
from aspire.roles import Role, roles_of
from calls.models import Call
from proposals.awards.desk import AwardPage, RankedRow
from proposals.awards.ranking import Leap, Standing, leaps
from proposals.awards.release import is_in_conflict
from proposals.record.models import Packet, PacketStep
from proposals.record.status import Decision, PacketState


@dataclass
class Dossier:
    """What waits for release, or, where nothing does, what would be submitted."""

    desk: AwardPage

    @property
    def packet(self) -> Packet | None:
        return self.desk.packet

    @cached_property
    def standings(self) -> list[Standing]:
        """The marks of the waiting packet, else the staged ones."""
        state = PacketState.SUBMITTED if self.packet else ""
        return [s for s in self.desk.readable() if s.decision and s.packet == state]

    @cached_property
    def groups(self) -> list[tuple[str, list[RankedRow]]]:
        """The marks by decision: awards, reserves, declines."""
        rows = self.desk.rows(self.standings)
        named = [(str(d.label), [row for row in rows if row.standing.decision == d]) for d in Decision]
        return [(label, found) for label, found in named if found]

    @cached_property
    def leaps(self) -> list[tuple[Leap, RankedRow]]:
        """Marks that the ranking alone would not have given, with their reasons."""
        rows: Mapping[int, RankedRow] = {row.standing.pk: row for _label, found in self.groups for row in found}
        return [(leap, rows[leap.standing.pk]) for leap in leaps(self.standings, among=self.desk.readable())]

    @property
    def awarded_yen(self) -> int:
        """What the awards of the packet come to, over all fiscal years."""
        return sum(row.award.awarded_yen for _label, rows in self.groups for row in rows if row.award)

    @cached_property
    def unread(self) -> list[Standing]:
        """Marks of the packet on proposals without a single review that counts."""
        return [standing for standing in self.standings if not standing.reviews]

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
        if is_in_conflict(self.packet, by=user):
            return Refusal("release_without_conflict")
        return self._dependence(self.packet)

    def _dependence(self, packet: Packet) -> Refusal | None:
        """Why the person is no second one: whoever had a hand in the packet made them who they are."""
        for each in self.entrusted:
            if each.by.pk == packet.submitted_by_id or packet.marks.set_by(each.by).exists():
                return Refusal("release_by_independent_person", {"who": in_their_order(each.by)})
        return None

    @cached_property
    def entrusted(self) -> list[Entrusting]:
        """What others lately gave the manager who reads it: the role, a password or the account."""
        return entrusted(self.desk.user, at=timezone.now()) if self.is_manager else []

    @property
    def may_release(self) -> bool:
        return self.is_manager and self.packet is not None and self.why_not is None

    @property
    def is_manager(self) -> bool:
        return Role.MANAGER in roles_of(self.desk.user)

    @cached_property
    def undoable(self) -> list[Packet]:
        """The standing releases that the person may undo: none with a proposal in conflict with them."""
        if not self.is_manager:
            return []
        return [packet for packet in self.released if not is_in_conflict(packet, by=self.desk.user)]

    @property
    def why_not_undone(self) -> Refusal | None:
        """Why a manager cannot undo one of the releases."""
        is_kept = self.is_manager and len(self.undoable) < len(self.released)
        return Refusal("packet_without_conflict") if is_kept else None
