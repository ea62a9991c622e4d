"""Rows for tests: a call that is open around a fixed day, its terms, and a proposal within them."""

import datetime
import zoneinfo

import factory
from factory.django import DjangoModelFactory

from calls.models import Call, CallField, Field, Programme, Terms
from partners.models import Country, Funder
from proposals.models import AnnualAward, AnnualCost, Award, Proposal

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


class AwardFactory(DjangoModelFactory):
    class Meta:
        model = Award

    proposal = factory.SubFactory(ProposalFactory)
    awarded_on = datetime.date(2024, 3, 1)


class AnnualAwardFactory(DjangoModelFactory):
    """An award of ¥13 million (10 direct, 3 indirect) for fiscal year 2024."""

    class Meta:
        model = AnnualAward

    award = factory.SubFactory(AwardFactory)
    fiscal_year = 2024
    direct_yen = 10 * MILLION
    indirect_yen = 3 * MILLION
