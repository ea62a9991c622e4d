"""Rows for tests: a call that is open around a fixed day, its terms, and a proposal within them."""

import datetime
import zoneinfo

import factory
from django.contrib.auth.models import Group, User
from factory.django import DjangoModelFactory

from aspire.roles import Role
from calls.models import Call, CallField, Criterion, Field, Programme, Terms
from partners.models import Country, Funder
from proposals.models import (
    AnnualAward,
    AnnualCost,
    Assignment,
    Award,
    Conflict,
    Counterpart,
    Mark,
    Packet,
    PacketStep,
    Proposal,
    Review,
    Reviewer,
    Score,
)
from proposals.status import Decision, PacketState, Status

TOKYO = zoneinfo.ZoneInfo("Asia/Tokyo")
TODAY = datetime.date(2023, 10, 2)
NOON = datetime.datetime(2023, 10, 2, 12, tzinfo=TOKYO)
OPENS_AT = datetime.datetime(2023, 9, 1, tzinfo=TOKYO)
CLOSES_AT = datetime.datetime(2023, 10, 31, 12, tzinfo=TOKYO)
CEILING_YEN = 26_000_000
MILLION = 1_000_000


class CountryFactory(DjangoModelFactory):
    class Meta:
        model = Country
        django_get_or_create = ("alpha2",)

    alpha2 = "GB"
    name_ja = "イギリス"
    name_en = "United Kingdom"
    reading = "イギリス"


class FunderFactory(DjangoModelFactory):
    class Meta:
        model = Funder
        django_get_or_create = ("code",)

    country = factory.SubFactory(CountryFactory)
    code = factory.LazyAttribute(lambda funder: f"{funder.country.alpha2}-{funder.acronym}")
    acronym = "UKRI"
    name_ja = "英国研究・イノベーション機構"
    name_en = "UK Research and Innovation"
    label_as_printed = factory.SelfAttribute("acronym")


class FieldFactory(DjangoModelFactory):
    class Meta:
        model = Field
        django_get_or_create = ("code",)

    code = "quantum"
    name_ja = "量子"
    name_en = "Quantum"


class ProgrammeFactory(DjangoModelFactory):
    class Meta:
        model = Programme
        django_get_or_create = ("code",)

    code = "ASPIRE"
    name_ja = "先端国際共同研究推進事業"
    name_en = "Adopting Sustainable Partnerships for Innovative Research Ecosystem"
    budget_source_ja = "基金"
    budget_source_en = "fund"


class CallFactory(DjangoModelFactory):
    """A call open around ``TODAY``, with one field; ``fields=[…]`` gives others, ``fields=[]`` none."""

    class Meta:
        model = Call
        skip_postgeneration_save = True

    code = factory.Sequence("CALL-{}".format)
    programme = factory.SubFactory(ProgrammeFactory)
    name_ja = "国際共同研究公募"
    name_en = "Call for international joint research"
    fiscal_year = 2023
    opens_at = OPENS_AT
    closes_at = CLOSES_AT

    @factory.post_generation
    def fields(self, create, extracted, **_kwargs):
        if not create:
            return
        chosen = [FieldFactory()] if extracted is None else extracted
        rows = [CallField(call=self, field=field, position=place) for place, field in enumerate(chosen, 1)]
        CallField.objects.bulk_create(rows)


class TermsFactory(DjangoModelFactory):
    """The trial call's terms: ¥26 million a fiscal year with indirect costs, 60 months, 30 %."""

    class Meta:
        model = Terms

    call = factory.SubFactory(CallFactory)
    annual_ceiling_yen = CEILING_YEN
    max_months = 60
    indirect_included = True
    indirect_percent = 30


class ProposalFactory(DjangoModelFactory):
    """A proposal received in the window, for five years from April 2024; ``terms=`` chooses its call."""

    class Meta:
        model = Proposal

    terms = factory.SubFactory(TermsFactory)
    call = factory.SelfAttribute("terms.call")
    number = factory.Sequence("P-{:04d}".format)
    title_ja = "量子もつれの国際共同研究"
    title_en = "Entanglement across borders"
    field = factory.LazyAttribute(lambda proposal: proposal.call.fields.first() or FieldFactory())
    received_at = NOON
    starts_on = datetime.date(2024, 4, 1)
    ends_on = datetime.date(2029, 3, 31)
    principal_investigator = "青木 花子"
    principal_investigator_reading = "アオキ ハナコ"
    researcher_number = "00123456"
    institution = "東都大学"
    primary_funder = factory.SubFactory(FunderFactory)


class AnnualCostFactory(DjangoModelFactory):
    """A request of ¥13 million (10 direct, 3 indirect) for fiscal year 2024."""

    class Meta:
        model = AnnualCost

    proposal = factory.SubFactory(ProposalFactory)
    fiscal_year = 2024
    direct_yen = 10 * MILLION
    indirect_yen = 3 * MILLION


