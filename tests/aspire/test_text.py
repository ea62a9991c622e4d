"""Text is whole at every door: composed, seen by everybody, with nothing lost on the way."""

import pytest
from django.core.exceptions import ValidationError

from aspire.text import lost_sign, mended
from partners.models import Country, Funder, Initiative, Institution
from proposals.record.models import Counterpart, Proposal
from tests.doors import UPDATES, refused, run, update_by_sql
from tests.factories import CountryFactory, FunderFactory, ProposalFactory

LOST = ["\ufffd", "\ue000", "\U000f0000", "\ufffe", "\uffff", "\ufdd0", "\u202e", "\u2066", "\x7f"]
TEXTS = {
    Proposal: [
        *("title_ja", "title_en", "principal_investigator", "principal_investigator_reading", "abstract_en"),
        *("principal_investigator_en", "institution", "young_researcher_plan", "abstract_ja", "keywords"),
    ],
    Counterpart: ["person", "institution"],
    Country: ["name_ja", "also_ja", "name_en", "reading"],
    Funder: ["acronym", "name_ja", "name_en", "label_as_printed", "note"],
    Institution: ["name_ja", "name_en", "aliases"],
    Initiative: ["acronym", "name_ja", "name_en"],
}


def row_of(model):
    if model is Proposal:
        return ProposalFactory()
    if model is Counterpart:
        proposal, funder = ProposalFactory(), FunderFactory()
        where = {"country": funder.country, "funder": funder}
        return Counterpart.objects.create(proposal=proposal, person="Ada", institution="Oxbridge", **where)
    if model is Country:
        return CountryFactory()
    if model is Funder:
        return FunderFactory()
    if model is Institution:
        return Institution.objects.create(name_ja="東都大学")
    names = {"acronym": "INI", "name_ja": "量子", "name_en": "Quanta"}
    return Initiative.objects.create(**names, launched_on="2023-04-01", initial_yen=1, country=CountryFactory())


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ク\u3099ローバル", "グローバル"),  # composed, as macOS does not
        ("ｸﾞﾛｰﾊﾞﾙ大学", "グローバル大学"),
        ("大学\u200b名\u00ad", "大学名"),
        ("一行\u2028二行", "一行\n二行"),
        ("\ufa19田", "\ufa19田"),  # composition would make another kanji of it
        ("\ufa19ク\u3099", "\ufa19グ"),
        ("葛\U000e0100城", "葛\U000e0100城"),
        ("Re\u0301nyi", "Rényi"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("plain", "plain"),
    ],
)
def test_a_text_is_mended_without_becoming_another(typed, stored):
    assert mended(typed) == stored
    assert mended(stored) == stored
    assert lost_sign(stored) == ""


@pytest.mark.parametrize("sign", LOST)
def test_a_lost_sign_is_named_by_its_code_point(sign):
    assert lost_sign(f"量子{sign}網") == f"U+{ord(sign):04X}"


# --- every door -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("change", UPDATES, ids=lambda door: door.__name__)
def test_what_is_typed_is_stored_mended(change):
    proposal = ProposalFactory()

    if change is not update_by_sql:
        change(proposal, institution="ｸﾞﾛｰﾊﾞﾙ大学")
        assert Proposal.objects.get().institution == "グローバル大学"
        assert Proposal.objects.filter(institution="ｸﾞﾛｰﾊﾞﾙ大学").exists()
    else:
        with refused("text_is_whole"):
            change(proposal, institution="ｸﾞﾛｰﾊﾞﾙ大学")


@pytest.mark.django_db
@pytest.mark.parametrize("change", UPDATES, ids=lambda door: door.__name__)
@pytest.mark.parametrize("sign", LOST)
def test_a_lost_sign_is_refused_at_every_door(change, sign):
    proposal = ProposalFactory()

    with refused("text_is_whole"):
        change(proposal, title_ja=f"量子{sign}網")


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "name"), [(model, name) for model, names in TEXTS.items() for name in names])
def test_every_text_that_people_read_is_whole(model, name):
    row = row_of(model)

    with refused("text_is_whole"):
        update_by_sql(row, **{name: "\ufffd"})
    setattr(row, name, "\ufffd")
    with pytest.raises(ValidationError) as form:
        row.clean_fields()
    assert "U+FFFD" in str(form.value.message_dict[name])


@pytest.mark.django_db
def test_a_text_in_the_form_of_macos_is_refused_from_sql():
    row = Institution.objects.create(name_ja="東都大学")

    with refused("text_is_whole"):
        update_by_sql(row, aliases="ク\u3099")
    update_by_sql(row, aliases="\ufa19田大学")


@pytest.mark.django_db
def test_a_text_from_before_the_rule_hinders_nothing_else():
    proposal = ProposalFactory(title_ja="量子")
    run("SET LOCAL session_replication_role = replica")
    update_by_sql(proposal, title_ja="量\ufffd子")
    run("SET LOCAL session_replication_role = origin")

    update_by_sql(proposal, title_en="Quanta")

    assert Proposal.objects.get().title_en == "Quanta"
    with refused("text_is_whole"):
        update_by_sql(proposal, title_ja="\ufffd")
