"""What stands in an address fits into it: no code can take a page down, nor hide behind a page of its own name."""

import html
import re

import pytest
from django.core.exceptions import ValidationError
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import translation

from aspire.constraints import CODE
from aspire.refusals import Refusal
from aspire.sheets.kinds import KINDS
from calls.models import Call, Field, Programme
from partners.models import FUNDER_CODE, Country, Funder
from proposals.record.models import Briefing, Proposal
from tests.doors import at_every_insert, at_every_update, refused
from tests.factories import (
    NOON,
    CallFactory,
    CountryFactory,
    FieldFactory,
    FunderFactory,
    ProgrammeFactory,
    ProposalFactory,
    TermsFactory,
)

pytestmark = pytest.mark.django_db
# Of each kind what is no code, and the rule that says so.
IMPOSSIBLE = {
    Call: ("code", "call_code_form", ["R9 公募", "compare", "R9/1", "", "-R9", "R9_1", "R9\n", "R9.1"]),
    Proposal: ("number", "proposal_number_form", ["令9/第5号", "", "p-1", "P 1", "P?1", "P-1/"]),
    Programme: ("code", "programme_code_form", ["事業", "", "a b", "a&b", "-a"]),
    Field: ("code", "field_code_form", ["量子", "", "a,b", "a b", "-a"]),
    Briefing: ("code", "briefing_code_form", ["freeze", "", "春", "a b", "a/b"]),
    Country: ("alpha2", "country_alpha2_form", ["gb", "", "1A", "英"]),
    Funder: ("code", "funder_code_form", ["GB UKRI", "", "gb-ukri", "GB-", "GB-量"]),
}
of_every_kind = pytest.mark.parametrize("model", IMPOSSIBLE, ids=lambda model: model.__name__)
# What stands in an address under that name, and which words it can be.
PARAMETERS = {
    ("boards", "code"): CODE,
    ("calls", "code"): CODE,
    ("assignment", "code"): CODE,
    ("intake", "number"): CODE,
    ("awards", "code"): CODE,
    ("awards", "number"): CODE,
    ("proposals", "number"): CODE,
    ("review", "number"): CODE,
    ("partnerships", "alpha2"): "^[A-Z]{2}$",
    ("partnerships", "funder"): FUNDER_CODE,
    ("briefings", "code"): "^(?!freeze$)[-a-zA-Z0-9_]+$",
    ("sheets", "kind"): "^({})$".format("|".join(KINDS)),
}


def saved(model):
    """A row of the kind, saved."""
    if model is Briefing:
        kept = {"figures": [], "rows": [], "about": {}, "calls": []}
        return Briefing.objects.create(code="spring", name_ja="春", as_of=NOON, query="", **kept)
    made = {Call: CallFactory, Proposal: ProposalFactory, Programme: ProgrammeFactory, Field: FieldFactory}
    return (made | {Country: CountryFactory, Funder: FunderFactory})[model]()


def unsaved(model):
    """A row like a saved one, not saved itself."""
    row = saved(model)
    row.pk, row._state.adding = None, True
    return row


@at_every_insert
@of_every_kind
def test_code_that_makes_an_address_impossible_is_refused_at_every_door(insert, model):
    name, rule, codes = IMPOSSIBLE[model]
    row = unsaved(model)

    for code in codes:
        setattr(row, name, code)
        with refused(rule):
            insert(row)


@at_every_update
@of_every_kind
def test_code_never_becomes_one_that_makes_an_address_impossible(change, model):
    name, rule, codes = IMPOSSIBLE[model]
    row = saved(model)

    for code in codes:
        with refused("briefing_stays" if model is Briefing else rule):
            change(row, **{name: code})


@pytest.mark.parametrize("language", ["ja", "en"])
@of_every_kind
def test_form_says_at_the_field_what_a_code_may_be(model, language):
    name, rule, codes = IMPOSSIBLE[model]
    row = unsaved(model)

    for code in ["freeze"] if model is Briefing else filter(None, codes):  # Django says the rest of a slug itself
        setattr(row, name, code)
        with translation.override(language), pytest.raises(ValidationError) as caught:
            row.full_clean()
        with translation.override(language):
            assert caught.value.message_dict[name] == [Refusal(rule).sentence]


def test_officer_is_told_which_code_a_call_may_have(client, officer):
    client.force_login(officer)
    programme = ProgrammeFactory()
    typed = {"code": "R9 公募", "programme": programme.pk, "fiscal_year": 2027, "name_ja": "公募"}
    forms = ("call_fields", "terms", "slices", "criteria", "eligible_funders")
    typed |= {f"{name}-{part}_FORMS": 0 for name in forms for part in ("TOTAL", "INITIAL")}

    for code in ("R9 公募", "compare"):
        page = client.post(reverse("admin:calls_call_add"), typed | {"code": code})

        assert page.status_code == 200
        assert Refusal("call_code_form").sentence in html.unescape(page.content.decode())
    assert client.post(reverse("admin:calls_call_add"), typed | {"code": "R9"}).status_code == 302
    assert [client.get(address).status_code for address in ("/", "/calls/", "/fund/", "/calls/R9/")] == [200] * 4


def test_officer_is_told_which_number_a_proposal_may_have(client, officer):
    client.force_login(officer)
    proposal = ProposalFactory(terms=TermsFactory())
    page = client.get(reverse("admin:proposals_proposal_change", args=[proposal.pk])).context["adminform"].form
    typed = {name: page.get_initial_for_field(field, name) or "" for name, field in page.fields.items()}
    received = {"received_at_0": "2023-10-02", "received_at_1": "12:00"}
    sets = {f"{name}-{part}_FORMS": 0 for name in ("costs", "counterparts") for part in ("TOTAL", "INITIAL")}

    answer = client.post(
        reverse("admin:proposals_proposal_change", args=[proposal.pk]),
        typed | received | sets | {"number": "令9/第5号"},
    )

    assert Refusal("proposal_number_form").sentence in html.unescape(answer.content.decode())
    assert client.get("/proposals/").status_code == 200


# --- no code is the word of a page ------------------------------------------------------------------------------------


def routes(resolver, before="", namespace=""):
    """Every address of the site as it is written, under its namespace."""
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route, pattern.namespace or namespace)
        elif isinstance(pattern, URLPattern) and not namespace.startswith("admin"):
            yield namespace, route


def words_beside_codes():
    """Where an address has a code: the code's name and every word that stands in its place in another address."""
    known = [(namespace, route.split("/")) for namespace, route in routes(get_resolver())]
    for namespace, parts in known:
        for place, part in enumerate(parts):
            name = re.fullmatch(r"<slug:(\w+)>", part)
            if not name:
                continue
            for _, others in known:
                beside = others[place] if len(others) > place else ""
                if beside and "<" not in beside and all(map(alike, parts[:place], others[:place])):
                    yield namespace, name[1], beside


def alike(one, other):
    """Whether two parts of an address may be the same text."""
    return one == other or ("<" in one and "<" in other)


def test_no_code_can_be_the_word_of_a_page_in_its_place():
    words = set(words_beside_codes())

    assert {("boards", "code", "compare"), ("briefings", "code", "freeze"), ("proposals", "number", "import")} <= words
    assert [found for found in words if re.search(PARAMETERS[found[:2]], found[2])] == []


def test_every_code_in_an_address_is_known_by_what_it_can_be():
    found = {
        (namespace, name) for namespace, route in routes(get_resolver()) for name in re.findall(r"<slug:(\w+)>", route)
    }

    assert found == set(PARAMETERS)