class UserFactory(DjangoModelFactory):
    """Somebody without a role."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence("person-{}".format)


class MarkFactory(DjangoModelFactory):
    class Meta:
        model = Mark

    proposal = factory.SubFactory(ProposalFactory)
    decision = Decision.AWARD
    marked_by = factory.SubFactory(UserFactory)
    marked_at = NOON


def release(*awards: Award) -> None:
    """Make staged awards of one call its result: marked by one person, released by another."""
    proposals = [award.proposal for award in awards]
    submitter, releaser = UserFactory(), UserFactory()
    packet = Packet.objects.create(call=proposals[0].call, submitted_by=submitter, submitted_at=NOON)
    for proposal in proposals:
        mark = getattr(proposal, "mark", None) or MarkFactory(proposal=proposal, marked_by=submitter)
        Mark.objects.filter(pk=mark.pk).update(packet=packet)
    packet.state, packet.decided_by, packet.decided_at = PacketState.RELEASED, releaser, NOON
    packet.save()
    PacketStep.objects.create(packet=packet, state=packet.state, by=releaser, at=NOON)
    for proposal in proposals:
        proposal.status = Status.AWARDED
        Proposal.objects.filter(pk=proposal.pk).update(status=Status.AWARDED)


class AwardFactory(DjangoModelFactory):
    """A staged award; ``released=True`` makes it the call's result."""

    class Meta:
        model = Award
        skip_postgeneration_save = True

    proposal = factory.SubFactory(ProposalFactory)
    awarded_on = datetime.date(2024, 3, 1)

    @factory.post_generation
    def released(self, create, extracted, **_kwargs):
        if create and extracted:
            release(self)


class AnnualAwardFactory(DjangoModelFactory):
    """An award of ¥13 million (10 direct, 3 indirect) for fiscal year 2024."""

    class Meta:
        model = AnnualAward

    award = factory.SubFactory(AwardFactory)
    fiscal_year = 2024
    direct_yen = 10 * MILLION
    indirect_yen = 3 * MILLION


class CriterionFactory(DjangoModelFactory):
    class Meta:
        model = Criterion

    call = factory.SubFactory(CallFactory)
    position = factory.LazyAttribute(lambda criterion: criterion.call.criteria.count() + 1)
    name_ja = factory.LazyAttribute(lambda criterion: f"観点{criterion.position}")
    name_en = factory.LazyAttribute(lambda criterion: f"Criterion {criterion.position}")
    asks_ja = "研究の意義は大きいか"
    asks_en = "Does the research matter?"


class CounterpartFactory(DjangoModelFactory):
    class Meta:
        model = Counterpart

    proposal = factory.SubFactory(ProposalFactory)
    country = factory.SubFactory(CountryFactory)
    person = "Ada Smith"
    institution = "University of Camford"


class ReviewerUserFactory(UserFactory):
    """Somebody in the role of reviewer, without a profile."""

    @factory.post_generation
    def role(self, create, _extracted, **_kwargs):
        if create:
            self.groups.set(Group.objects.filter(name=Role.REVIEWER))


class ReviewerFactory(DjangoModelFactory):
    """The profile of a reviewer; ``fields=[…]`` names the fields."""

    class Meta:
        model = Reviewer
        skip_postgeneration_save = True

    user = factory.SubFactory(ReviewerUserFactory)
    name_ja = "馬場 太郎"
    name_en = "Taro Baba"
    reading = "ババ タロウ"
    researcher_number = "00765432"
    institution = "西海大学"

    @factory.post_generation
    def fields(self, create, extracted, **_kwargs):
        if create and extracted:
            self.fields.set(extracted)


class AssignmentFactory(DjangoModelFactory):
    """A proposal given to a reviewer, at the next place of the proposal."""

    class Meta:
        model = Assignment

    proposal = factory.SubFactory(ProposalFactory)
    reviewer = factory.SubFactory(ReviewerUserFactory)
    position = factory.LazyAttribute(lambda assignment: assignment.proposal.assignments.count() + 1)
    assigned_by = factory.SubFactory(UserFactory)
    assigned_at = NOON


class ConflictFactory(DjangoModelFactory):
    """A standing conflict that the person declared; ``finding="clear"`` (with ``kind=""``) says there is none."""

    class Meta:
        model = Conflict

    proposal = factory.SubFactory(ProposalFactory)
    person = factory.SubFactory(ReviewerUserFactory)
    finding = Conflict.Finding.STANDS
    kind = factory.LazyAttribute(lambda conflict: "kin" if conflict.finding == "stands" else "")
    recorded_by = factory.SelfAttribute("person")
    recorded_at = NOON


class ReviewFactory(DjangoModelFactory):
    """A draft by a reviewer who declared no interest; the call must be in review.

    ``scores=[…]`` scores the criteria in order; ``submitted=True`` submits it with both comments, and every criterion
    scored (with 4, unless told).
    """

    class Meta:
        model = Review
        skip_postgeneration_save = True

    assignment = factory.SubFactory(AssignmentFactory)
    comment_to_panel = "優れた計画である。"
    comment_to_applicant = "計画をさらに具体化されたい。"
    saved_at = NOON

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        assignment = kwargs["assignment"]
        Conflict.objects.get_or_create(
            proposal=assignment.proposal,
            person=assignment.reviewer,
            defaults={"finding": "clear", "recorded_by": assignment.reviewer, "recorded_at": NOON},
        )
        return super()._create(model_class, *args, **kwargs)

    @factory.post_generation
    def scores(self, create, extracted, **_kwargs):
        if create and extracted:
            criteria = self.assignment.proposal.call.criteria.order_by("position")
            for criterion, value in zip(criteria, extracted, strict=False):
                Score.objects.create(review=self, criterion=criterion, value=value)

    @factory.post_generation
    def submitted(self, create, extracted, **_kwargs):
        if create and extracted:
            for criterion in self.assignment.proposal.call.criteria.exclude(scores__review=self):
                Score.objects.create(review=self, criterion=criterion, value=4)
            self.state, self.submitted_at = Review.State.SUBMITTED, NOON
            self.save()
