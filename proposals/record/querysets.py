"""Which proposals, and for whom."""

import datetime
import re

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat, ExtractDay
from django.utils import timezone

from aspire.kana import SearchKey, search_key
from aspire.people import Person
from aspire.roles import STAFF, Role, roles_of
from aspire.untyped import Recorded
from calls.hidden import in_conflict, withheld_from
from calls.models import Call, CallField, Field, Terms
from partners.models import Country, Funder
from proposals.record.counting import INCOMPLETE, CountingQuerySet, named
from proposals.record.status import Status


def conflicts_of(user: Person | AnonymousUser) -> frozenset[int]:
    """The proposals that do not exist for a person, whatever the role; read once a request."""
    return frozenset(in_conflict(user))


def sees_whole(user: Person, call: Call) -> bool:
    """Whether no conflict of interest hides a proposal of the call from the person."""
    hidden = conflicts_of(user)
    return not (hidden and call.proposals.filter(pk__in=hidden).exists())


DECIDED = (Status.AWARDED, Status.DECLINED)


def withheld(calls: dict[int, Call]) -> Q:
    """The proposals that tell a result: all of a released call, of others those decided."""
    whole = [pk for pk, call in calls.items() if call.progress == Call.Progress.RELEASED]
    return Q(call__in=whole) | Q(call__in=set(calls) - set(whole), status__in=DECIDED)


# Details of a proposal that not everybody who sees it may read.
STAFF_ONLY = {"researcher_number", "email", "erad_project_id", "late_reason"}
FIELDS = STAFF_ONLY | {"young_researcher_plan", "costs", "counterparts", "documents", "award"}
# What everybody who sees a proposal may search in: the search key less the researcher number.
OPEN_KEY = SearchKey(
    Concat(
        "number", Value("|"), "title_ja", Value("|"), "title_en", Value("|"), "principal_investigator",
        Value("|"), "principal_investigator_reading", Value("|"), "institution", output_field=models.TextField(),
    )
)  # fmt: skip
SEES_EVERY_PROPOSAL = {Role.OFFICER, Role.MANAGER, Role.ADMINISTRATOR}


# The newest call first. Lists go by it and the number, which together are one index.
NEWEST_CALL = models.ExpressionWrapper(models.F("call") * Value(-1), output_field=models.BigIntegerField())
IN_LIST = {"newest_call": int, "number": str}
IN_CALL = {"number": str}


class AfterMonths(models.Func):
    """The day that answers to the first so many months later, or the month's last day where it is shorter."""

    template, arg_joiner = "((%(expressions)s))::date)", " + make_interval(months => "
    output_field = models.DateField()


