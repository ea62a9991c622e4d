"""Rows for tests: a call that is open around a fixed day, its terms, and a proposal within them."""

import datetime
import zoneinfo

import factory
from django.contrib.auth.models import Group, User
from factory.django import DjangoModelFactory

from aspire.roles import Role
from calls.models import Call, CallField, Criterion, Field, Programme, PublishedFigure, Terms
from partners.models import Country, Funder
from proposals.record.models import (
    AnnualAward,
    AnnualCost,
    Assignment,
    Award,
    Conflict,
    Counterpart,
    Document,
    Mark,
    Packet,
    PacketStep,
    Proposal,
    Review,
    Reviewer,
    Score,
)
from proposals.record.status import Decision, PacketState, Status

TOKYO = zoneinfo.ZoneInfo("Asia/Tokyo")
TODAY = datetime.date(2023, 10, 2)
NOON = datetime.datetime(2023, 10, 2, 12, tzinfo=TOKYO)
OPENS_AT = datetime.datetime(2023, 9, 1, tzinfo=TOKYO)
CLOSES_AT = datetime.datetime(2023, 10, 31, 12, tzinfo=TOKYO)
CEILING_YEN = 26_000_000
MILLION = 1_000_000


# What goes with a proposal that is withdrawn or found ineligible.
OUT = {"set_aside_on": datetime.date(2027, 1, 15), "set_aside_reason": "研究代表者からの申出"}


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
    limit_annual_yen = 10 * CEILING_YEN
    limit_months = 60
    limits_reason = "公表資料"


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


class PublishedFigureFactory(DjangoModelFactory):
    """What a press release states of a call: 7 proposals in the whole, unless told what of."""

    class Meta:
        model = PublishedFigure

    call = factory.SubFactory(CallFactory)
    measure = "proposals"
    value = 7
    position = factory.LazyAttribute(lambda figure: figure.call.published_figures.count() + 1)
    source = "機構報 第1181号"
    source_en = "Press release No. 1181"


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


class OfficerFactory(UserFactory):
    """Somebody in the role of officer."""

    username = factory.Sequence("officer-{}".format)

    @factory.post_generation
    def role(self, create, _extracted, **_kwargs):
        if create:
            self.groups.set(Group.objects.filter(name=Role.OFFICER))


class ManagerFactory(UserFactory):
    """Somebody in the role of manager."""

    username = factory.Sequence("manager-{}".format)

    @factory.post_generation
    def role(self, create, _extracted, **_kwargs):
        if create:
            self.groups.set(Group.objects.filter(name=Role.MANAGER))


def decide(call: Call) -> None:
    """Bring the call so far that its proposals may be marked, unless it is already."""
    decided = {"deciding", "released"}
    Call.objects.filter(pk=call.pk).exclude(progress__in=decided).update(progress="deciding")
    call.progress = call.progress if call.progress in decided else Call.Progress.DECIDING


class MarkFactory(DjangoModelFactory):
    """An officer's mark; the call is brought so far as to be decided. A proposal that has its mark keeps it."""

    class Meta:
        model = Mark
        django_get_or_create = ("proposal",)

    proposal = factory.SubFactory(ProposalFactory)
    decision = Decision.AWARD
    marked_by = factory.SubFactory(OfficerFactory)
    marked_at = NOON

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        decide(kwargs["proposal"].call)
        return super()._create(model_class, *args, **kwargs)


class PacketFactory(DjangoModelFactory):
    """A packet that waits for release, with these ``marks`` and its step."""

    class Meta:
        model = Packet
        skip_postgeneration_save = True

    call = factory.SubFactory(CallFactory)
    submitted_by = factory.SubFactory(OfficerFactory)
    submitted_at = NOON

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        decide(kwargs["call"])
        packet = super()._create(model_class, *args, **kwargs)
        PacketStep.objects.create(packet=packet, state=packet.state, by=packet.submitted_by, at=packet.submitted_at)
        packet.refresh_from_db()  # the moment is the server's
        return packet

    @factory.post_generation
    def marks(self, create, extracted, **_kwargs):
        if create and extracted:
            Mark.objects.filter(pk__in=[mark.pk for mark in extracted]).update(packet=self)


def decide_packet(packet: Packet, state: PacketState, *, by: User | None = None) -> None:
    """Release the packet, send it back or undo its release, with the step that says so."""
    person = by or ManagerFactory()
    if state != PacketState.UNDONE:
        packet.decided_by, packet.decided_at = person, NOON
    packet.state = state
    packet.save()
    PacketStep.objects.create(packet=packet, state=state, by=person, at=NOON, comment="because")
    packet.refresh_from_db()


def release(*awards: Award) -> None:
    """Make staged awards of one call its result: marked by one person, released by another."""
    proposals = [award.proposal for award in awards]
    marks = [MarkFactory(proposal=proposal) for proposal in proposals]
    packet = PacketFactory(call=proposals[0].call, marks=marks)
    decide_packet(packet, PacketState.RELEASED)
    for proposal in proposals:
        proposal.status = Status.AWARDED
        Proposal.objects.filter(pk=proposal.pk).update(status=Status.AWARDED)
    Call.objects.filter(pk=packet.call_id).update(progress=Call.Progress.RELEASED)


class AwardFactory(DjangoModelFactory):
    """A staged award, marked; ``released=True`` makes it the call's result."""

    class Meta:
        model = Award
        skip_postgeneration_save = True

    proposal = factory.SubFactory(ProposalFactory)
    awarded_on = datetime.date(2024, 3, 1)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        if not kwargs["proposal"].is_reconstructed:
            MarkFactory(proposal=kwargs["proposal"])
        return super()._create(model_class, *args, **kwargs)

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


class DocumentFactory(DjangoModelFactory):
    """A row of a document, an annex, without its content."""

    class Meta:
        model = Document

    proposal = factory.SubFactory(ProposalFactory)
    kind = "annex"
    name = "annex.pdf"
    sha256 = factory.Sequence("{:064x}".format)
    size = 1000
    pages = 1
    sent_at = NOON


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
