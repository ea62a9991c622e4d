"""What a call lacks is said where it is saved, on its board and where there is nothing to choose from."""

import html

import pytest
from django.urls import reverse
from django.utils import translation

from calls.lacking import PARTS, lacking
from calls.models import Call, CallField, Criterion, EligibleFunder, Field
from proposals.intake.forms import NOTHING_TO_CHOOSE
from tests.factories import CallFactory, FieldFactory, FunderFactory, ProgrammeFactory, TermsFactory

pytestmark = pytest.mark.django_db


def test_a_call_says_each_part_that_it_lacks_until_it_has_it():
    call = CallFactory(fields=[])
    sentences = [str(sentence) for _model, sentence in PARTS]

    said = [lacking(call)]
    TermsFactory(call=call)
    said.append(lacking(call))
    CallField.objects.create(call=call, field=FieldFactory(), position=1)
    said.append(lacking(call))
    EligibleFunder.objects.create(call=call, funder=FunderFactory())
    said.append(lacking(call))
    Criterion.objects.create(call=call, position=1, name_ja="基準", name_en="C", weight=1)
    said.append(lacking(call))

    assert said == [sentences[place:] for place in range(5)]


def test_a_released_call_lacks_nothing_any_more():
    call = CallFactory(fields=[])
    call.progress = Call.Progress.RELEASED

    assert lacking(call) == []


@pytest.mark.parametrize("language", ["ja", "en"])
def test_staff_are_told_on_the_board_what_a_call_lacks_and_managers_are_not(client, officer, manager, language):
    call = CallFactory(fields=[])
    client.cookies["django_language"] = language
    with translation.override(language):
        sentences = lacking(call)
    shown = {}

    for person in (officer, manager):
        client.force_login(person)
        page = html.unescape(client.get(call.get_absolute_url()).content.decode())
        shown[person] = [sentence for sentence in sentences if sentence in page]

    assert (shown[officer], shown[manager]) == (sentences, [])


def test_officer_is_told_what_a_call_lacks_when_saving_it(client, officer):
    client.force_login(officer)
    client.cookies["django_language"] = "en"
    typed = {"code": "R9", "programme": ProgrammeFactory().pk, "fiscal_year": 2027, "name_ja": "公募"}
    forms = ("call_fields", "terms", "slices", "criteria", "eligible_funders")
    typed |= {f"{name}-{part}_FORMS": 0 for name in forms for part in ("TOTAL", "INITIAL")}

    page = client.post(reverse("admin:calls_call_add"), typed, follow=True)

    with translation.override("en"):
        expected = lacking(Call.objects.get(code="R9"))
    assert len(expected) == 4
    assert [str(message) for message in page.context["messages"]][: len(expected)] == expected


def test_form_of_a_proposal_says_what_to_record_first_where_there_is_nothing_to_choose_from(client, officer):
    client.force_login(officer)
    client.cookies["django_language"] = "en"
    with translation.override("en"):
        sentences = {name: str(sentence) for name, sentence in NOTHING_TO_CHOOSE.items()}
    shown = []

    def look():
        page = client.get(reverse("admin:proposals_proposal_add")).content.decode()
        shown.append({name for name, sentence in sentences.items() if sentence in html.unescape(page)})

    assert not Field.objects.exists()
    look()
    TermsFactory()
    FunderFactory()
    look()

    assert shown == [{"call", "field", "primary_funder"}, set()]
