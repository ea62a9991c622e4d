"""The small pictures of a board say what the numbers beside them say, and a masked number is no zero."""

import re

import pytest
from django.template import Context, Template
from django.utils import timezone

from proposals.boards.masked import masked
from proposals.record.models import Proposal
from proposals.tallies.figures import MASK, Figure, Row, Table
from proposals.templatetags.pictures import interval, part_bar, rate_dot, sparkline
from tests.factories import (
    AssignmentFactory,
    AwardFactory,
    CallFactory,
    CountryFactory,
    FieldFactory,
    FunderFactory,
    ProposalFactory,
    ReviewFactory,
    TermsFactory,
    release,
)

pytestmark = pytest.mark.django_db


def figure(number, status="recorded_only"):
    return Figure(number, None, status)


def row(code, proposals, awards=0, **more):
    return Row(code, code, figure(proposals, **more), figure(awards))


def table(*rows, **more):
    return Table("field", "", "", rows, row("", sum(each.proposals.recorded or 0 for each in rows)), True, **more)


def test_interval_of_a_rate_is_that_of_wilson():
    assert [round(share, 1) for share in interval(7, 43)] == [8.1, 30.0]
    assert [round(share, 1) for share in interval(0, 6)] == [0.0, 39.0]
    assert interval(6, 6)[1] == pytest.approx(100)


def test_rate_is_a_dot_on_its_interval_and_nothing_without_a_rate():
    assert 'cx="16.28%"' in rate_dot(row("", 43, 7))
    assert rate_dot(row("", 0, 0)) == '<td class="bar-cell"></td>'
    assert "circle" not in rate_dot(Row("", "", figure(3), figure(1), is_decided=False))


def test_course_is_a_line_from_its_first_number_to_its_last():
    assert 'points="0,20 50,11 100,2"' in sparkline((0, 5, 10))
    assert sparkline((4,)) == ""


def test_part_of_nothing_is_no_bar():
    assert 'width="0"' in part_bar(0, 0)
    assert 'width="25"' in part_bar(1, 4)


def test_rows_by_size_keep_groups_together_and_what_is_masked_last():
    rows = [
        Row("A1", "", figure(1), figure(0), {"country": "A"}),
        Row("B1", "", figure(2), figure(0), {"country": "B"}),
        Row("A2", "", figure(9), figure(0), {"country": "A"}),
        Row("B2", "", figure(None, "masked"), figure(0), {"country": "B"}),
    ]

    assert [each.code for each in table(*rows).by_size.rows] == ["A2", "A1", "B1", "B2"]
    assert [each.code for each in table(row("x", 1), row("y", 3), row("z", 3)).by_size.rows] == ["y", "z", "x"]


@pytest.fixture
def call():
    """One country with three proposals, one with one of them awarded."""
    terms = TermsFactory(call=CallFactory(fields=[FieldFactory()]))
    ProposalFactory.create_batch(3, terms=terms)
    france = FunderFactory(country=CountryFactory(alpha2="FR", name_ja="フランス"), acronym="ANR")
    release(AwardFactory(proposal=ProposalFactory(terms=terms, primary_funder=france)))
    return terms.call


def labels(page):
    return re.findall(r'/partners/([A-Z]{2})/">', page.content.decode().split('id="country"')[1].split("</table>")[0])


def test_board_is_put_in_order_by_size_as_its_reader_asks(looking, call):
    printed, by_size = looking.get(call.get_absolute_url()), looking.get(f"{call.get_absolute_url()}?order=size")

    assert sorted(labels(printed)) == sorted(labels(by_size)) == ["FR", "GB"]
    assert labels(by_size) == ["GB", "FR"]
    assert by_size.context["as_printed"] == "?"
    masked_too = looking.get(f"{call.get_absolute_url()}?masked=1&order=size")
    assert (masked_too.context["as_printed"], masked_too.context["board"].is_masked) == ("?masked=1", True)


def test_masked_number_is_drawn_as_its_sign(looking, call, manager):
    from proposals.boards.board import CallBoard

    board = CallBoard(call, Proposal.objects.visible_to(manager), as_of=timezone.now(), reader=manager).board
    found = masked(board).tables[0]
    drawn = Template("{% load pictures %}{% for row in table.rows %}{% count_bar row table %}{% endfor %}")

    cells = drawn.render(Context({"table": found}))

    assert f'<span class="masked" aria-hidden="true">{MASK}</span>' in cells
    assert "count-bar__proposals" not in cells


def test_board_in_review_shows_its_reviews_by_field_and_day(looking, manager, in_review):
    page = looking.get(in_review.get_absolute_url())
    course = page.context["course"]

    assert [(line.given, line.done, line.left) for line in course.fields] == [(2, 1, 1)]
    assert (course.days[0].done, course.days[0].so_far) == (1, 1)
    assert len(looking.get(course.fields[0].done_href).context["rows"]) == 1
    assert len(looking.get(course.fields[0].left_href).context["rows"]) == 1
    assert len(looking.get(course.days[0].href).context["rows"]) == 1
    assert 'data-lines="course-days"' in page.content.decode()


@pytest.fixture
def in_review():
    field = FieldFactory()
    terms = TermsFactory(call=CallFactory(fields=[field]))
    proposal = ProposalFactory(terms=terms, field=field)
    call = terms.call
    call.progress = "in_review"
    call.save()
    ReviewFactory(assignment=AssignmentFactory(proposal=proposal), state="submitted", submitted_at=timezone.now())
    AssignmentFactory(proposal=ProposalFactory(terms=terms, field=field))
    return call
