"""The briefing: from an empty database to its tables, number for number, with every trap of the source kept in view."""

import csv
from collections import Counter
from io import StringIO

import pytest
from django.core.management import call_command

from calls.models import Call, Programme, PublishedFigure
from partners.models import Country, Dialogue, Funder, Initiative
from proposals.demo import press_briefing as loading
from proposals.record.models import Award, Proposal
from tests.factories import OUT

pytestmark = pytest.mark.django_db
PRINTED = list(csv.DictReader(StringIO((loading.FOLDER / "published_figures.csv").read_text())))


@pytest.fixture
def briefing(trial):
    """What ``load_briefing`` left in an empty database."""


def test_briefing_loads_everything_it_states(briefing):
    counts = {model.__name__: model.objects.count() for model in (Country, Funder, Dialogue, PublishedFigure, Proposal)}

    assert counts == {"Country": 10, "Funder": 17, "Dialogue": 8, "PublishedFigure": 45, "Proposal": 43}


def test_loading_the_briefing_again_changes_nothing(briefing):
    before = [list(model.objects.order_by("pk").values()) for model in (Country, Funder, Call, Proposal, Award)]

    call_command("load_briefing", verbosity=0)

    assert [list(model.objects.order_by("pk").values()) for model in (Country, Funder, Call, Proposal, Award)] == before


def test_loading_again_keeps_what_officers_changed(briefing):
    Proposal.objects.filter(number="R4-TRIAL-R01").update(status="withdrawn", **OUT)
    Country.objects.filter(alpha2="US").update(name_en="United States of America")

    call_command("load_briefing", verbosity=0)

    assert Proposal.objects.get(number="R4-TRIAL-R01").status == "withdrawn"
    assert Country.objects.get(alpha2="US").name_en == "United States of America"


@pytest.mark.parametrize("figure", [f for f in PRINTED if f["dimension2"] == "funder" and f["label2_as_printed"]])
def test_every_printed_count_by_funder_equals_the_rows(briefing, figure):
    found = Proposal.objects.filter(
        primary_funder__country__name_ja=figure["label1_as_printed"],
        primary_funder__label_as_printed=figure["label2_as_printed"],
    )

    assert found.count() == int(figure["value"])


def test_margins_by_field_and_awards_equal_the_printed_ones(briefing):
    def printed(measure):
        rows = (f for f in PRINTED if f["dimension1"] == "field" and f["measure"] == measure)
        return {f["label1_as_printed"]: int(f["value"]) for f in rows if f["label1_as_printed"] != "合計"}

    labels = dict(Call.objects.get(code="R4-TRIAL").call_fields.values_list("field", "label_as_printed"))
    proposals = Counter(labels[pk] for pk in Proposal.objects.values_list("field", flat=True))
    awards = Counter(labels[pk] for pk in Award.objects.values_list("proposal__field", flat=True))

    assert proposals == printed("proposals")
    assert {label: awards[label] for label in labels.values()} == printed("awards")
    assert awards["エネルギー分野"] == 0


def test_reconstructed_proposals_state_nothing_that_was_not_published(briefing):
    for proposal in Proposal.objects.all():
        assert proposal.is_reconstructed
        stated = [proposal.title_ja, proposal.title_en, proposal.principal_investigator, proposal.institution]
        assert stated == ["", "", "", ""]
        assert (proposal.starts_on, proposal.received_at, proposal.requested_yen) == (None, None, 0)


def test_countries_stand_in_gojuon_order(briefing):
    names = [country.name_ja for country in Country.objects.in_gojuon_order()]

    assert names == [
        *("アメリカ", "イギリス", "イタリア", "オーストラリア", "オランダ"),
        *("カナダ", "スウェーデン", "デンマーク", "ドイツ", "フランス"),
    ]


def test_funders_stand_a_to_z_in_their_country_with_categories_last(briefing):
    codes = [funder.code for funder in Funder.objects.in_printed_order()]

    assert codes == [
        *("US-DOE", "US-NIH", "US-NSF", "US-PRIVATE", "GB-UKRI", "GB-PRIVATE", "IT-MUR", "AU-ARC", "CA-CIHR"),
        *("CA-NSERC", "SE-SRC", "DK-PRIVATE", "DE-BMBF", "DE-DFG", "DE-PUBLIC", "FR-ANR", "FR-CNRS"),
    ]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("CHIR", ["R4-TRIAL-R31"]),
        ("cihr", ["R4-TRIAL-R31"]),
        ("ＣＨＩＲ", ["R4-TRIAL-R31"]),
        ("ﾃﾞﾝﾏｰｸ", ["R4-TRIAL-R34"]),
        ("でんまーく", ["R4-TRIAL-R34"]),
        ("Denmark", ["R4-TRIAL-R34"]),
        ("CIHR デンマーク", []),
    ],
)
def test_either_spelling_width_and_script_finds_the_proposals(briefing, text, numbers):
    assert [proposal.number for proposal in Proposal.objects.search(text).order_by("number")] == numbers


def test_the_prose_and_the_tables_name_the_same_country(briefing):
    assert Proposal.objects.search("米国").count() == Proposal.objects.search("アメリカ").count() == 18


def test_private_funders_are_categories_inside_three_countries(briefing):
    private = Funder.objects.filter(label_as_printed="民間等").in_printed_order()

    assert [(funder.country.alpha2, funder.is_category) for funder in private] == [
        ("US", True),
        ("GB", True),
        ("DK", True),
    ]


def test_the_total_row_is_a_total_and_belongs_to_no_country(briefing):
    totals = PublishedFigure.objects.filter(label_as_printed="合計")

    assert [(f.is_total, f.value, f.country, f.funder, f.field) for f in totals] == [(True, 43, None, None, None)] * 3


def test_a_label_is_kept_as_printed_with_its_middle_dot(briefing):
    figure = PublishedFigure.objects.filter(field__code="ai").first()

    assert (figure.label_as_printed, figure.field.name_ja) == ("AI\u00b7情報分野", "AI\u30fb情報")


def test_terms_and_funds_are_as_stated(briefing):
    trial, aspire = (Call.objects.get(code=code) for code in ("R4-TRIAL", "ASPIRE"))

    assert [call.terms.get().limits.annual_ceiling_yen for call in (trial, aspire)] == [26_000_000, 100_000_000]
    assert [call.terms.get().limits.total_ceiling_yen for call in (trial, aspire)] == [130_000_000, 500_000_000]
    assert (aspire.opens_at, aspire.closes_at) == (None, None)
    assert list(Programme.objects.values_list("code", "fund_yen")) == [("trial", None), ("aspire", 44_000_000_000)]
    assert Initiative.objects.get(acronym="ISPF").initial_yen == 18_400_000_000


def test_the_netherlands_is_known_from_a_dialogue_alone(briefing):
    netherlands = Country.objects.get(alpha2="NL")

    assert (netherlands.funders.count(), netherlands.dialogues.count()) == (0, 1)
