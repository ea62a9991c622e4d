"""The applications of the demonstration: a page each, with what is known of the proposal and that it is synthetic."""

import io

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from calls.models import Call
from proposals.demo.cast import rows
from proposals.intake.documents import Incoming, keep, read_pdf
from proposals.record.models import Document, Proposal

FACE = "HeiseiKakuGo-W5"  # every reader of PDFs brings a Japanese face for it
LEFT, TOP, WIDTH = 25 * mm, A4[1] - 30 * mm, A4[0] - 50 * mm
HEAD, LABEL, BODY = 16, 9, 11  # points


def send_applications(call: Call) -> None:
    """An application for every counted proposal of the call, received when the proposal was."""
    proposals = call.proposals.counted().select_related("call", "field").order_by("number")
    for proposal in proposals.filter(received_at__isnull=False, documents=None):
        name = f"{proposal.number}.pdf"
        incoming = Incoming(proposal, Document.Kind.APPLICATION, read_pdf(name, io.BytesIO(written(proposal))))
        keep([incoming], by=None, at=proposal.received_at)


def written(proposal: Proposal) -> bytes:
    """The application as PDF; the same proposal gives the same bytes."""
    pdfmetrics.registerFont(UnicodeCIDFont(FACE))
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=True, lang="ja")
    canvas.setTitle(f"{proposal.number} {proposal.title_ja}")
    height = TOP
    for size, text in facts(proposal):
        canvas.setFont(FACE, size)
        for line in simpleSplit(text, FACE, size, WIDTH):
            canvas.drawString(LEFT, height, line)
            height -= size * 1.6
        height -= size * 0.5 if size != LABEL else 0
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def facts(proposal: Proposal) -> list[tuple[int, str]]:
    """That it is synthetic, the titles, and label and text of each fact, with the size of their type."""
    labels = {row["name"]: row["label"] for row in rows("application_labels")}
    texts = {
        "principal_investigator": proposal.principal_investigator,
        "institution": proposal.institution,
        "field": f"{proposal.field.name_ja} / {proposal.field.name_en}",
        "period": f"{proposal.starts_on} - {proposal.ends_on}",
        "young_researcher_plan": proposal.young_researcher_plan,
    }
    heading = f"{proposal.call.name_ja}  {proposal.number}"
    lines = [(LABEL, labels["synthetic"]), (LABEL, heading), (HEAD, proposal.title_ja), (BODY, proposal.title_en)]
    return [*lines, *(line for name, text in texts.items() for line in ((LABEL, labels[name]), (BODY, text)))]
