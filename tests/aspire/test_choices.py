"""Remembered choices: never older than the records, and drawn as Django draws them."""

import re

import pytest
from django import forms
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aspire.choices import PlainSelect, remember_choices
from calls.models import Field
from partners.models import Funder
from tests.factories import CallFactory, FieldFactory, FunderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def offered(client, manager):
    """What the list offers in a select, by the name of its field."""
    client.force_login(manager)

    def of(name, language="en"):
        page = client.get(reverse("proposals:list"), headers={"accept-language": language}).content.decode()
        select = re.search(rf'<select name="{name}".*?</select>', page, re.DOTALL)
        return re.findall(r'<option value="(.*?)".*?>(.*?)</option>', select[0])[1:]

    return of


def test_what_is_added_renamed_or_taken_away_is_seen_at_once_whatever_wrote_it(offered):
    FieldFactory(code="ai", name_ja="人工知能", name_en="AI <new>")
    assert offered("field") == [("ai", "AI &lt;new&gt;")]
    assert offered("field", "ja") == [("ai", "人工知能")]

    Field.objects.update(name_en="Intelligence", name_ja="知能")
    assert (offered("field"), offered("field", "ja")) == ([("ai", "Intelligence")], [("ai", "知能")])

    funder, call = FunderFactory(), CallFactory(fields=[])
    assert [code for code, _label in offered("funder")] == [funder.code]
    assert [code for code, _label in offered("call")] == [call.code]
    funder.country.name_en = "Elsewhere"
    funder.country.save()
    assert offered("country") == offered("involving") == [("GB", "Elsewhere")]

    Funder.objects.all().delete()
    Field.objects.all().delete()
    assert (offered("funder"), offered("field")) == ([], [])


def test_choices_that_have_not_changed_are_not_read_again(offered):
    FunderFactory(), CallFactory()
    offered("funder")

    with CaptureQueriesContext(connection) as asked:
        offered("funder")

    read = [query["sql"] for query in asked.captured_queries]
    assert not [sql for sql in read if 'FROM "partners_' in sql or 'FROM "calls_field"' in sql]
    assert not [sql for sql in read if "CURSOR" in sql]


@pytest.mark.parametrize("value", ["", None, "b", "nothing"])
def test_a_plain_select_is_the_select_of_django(value):
    choices = [("", "All"), ("a", "A & B"), ("b", "<b>"), ("b", "twice")]
    drawn = [kind({"class": "x"}, choices).render("n", value, {"id": "id_n"}) for kind in (forms.Select, PlainSelect)]

    django, ours = (re.sub(r"\s+", " ", html).replace("> <", "><") for html in drawn)
    assert ours.replace('"b" selected>twice', '"b">twice') == django


def test_choices_of_what_has_no_history_are_not_remembered():
    class Form(forms.Form):
        person = forms.ModelChoiceField(User.objects.all())

    form = Form()
    remember_choices(form)

    with pytest.raises(TypeError):
        str(form)
