"""What applicants are to be told, as a list to write letters from: only of what is released."""

from collections.abc import Iterator
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from aspire.people import Person
from aspire.workbooks import parsing
from aspire.workbooks.columns import Column
from aspire.workbooks.markup import Value
from aspire.workbooks.writing import csv_bytes, workbook_bytes
from calls.models import Call
from proposals.record.models import Proposal, Review
from proposals.record.status import PacketState

LONGEST = 32_767  # signs in a cell


def column(name: str, label: Promise, kind: Literal["text", "yen", "code"] = "text") -> Column:
    """A column that is only written."""
    return Column(name, label, meaning=label, example="", parse=parsing.text(LONGEST), kind=kind)


COLUMNS = [
    column("number", gettext_lazy("Number"), "code"),
    column("decision", gettext_lazy("Decision")),
    column("principal_investigator", gettext_lazy("Principal investigator")),
    column("institution", gettext_lazy("Research institution")),
    column("title_ja", gettext_lazy("Title (Japanese)")),
    column("title_en", gettext_lazy("Title (English)")),
    column("direct_yen", gettext_lazy("Direct costs awarded (yen)"), "yen"),
    column("indirect_yen", gettext_lazy("Indirect costs awarded (yen)"), "yen"),
    column("comment", gettext_lazy("Comments to the applicant")),
]
PARAGRAPH = "\n\n"


def told(call: Call, user: Person) -> list[Proposal]:
    """The proposals of the call whose mark is released, as far as the person sees them."""
    seen = Proposal.objects.visible_to(user).filter(call=call, mark__packet__state=PacketState.RELEASED)
    return list(seen.select_related("mark", "award").order_by("number"))


def rows(proposals: list[Proposal]) -> Iterator[list[Value]]:
    """One row a letter; comments are those of the reviews that count, in the reviewers' order, without names."""
    comments: dict[int, list[str]] = {}
    reviews = Review.objects.counting().filter(assignment__proposal__in=[proposal.pk for proposal in proposals])
    for review in reviews.select_related("assignment").order_by("assignment__position"):
        comments.setdefault(review.assignment.proposal_id, []).append(review.comment_to_applicant)
    for proposal in proposals:
        award = proposal.released_award
        yield [
            proposal.number,
            str(proposal.mark.get_decision_display()),
            proposal.principal_investigator,
            proposal.institution,
            proposal.title_ja,
            proposal.title_en,
            award.awarded_direct_yen if award else None,
            award.awarded_indirect_yen if award else None,
            PARAGRAPH.join(comments.get(proposal.pk, [])),
        ]


def letters(proposals: list[Proposal], *, form: str, language: str) -> bytes:
    """The list as a workbook or as CSV, in the given language."""
    with override(language):
        if form == "xlsx":
            return workbook_bytes(_("Letters"), COLUMNS, rows(proposals), language=language)
        data, _lost = csv_bytes([str(column.label) for column in COLUMNS], rows(proposals))
        return data