def midnight(day: datetime.date) -> datetime.datetime:
    """When the day begins in Tokyo."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))


def led_by(user: Person) -> models.QuerySet[CallField]:
    """For the outer proposal: its place among the fields that the person leads."""
    return CallField.objects.filter(call=OuterRef("call"), field=OuterRef("field"), lead_reviewer=user)


class ProposalQuerySet(CountingQuerySet):
    def of_call(self, call: Call) -> "ProposalQuerySet":
        """Those of one call, as a range: a column that is equal is no part of an order to PostgreSQL, which would walk
        the index of all numbers for the pages of a great call."""
        return self.filter(call__gte=call, call__lte=call)

    def visible_to(self, user: Person) -> "ProposalQuerySet":
        """What a person may see; counts obey it too. What a conflict of interest hides is hidden in every role."""
        if self._sees(user):
            return self.without_conflicts_of(user).without_embargoed_for(user)
        return self.for_reviewer(user)

    def seen_by(self, person: Person | None) -> "ProposalQuerySet":
        """What a person may see; everything where nobody asks but a program."""
        return self if person is None else self.visible_to(person)

    def without_embargoed_for(self, user: Person | AnonymousUser) -> "ProposalQuerySet":
        """Less what tells a result that the person may not know yet."""
        calls = withheld_from(user)
        return self.exclude(withheld(calls)) if calls else self

    def without_conflicts_of(self, user: Person | AnonymousUser) -> "ProposalQuerySet":
        """Less what a standing conflict of interest hides from the person."""
        hidden = conflicts_of(user)
        return self.exclude(pk__in=hidden) if hidden else self

    def for_reviewer(self, user: Person) -> "ProposalQuerySet":
        """What the stage of the call shows a reviewer: assignments, a lead reviewer's field, or all of their fields.

        Of these a reviewer sees title, people and institutions; ``readable_by`` are those that may be read.
        """
        if Role.REVIEWER not in roles_of(user):
            return self.none()
        assigned = named("Assignment").objects.filter(reviewer=user, declined_at__isnull=True)
        by_field = Q(call__progress="in_review", call__in_review_shows="field") | Q(
            call__progress="deciding", call__deciding_shows="field"
        )
        return self._judged(user).filter(
            Q(pk__in=assigned.values("proposal"))
            | Exists(led_by(user))
            | by_field & Q(field__in=Field.objects.filter(reviewers__user=user))
        )

    def declined_by(self, user: Person) -> "ProposalQuerySet":
        """What a reviewer was assigned and declined, while the stage of the call shows reviewers anything."""
        return self._judged(user).filter(assignments__reviewer=user, assignments__declined_at__isnull=False)

    def _judged(self, user: Person) -> "ProposalQuerySet":
        return self.without_conflicts_of(user).counted().filter(call__progress__in=["in_review", "deciding"])

    def readable_by(self, user: Person) -> "ProposalQuerySet":
        """What a reviewer may read whole: what the stage shows, once the person has declared no interest in it."""
        return self.for_reviewer(user).filter(conflicts__person=user, conflicts__finding="clear")

    def read_whole_by(self, user: Person) -> "ProposalQuerySet":
        """What a person may read whole, documents too: all that staff see, and what a reviewer may read."""
        return self.visible_to(user) if self._sees(user) else self.readable_by(user)

    @staticmethod
    def _sees(user: Person | AnonymousUser) -> bool:
        return bool(roles_of(user) & SEES_EVERY_PROPOSAL)

    def fields_visible_to(self, user: Person | AnonymousUser) -> frozenset[str]:
        """The fields of a visible proposal that a person may read: a manager has no need of personal numbers."""
        if not self._sees(user):
            return frozenset()
        return frozenset(FIELDS if roles_of(user) & STAFF else FIELDS - STAFF_ONLY)

    def paid_in(self, fiscal_year: int) -> "ProposalQuerySet":
        """Proposals whose released award gives something in that fiscal year."""
        given = named("AnnualAward").objects.filter(award__proposal=OuterRef("pk"), fiscal_year=fiscal_year)
        paid = given.exclude(direct_yen=0, indirect_yen=0).order_by()
        return self.filter(Exists(paid), status=Status.AWARDED)

    def outside_window(
        self, opens_at: datetime.datetime | None, closes_at: datetime.datetime | None
    ) -> "ProposalQuerySet":
        """Proposals that a window would leave outside without an officer's reason; without a window, all of them."""
        if opens_at is None or closes_at is None:
            return self.order_by("received_at", "number")
        outside = Q(received_at__lt=opens_at) | Q(received_at__gt=closes_at)
        return self.filter(outside, late_reason__regex="^[ \t\n\r\u3000]*$").order_by("received_at", "number")

    def late(self) -> "ProposalQuerySet":
        """Proposals accepted after their call had closed, which takes an officer's reason."""
        return self.filter(received_at__gt=models.F("call__closes_at")).exclude(late_reason="")

    def complete(self) -> "ProposalQuerySet":
        """Proposals that state both a research period and costs."""
        return self.exclude(INCOMPLETE)

    def incomplete(self) -> "ProposalQuerySet":
        """Proposals that state no research period, or no costs."""
        return self.filter(INCOMPLETE)

    def without_application(self) -> "ProposalQuerySet":
        """Proposals that somebody sent and whose application was not received as a document, or was taken away."""
        present = named("Document").objects.filter(proposal=OuterRef("pk"), kind="application", removed_at__isnull=True)
        return self.filter(~Exists(present.order_by()), is_reconstructed=False)

    def beyond_current_terms(self) -> "ProposalQuerySet":
        """Proposals under earlier terms whose request or period the terms now in force would refuse."""
        newer = Terms.objects.filter(call=OuterRef("call"), pk__gt=OuterRef("pk"))
        current = Terms.objects.filter(~Exists(newer), call=OuterRef("call"), pk__gt=OuterRef("terms"))
        costs = named("AnnualCost").objects.filter(proposal=OuterRef(OuterRef("pk"))).order_by()
        both = costs.alias(yen=models.F("direct_yen") + models.F("indirect_yen"))
        direct, indirect = OuterRef("requested_direct_yen"), OuterRef("requested_indirect_yen")
        found = current.alias(
            total=models.F("annual_ceiling_yen") * Cast("max_months", models.BigIntegerField()) / Value(12),
            answering=AfterMonths(OuterRef("starts_on"), models.F("max_months")),
        ).filter(
            Q(indirect_included=True, total__lt=direct + indirect)
            | Q(total__lt=direct)
            | Q(answering__lt=OuterRef("ends_on"))
            | Q(answering=OuterRef("ends_on"), answering__day=ExtractDay(OuterRef("starts_on")))
            | Q(Exists(both.filter(yen__gt=OuterRef("annual_ceiling_yen"))), indirect_included=True)
            | Q(Exists(costs.filter(direct_yen__gt=OuterRef("annual_ceiling_yen"))))
            | Q(
                Exists(
                    costs.filter(
                        indirect_yen__gt=models.F("direct_yen")
                        * Cast(OuterRef("indirect_percent"), models.BigIntegerField())
                        / Value(100)
                    )
                )
            )
        )
        return self.filter(Exists(found))

    def involving(self, country: Country) -> "ProposalQuerySet":
        """Proposals whose primary funder or any of whose counterparts is of the country."""
        counterparts = self._counterparts().filter(country=country)
        return self.filter(Q(primary_funder__country=country) | Exists(counterparts))

    def in_further_countries(self) -> "ProposalQuerySet":
        """Proposals with a counterpart in another country than their primary funder's."""
        return self.filter(Exists(self._counterparts().exclude(country=OuterRef("primary_funder__country"))))

    @staticmethod
    def _counterparts() -> models.QuerySet[models.Model]:
        partners: models.QuerySet[models.Model] = named("Counterpart").objects.filter(proposal=OuterRef("pk"))
        return partners

    def received_on(self, day: datetime.date) -> "ProposalQuerySet":
        following = midnight(day + datetime.timedelta(days=1))
        return self.filter(received_at__gte=midnight(day), received_at__lt=following)

    def received_since(self, day: datetime.date) -> "ProposalQuerySet":
        return self.filter(received_at__gte=midnight(day))

    def next_number(self, call: str) -> str:
        """The number after the highest of the call's consecutive ones: ``DEMO-OPEN-121``."""
        numbers = self.filter(number__regex=rf"^{re.escape(call)}-\d+$").values_list("number", flat=True)
        last = max((int(number.rsplit("-", 1)[1]) for number in numbers), default=0)
        return f"{call}-{last + 1:03}"

    def search(self, text: str, *, by: Person | AnonymousUser | None = None) -> "ProposalQuerySet":
        """Proposals that hold every word of the text, in any width, case, kana script or published spelling.

        ``by``: whoever asks; a word is never found in what that person may not read.
        """
        found = self if by is None or roles_of(by) & STAFF else self.alias(open_key=OPEN_KEY)
        words = list(filter(None, map(search_key, text.split())))
        funders = Funder.objects.named_by(words)
        for word in words:
            own = Q(search_key__contains=word)
            if found is not self and any(map(str.isdigit, word)):
                own &= Q(open_key__contains=word)
            # The funders by their ids: over joined tables no index could be asked for "this or that".
            found = found.filter(own | Q(primary_funder__in=funders[word]))
        return found

    def in_order(self) -> "ProposalQuerySet":
        """Ready for the pages of a list: by ``IN_LIST`` over all calls, by ``IN_CALL`` within one that is asked for.

        Each is the order of an index, which PostgreSQL walks as far as the page goes.
        """
        ordered: ProposalQuerySet = self.annotate(newest_call=NEWEST_CALL)
        return ordered

    def for_list(self) -> "ProposalQuerySet":
        """With what a row of a list shows, in the order of logging."""
        return self.select_related("call", "field", "primary_funder__country", "award").order_by("call", "number")


