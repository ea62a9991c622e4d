"""What a row alone or its like can break: PostgreSQL refuses each by the name of its constraint, at every door."""

import datetime
from functools import partial
from typing import Any

import factory
import pytest
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from factory.django import DjangoModelFactory

from calls.models import CallField, EligibleFunder, PotSlice, PublishedFigure
from partners.models import Institution
from proposals.record.models import Briefing, SavedView, Score
from tests.doors import at_every_insert, at_every_update, refused, run
from tests.factories import (
    CLOSES_AT,
    NOON,
    OPENS_AT,
    AssignmentFactory,
    CallFactory,
    ConflictFactory,
    CountryFactory,
    CriterionFactory,
    DocumentFactory,
    FieldFactory,
    FunderFactory,
    MarkFactory,
    PacketFactory,
    ProposalFactory,
    ReviewerUserFactory,
    ReviewFactory,
    TermsFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


class CallFieldFactory(DjangoModelFactory):
    class Meta:
        model = CallField

    call = factory.SubFactory(CallFactory, fields=[])
    field = factory.SubFactory(FieldFactory, code=factory.Sequence("field-{}".format))
    position = 1


class EligibleFunderFactory(DjangoModelFactory):
    class Meta:
        model = EligibleFunder

    call = factory.SubFactory(CallFactory)
    funder = factory.SubFactory(FunderFactory, acronym=factory.Sequence("A{}".format))


class PotSliceFactory(DjangoModelFactory):
    class Meta:
        model = PotSlice

    call = factory.SubFactory(CallFactory)
    fiscal_year = factory.Sequence(lambda number: 2024 + number)
    limit_yen = 1


class PublishedFigureFactory(DjangoModelFactory):
    class Meta:
        model = PublishedFigure

    call = factory.SubFactory(CallFactory)
    measure = "proposals"
    value = 1
    position = factory.Sequence(lambda number: number + 1)
    source = "press release"


class ScoreFactory(DjangoModelFactory):
    """A score of a draft, in a call that is in review."""

    class Meta:
        model = Score

    review = factory.SubFactory(ReviewFactory, assignment__proposal__terms__call__progress="in_review")
    criterion = factory.LazyAttribute(
        lambda score: CriterionFactory(call=score.review.assignment.proposal.call),
    )
    value = 3


class InstitutionFactory(DjangoModelFactory):
    class Meta:
        model = Institution

    name_ja = factory.Sequence("東都大学 第{}".format)


class BriefingFactory(DjangoModelFactory):
    class Meta:
        model = Briefing

    code = factory.Sequence("briefing-{}".format)
    name_ja = "定例説明"
    as_of = NOON
    figures = factory.LazyFunction(list)
    rows = factory.LazyFunction(list)
    about = factory.LazyFunction(dict)
    calls = factory.LazyFunction(list)


class SavedViewFactory(DjangoModelFactory):
    class Meta:
        model = SavedView

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence("国別 {}".format)


class AnotherCountryFactory(CountryFactory):
    alpha2 = factory.Sequence(lambda number: f"X{chr(65 + number)}")


class AnotherFunderFactory(FunderFactory):
    acronym = factory.Sequence("A{}".format)


UNHEARD = "unheard"
IN_REVIEW = {"assignment__proposal__terms__call__progress": "in_review"}
BY_ANOTHER = {"recorded_by": factory.SubFactory(UserFactory)}
NAMED = {"code": "GB-UKRI", "label_as_printed": "UKRI"}
BY_ITSELF = [
    ("call_window_whole", CallFactory, {}, {"opens_at": None}),
    ("call_window_whole", CallFactory, {}, {"closes_at": None}),
    ("call_window_ordered", CallFactory, {}, {"closes_at": OPENS_AT}),
    ("call_window_ordered", CallFactory, {}, {"opens_at": CLOSES_AT + datetime.timedelta(days=1)}),
    ("call_pot_not_negative", CallFactory, {}, {"pot_yen": -1}),
    ("terms_ceiling_positive", TermsFactory, {}, {"annual_ceiling_yen": -1}),
    ("terms_ceiling_positive", TermsFactory, {}, {"annual_ceiling_yen": 0}),
    ("terms_months_positive", TermsFactory, {}, {"max_months": 0}),
    ("terms_indirect_percent_sane", TermsFactory, {}, {"indirect_percent": 101}),
    ("criterion_weight_positive", CriterionFactory, {}, {"weight": 0}),
    ("pot_slice_not_negative", PotSliceFactory, {"limit_yen": 0}, {"limit_yen": -1}),
    ("score_in_scale", ScoreFactory, {"value": 1}, {"value": 0}),
    ("score_in_scale", ScoreFactory, {"value": 5}, {"value": 6}),
    ("score_in_scale", ScoreFactory, {}, {"value": 99}),
    ("packet_state_known", PacketFactory, {}, {"state": UNHEARD}),
    ("mark_decision_known", MarkFactory, {}, {"decision": UNHEARD}),
    ("review_state_known", ReviewFactory, IN_REVIEW, {"state": UNHEARD}),
    ("conflict_finding_known", ConflictFactory, {}, {"finding": UNHEARD}),
    ("conflict_kind_known", ConflictFactory, {}, {"kind": UNHEARD}),
    ("conflict_kind_known", ConflictFactory, {}, {"kind": ""}),
    ("conflict_other_in_words", ConflictFactory, {}, {"kind": "other"}),
    ("conflict_mistake_has_reason", ConflictFactory, BY_ANOTHER, {"finding": "mistaken"}),
    ("conflict_mistake_by_another", ConflictFactory, {}, {"finding": "mistaken", "words": "mistyped"}),
    ("document_kind_known", DocumentFactory, {}, {"kind": UNHEARD}),
    ("document_size_bounded", DocumentFactory, {}, {"size": 0}),
    ("document_size_bounded", DocumentFactory, {}, {"size": 50 * 2**20 + 1}),
    ("document_pages_bounded", DocumentFactory, {}, {"pages": 0}),
    ("document_pages_bounded", DocumentFactory, {}, {"pages": 2_001}),
    ("document_fingerprint_form", DocumentFactory, {}, {"sha256": "A" * 64}),
    ("document_removed_with_reason", DocumentFactory, {}, {"removed_at": NOON}),
    ("document_removed_with_reason", DocumentFactory, {}, {"removal_reason": "wrong"}),
    ("country_alpha2_form", CountryFactory, {}, {"alpha2": "gb"}),
    ("country_alpha2_form", CountryFactory, {}, {"alpha2": "1B"}),
    ("funder_agency_has_acronym", FunderFactory, NAMED, {"acronym": ""}),
    ("funder_code_form", FunderFactory, {}, {"code": "UKRI"}),
    ("funder_ror_form", FunderFactory, {}, {"ror_id": "https://ror.org/0zz"}),
    ("institution_erad_form", InstitutionFactory, {"erad_code": "0123456789"}, {"erad_code": "123456789"}),
    ("institution_ror_form", InstitutionFactory, {"ror_id": "057zh3y96"}, {"ror_id": "https://ror.org/057zh3y96"}),
    ("funder_crossref_form", FunderFactory, {}, {"crossref_funder_id": "10.13039/100014013"}),
]
AMONG_OTHERS = [
    ("call_code_once", CallFactory, ["code"]),
    ("country_alpha2_once", AnotherCountryFactory, ["alpha2"]),
    ("funder_code_once", AnotherFunderFactory, ["code"]),
    ("call_field_once", CallFieldFactory, ["call", "field"]),
    ("eligible_funder_once_a_call", EligibleFunderFactory, ["call", "funder"]),
    ("criterion_once_a_place", CriterionFactory, ["call", "position"]),
    ("pot_slice_once_a_fiscal_year", PotSliceFactory, ["call", "fiscal_year"]),
    ("published_figure_once_a_place", PublishedFigureFactory, ["call", "position"]),
    ("proposal_number_once", ProposalFactory, ["number"]),
    ("assignment_once", AssignmentFactory, ["proposal", "reviewer"]),
    ("assignment_position_once", AssignmentFactory, ["proposal", "position"]),
    ("conflict_once", ConflictFactory, ["proposal", "person"]),
    ("document_once", DocumentFactory, ["proposal", "sha256"]),
    ("document_one_application", partial(DocumentFactory, kind="application"), ["proposal"]),
    ("score_once_a_criterion", ScoreFactory, ["review", "criterion"]),
    ("packet_once_a_call", PacketFactory, ["call"]),
    ("institution_once", InstitutionFactory, ["name_ja"]),
    ("briefing_code_once", BriefingFactory, ["code"]),
    ("saved_view_name_once", SavedViewFactory, ["owner", "name"]),
]


each_breach = pytest.mark.parametrize(("name", "make", "good", "breach"), BY_ITSELF)


def each_twin(*, of: list[Any]) -> Any:
    return pytest.mark.parametrize(("name", "make", "same"), of, ids=[name for name, *_ in of])


def like(row: Any, **changes: Any) -> Any:
    """A row not saved yet that says the same, but for some changes."""
    fields = [each for each in row._meta.concrete_fields if not (each.primary_key or each.generated)]
    return type(row)(**{each.name: getattr(row, each.name) for each in fields} | changes)


@each_breach
@at_every_insert
def test_row_is_refused_when_inserted_as_none_can_be(name, make, good, breach, insert):
    row = like(make(**good), **breach)

    with refused(name):
        insert(row)


@each_breach
@at_every_update
def test_row_is_refused_when_changed_to_what_none_can_be(name, make, good, breach, change):
    row = make(**good)

    with refused(name):
        change(row, **breach)


@each_breach
def test_row_is_refused_in_a_form_as_none_can_be(name, make, good, breach):
    row = make(**good)
    for column, value in breach.items():
        setattr(row, column, value)

    with pytest.raises(ValidationError) as caught:
        row.full_clean()

    assert set(caught.value.error_dict) & {*breach, NON_FIELD_ERRORS}


@each_twin(of=AMONG_OTHERS)
@at_every_insert
def test_row_is_refused_when_inserted_as_another_is(name, make, same, insert):
    first, second = make(), make()

    with refused(name):
        insert(like(second, **{column: getattr(first, column) for column in same}))


@each_twin(of=[case for case in AMONG_OTHERS if case[0] != "briefing_code_once"])  # a briefing never changes
@at_every_update
def test_row_is_refused_when_changed_into_another(name, make, same, change):
    first, second = make(), make()

    with refused(name):
        change(second, **{column: getattr(first, column) for column in same})


# --- what stays as it is ----------------------------------------------------------------------------------------------

DELETES = [
    lambda row: row.delete(),
    lambda row: type(row).objects.filter(pk=row.pk).delete(),
    lambda row: run(f"DELETE FROM {row._meta.db_table} WHERE id = %s", row.pk),
]
at_every_delete = pytest.mark.parametrize("delete", DELETES, ids=["delete", "delete_each", "delete_by_sql"])


@at_every_update
@pytest.mark.parametrize(("column", "make"), [("proposal", ProposalFactory), ("reviewer", ReviewerUserFactory)])
def test_assignment_keeps_its_proposal_and_reviewer(column, make, change):
    row = AssignmentFactory()

    with refused("assignment_stays"):
        change(row, **{column: make()})


@at_every_delete
def test_declined_assignment_is_kept_with_its_reason(delete):
    row = AssignmentFactory(declined_at=NOON, decline_reason="専門外")

    with refused("assignment_declined_stays"):
        delete(row)


@at_every_delete
def test_review_is_kept(delete):
    row = ReviewFactory(**IN_REVIEW)

    with refused("review_stays"):
        delete(row)


@at_every_update
def test_submitted_review_keeps_its_words_and_scores(change):
    criterion = CriterionFactory(call__progress="in_review")
    review = ReviewFactory(
        assignment__proposal__terms__call=criterion.call,
        assignment__proposal__field=criterion.call.fields.get(),
        submitted=True,
    )

    with refused("review_submitted_stays"):
        change(review, comment_to_panel="書き直した。")
    with refused("review_submitted_stays"):
        change(review.scores.get(), value=1)


@at_every_insert
def test_criterion_of_another_call_is_refused_when_scored(insert):
    row = like(ScoreFactory(), criterion=CriterionFactory())

    with refused("score_of_call"):
        insert(row)


@at_every_update
def test_criterion_of_another_call_is_refused_when_a_score_is_moved_to_it(change):
    row = ScoreFactory()

    with refused("score_of_call"):
        change(row, criterion=CriterionFactory())
