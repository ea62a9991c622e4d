"""How a call moves on from stage to stage by an officer's act, and what each move changes."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef
from django.utils.translation import gettext as _

from aspire.people import Person
from aspire.refusals import Refused, all_or_nothing
from aspire.templatetags.figures import count, day
from aspire.untyped import Named
from calls.models import Call
from proposals.record.models import Assignment, Conflict, Mark, Packet, Proposal, Review, Reviewer
from proposals.record.querysets import ProposalQuerySet
from proposals.record.status import PacketState, Status
from proposals.review.decisions import default_criteria

# A call is released by releasing a packet, and comes back from there by undoing that release.
MOVES: dict[str, tuple[str, ...]] = {
    Call.Progress.NONE: (Call.Progress.IN_REVIEW,),
    Call.Progress.IN_REVIEW: (Call.Progress.DECIDING, Call.Progress.NONE),
    Call.Progress.DECIDING: (Call.Progress.IN_REVIEW,),
    Call.Progress.RELEASED: (),
}


@dataclass(frozen=True)
class Effect:
    """One thing that a move changes: what, and for how many or whom."""

    what: str
    value: str


def short_of_reviewers(call: Call) -> ProposalQuerySet:
    """Counted proposals with fewer active assignments than the call wants."""
    return short_in([call])


def short_in(calls: Iterable[Call]) -> ProposalQuerySet:
    """The same over several calls."""
    active = Assignment.objects.active().filter(proposal__call__in=calls).values("proposal")
    enough = active.annotate(reviewers=Count("pk")).filter(reviewers__gte=F("proposal__call__reviews_wanted"))
    return Proposal.objects.filter(call__in=calls).counted().exclude(pk__in=enough.values("proposal"))


def short_of_reviews(call: Call) -> ProposalQuerySet:
    """Counted proposals with fewer counting reviews than the call wants."""
    reviews = Review.objects.counting().filter(assignment__proposal__call=call).values("assignment__proposal")
    enough = reviews.annotate(reviews=Count("pk")).filter(reviews__gte=call.reviews_wanted)
    return Proposal.objects.filter(call=call).counted().exclude(pk__in=enough.values("assignment__proposal"))


def effects(call: Call, to: str, *, reader: Person) -> list[Effect]:
    """What moving the call there would change, before it is done, of what the reader may see."""
    seen = Proposal.objects.filter(call=call).visible_to(reader)
    if to == Call.Progress.IN_REVIEW and call.progress == Call.Progress.NONE:
        return [
            Effect(_("Received proposals become “in review”"), count(_received(call).visible_to(reader).count())),
            Effect(_("Reviewers see"), str(call.get_in_review_shows_display())),
            Effect(_("Others' reviews are shown to them"), str(call.get_in_review_others_display())),
            Effect(_("Criteria"), count(call.criteria.count()) if call.criteria.exists() else _("the usual four")),
            Effect(_("Proposals short of reviewers"), count(short_of_reviewers(call).visible_to(reader).count())),
        ]
    drafts = Review.objects.filter(assignment__proposal__in=seen, state=Review.State.DRAFT)
    staged = Mark.objects.filter(proposal__in=seen, packet__isnull=True)
    if to == Call.Progress.DECIDING:
        return [
            Effect(_("Reviews can no longer be written or reopened; drafts that stay behind"), count(drafts.count())),
            Effect(_("Proposals short of submitted reviews"), count(short_of_reviews(call).visible_to(reader).count())),
            Effect(
                _("Lead reviewers mark awards in their fields; fields without one"), count(_without_lead(call, seen))
            ),
            Effect(_("Reviewers see"), str(call.get_deciding_shows_display())),
            Effect(_("Others' reviews are shown to them"), str(call.get_deciding_others_display())),
        ]
    if to == Call.Progress.IN_REVIEW:
        return [
            Effect(_("Reviews can be written and reopened again; drafts"), count(drafts.count())),
            Effect(_("Nothing can be marked; staged marks that stay as they are"), count(staged.count())),
        ]
    reviews = Review.objects.filter(assignment__proposal__in=seen)
    return [
        Effect(_("Reviewers see nothing of the call; reviews that are kept"), count(reviews.count())),
        Effect(_("Declared interests that are kept"), count(Conflict.objects.filter(proposal__in=seen).count())),
    ]


def settings_effects(call: Call, changed: Iterable[str], *, reader: Person | None = None) -> list[Effect]:
    """What the settings of a call, changed but not saved, would let reviewers see; ``changed``: names of its fields.

    Counted over what the reader may see.
    """
    changed, seen = set(changed), Proposal.objects.filter(call=call).seen_by(reader).order_by()
    columns: list[Named] = [call._meta.get_field(name) for name in sorted(changed)]
    found = [Effect(str(column.verbose_name), _shown(call, column.name)) for column in columns]
    shows, others = ("in_review_shows", "in_review_others")
    if call.progress == Call.Progress.DECIDING:
        shows, others = ("deciding_shows", "deciding_others")
    if call.progress not in {Call.Progress.IN_REVIEW, Call.Progress.DECIDING}:
        return found
    if shows in changed:
        people, proposals = _further(seen)
        what = _("Reviewers who see more") if getattr(call, shows) == Call.Scope.FIELD else _("Reviewers who see less")
        found.append(Effect(what, count(people)))
        found.append(Effect(_("Proposals that they see more or less, added up"), count(proposals)))
    if others in changed:
        drafts = Review.objects.filter(assignment__proposal__in=seen, state=Review.State.DRAFT)
        found.append(Effect(_("Unfinished drafts whose writers this concerns"), count(drafts.count())))
    return found


def _shown(call: Call, name: str) -> str:
    value = getattr(call, name)
    if isinstance(value, datetime.date):
        return day(value)
    chosen = getattr(call, f"get_{name}_display", None)
    return str(chosen() if chosen else value or "\u2015")


def _further(seen: ProposalQuerySet) -> tuple[int, int]:
    """Reviewers, and pairs of them with counted proposals of their fields that are neither assigned nor in conflict."""
    pairs = Reviewer.fields.through.objects.filter(
        field__proposals__in=seen.counted(), reviewer__user__is_active=True
    ).values_list("reviewer__user", "field__proposals")
    assigned = Assignment.objects.filter(proposal__in=seen, declined_at__isnull=True)
    standing = Conflict.objects.standing().filter(proposal__in=seen)
    known = set(assigned.values_list("reviewer", "proposal")) | set(standing.values_list("person", "proposal"))
    more = set(pairs) - known
    return len({person for person, _proposal in more}), len(more)


def change(call: Call, *, seen: str, to: str, by: Person, at: datetime.datetime) -> None:
    """Move the call on, or back, from where it was ``seen``. Raises Refused where it has moved meanwhile, or where the
    procedure does not allow it now."""
    with all_or_nothing():
        locked = Call.objects.select_for_update(no_key=True).get(pk=call.pk)
        if locked.progress != seen:
            raise Refused.by("stage_moved_meanwhile", call=locked.code)
        if to not in MOVES[locked.progress]:
            raise Refused.by("stage_moves", call=locked.code)
        if locked.closes_at is None or at <= locked.closes_at:
            raise Refused.by("stage_after_closing", call=locked.code)
        packets = set(Packet.objects.filter(call=locked).values_list("state", flat=True))
        if PacketState.SUBMITTED in packets:
            raise Refused.by("stage_with_submitted_packet", call=locked.code)
        if to == Call.Progress.IN_REVIEW and PacketState.RELEASED in packets:
            raise Refused.by("stage_with_released_packet", call=locked.code)
        if to == Call.Progress.IN_REVIEW:
            default_criteria(locked)
            _received(locked).update(status=Status.IN_REVIEW)
        locked.progress = to
        locked.save(update_fields=["progress"])


def _received(call: Call) -> ProposalQuerySet:
    return Proposal.objects.filter(call=call, status=Status.RECEIVED)


def _without_lead(call: Call, seen: ProposalQuerySet) -> int:
    """Fields that have counted proposals but nobody to mark them."""
    fields = call.call_fields.filter(lead_reviewer__isnull=True)
    counted = seen.counted().filter(field=OuterRef("field"))
    return fields.filter(Exists(counted)).count()