def logged(proposals: ProposalQuerySet, since: datetime.date) -> ProposalQuerySet:
    """Proposals that were entered since the day, whenever they were received."""
    return proposals.filter(pk__in=_events("Proposal", since).filter(pgh_label="insert").values("pgh_obj"))


def corrected(proposals: ProposalQuerySet, since: datetime.date) -> ProposalQuerySet:
    """Proposals of which something was corrected since the day, amounts included; a new status is no correction."""
    before = apps.get_model("proposals.ProposalEvent")._default_manager.order_by("-pgh_id")
    before = before.filter(pgh_obj=OuterRef("pgh_obj"), pgh_id__lt=OuterRef("pgh_id")).values("status")[:1]
    updates = _events("Proposal", since).filter(pgh_label="update").filter(status=Subquery(before))
    costs = _events("AnnualCost", since).filter(pgh_label__in=["update", "delete"])
    # One set: "this or that" would make PostgreSQL walk every proposal.
    return proposals.filter(pk__in=updates.values("pgh_obj").union(costs.values("proposal")))


def of_events(
    model: str, path: str, proposals: ProposalQuerySet, since: datetime.date, **only: object
) -> dict[int, int]:
    """Call → how many rows of the model had such an event."""
    found = _events(model, since).filter(**only, **{f"{path}__in": proposals.order_by()})
    rows = found.exclude(pgh_label="delete").order_by().values_list(f"{path}__call")
    return dict(rows.annotate(Count("pgh_obj", distinct=True)))


def by_call(proposals: ProposalQuerySet) -> dict[int, int]:
    return dict(proposals.order_by().values_list("call").annotate(Count("pk")))


def _events(model: str, since: datetime.date) -> "QuerySet[Recorded]":
    history = apps.get_model(f"proposals.{model}Event")._default_manager
    found: QuerySet[Recorded] = history.filter(pgh_created_at__gte=midnight(since)).order_by()
    return found
