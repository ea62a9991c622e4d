"""The files of proposals under their own addresses; everything after sending one is the same for every kind."""

import re

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from aspire.models import ExportRecord
from aspire.people import Person, PersonRequest
from aspire.refusals import Refused
from aspire.sheets import downloads, views
from aspire.tasks import preparing, waiting
from calls.models import Call
from proposals.filters import ProposalFilter
from proposals.intake import bundles, documents
from proposals.intake import exports as exporting
from proposals.intake.resource import ProposalResource
from proposals.record.models import Document, Proposal

# Nothing in a stranger's PDF reaches out of it; the page of a review frames it.
SHOWN_BY_THE_BROWSER = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
PART = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def import_file(request: PersonRequest) -> HttpResponse:
    return views.send(request, ProposalResource.name)


@require_safe
def template(request: PersonRequest) -> HttpResponse:
    return downloads.template(request, ProposalResource.name)


@require_safe
def export(request: PersonRequest, form: str) -> HttpResponse:
    """The list as filtered, as a workbook or CSV; as there, the part of a question that is understood decides."""
    asked = {name: value for name, value in request.GET.items() if name in ProposalFilter.base_filters}
    listed = ProposalFilter(asked, queryset=Proposal.objects.visible_to(request.user), request=request)
    if preparing.must_wait(request, rows=listed.number(), at_once=preparing.ROWS_AT_ONCE):
        return preparing.begin(request)
    proposals = exporting.exported(listed.answer())
    understood = listed.form.cleaned_data
    filters = {name: value for name, value in asked.items() if understood.get(name) not in (None, "")}
    call = understood.get("call") or Call.objects.filter(pk__in={proposal.call for proposal in proposals[:1]}).first()
    if call is None:
        raise Http404
    stem = call.code if "call" in filters else ProposalResource.name
    return downloads.answer(request, ProposalResource(call), proposals, form=form, filters=filters, stem=stem)


# --- documents -------------------------------------------------------------------------------------------------------


class DocumentForm(forms.Form):
    """One document of a proposal."""

    file = forms.FileField(label=_("PDF"), widget=forms.ClearableFileInput({"accept": "application/pdf,.pdf"}))
    kind = forms.ChoiceField(label=_("Kind of document"), choices=Document.Kind)


class BundleForm(forms.Form):
    """Documents of many proposals of a call, in a zip."""

    call = forms.ModelChoiceField(label=_("Call"), queryset=Call.objects.newest_first(), to_field_name="code")
    file = forms.FileField(
        label=_("Zip of PDFs"),
        widget=forms.ClearableFileInput({"accept": "application/zip,.zip"}),
        help_text=_(
            "Each name, or that of its folder, begins with the number of a proposal: NUMBER.pdf is the application, "
            "everything else an annex."
        ),
    )


@require_POST
def add_document(request: PersonRequest, number: str) -> HttpResponse:
    """Keep one document with a proposal."""
    proposal = get_object_or_404(Proposal.objects.visible_to(request.user), number=number)
    form = DocumentForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            pdf = documents.read_pdf(file.name, file)
            incoming = [documents.Incoming(proposal, form.cleaned_data["kind"], pdf)]
            documents.keep(incoming, by=request.user, at=timezone.now())
        except Refused as refused:
            messages.error(request, refused.refusal.sentence)
        else:
            messages.success(request, _("The document is kept with the proposal."))
    else:
        messages.error(request, _("Choose a PDF, and say what it is."))
    return redirect(f"{proposal.get_absolute_url()}#documents")


@require_POST
def take_document_away(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Let nobody read a document any more, for a reason."""
    proposal = get_object_or_404(Proposal.objects.visible_to(request.user), number=number)
    document = get_object_or_404(proposal.documents.present(), pk=pk)
    reason = request.POST.get("reason", "")[:300]
    try:
        documents.take_away(document, reason=reason, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.refusal.sentence)
    else:
        messages.success(request, _("The document is taken away. Its history stays."))
    return redirect(f"{proposal.get_absolute_url()}#documents")


@require_safe
def document(request: PersonRequest, number: str, pk: int) -> HttpResponseBase:
    """A document, in the browser's own reader or (``?save=1``) as a file; the part of it that ``Range`` asks for (RFC
    9110, 14.2)."""
    proposal = get_object_or_404(Proposal.objects.read_whole_by(request.user), number=number)
    found = get_object_or_404(proposal.documents.present(), pk=pk)
    if not found.is_there:
        raise Http404
    part = part_of(request.headers.get("Range", ""), found.size)
    start, end = part or (0, found.size - 1)
    if start > end:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{found.size}"})
    is_saved = "save" in request.GET
    if start == 0:  # a reader's further parts are of what it began with
        remember_opening(found, number, request.user)
    answer = StreamingHttpResponse(found.read(start, end), content_type="application/pdf", status=206 if part else 200)
    if part:
        answer.headers["Content-Range"] = f"bytes {start}-{end}/{found.size}"
    answer.headers["Content-Length"] = str(end - start + 1)
    answer.headers["Content-Disposition"] = content_disposition_header(is_saved, found.name) or "inline"
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'" if is_saved else SHOWN_BY_THE_BROWSER
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"  # beside the form of a review
    return answer


def remember_opening(found: Document, number: str, by: Person) -> None:
    """Remember who opened a document: it leaves as a file does."""
    ExportRecord.objects.create(
        user=by,
        kind="documents",
        filters={"proposal": number},
        columns=[found.kind],
        row_count=1,
        form="pdf",
        sha256=found.sha256,
        exported_at=timezone.now(),
    )


def part_of(asked: str, size: int) -> tuple[int, int] | None:
    """The first and the last byte that a browser asks for; None where it asks for no one part."""
    part = PART.fullmatch(asked)
    if part is None or not any(part.groups()):
        return None
    first, last = part.groups()
    if not first:
        return max(size - int(last), 0), size - 1
    return int(first), min(int(last or size), size - 1)


def send_documents(request: PersonRequest) -> HttpResponse:
    """Send a zip of documents: it is shown what it brings, and nothing is kept before that is confirmed."""
    form = BundleForm(request.POST or None, request.FILES or None, initial={"call": request.GET.get("call", "")})
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and form.is_valid():
        call, file = form.cleaned_data["call"], form.cleaned_data["file"]
        context["call"] = call
        try:
            if documents.members_of(file) > bundles.READ_AT_ONCE:
                return redirect("intake:bundle", pk=bundles.receive(file, call=call, by=request.user).pk)
            file.seek(0)
            context["incoming"] = documents.unpack(file, call, Proposal.objects.visible_to(request.user))
        except Refused as refused:
            context["refusals"] = refused.refusals
        else:
            file.seek(0)
            context["token"] = waiting.put(file, about=call.code, by=request.user)
    status = 400 if form.errors or "refusals" in context else 200
    return render(request, "intake/documents.html", context, status=status)


@require_POST
def confirm_documents(request: PersonRequest) -> HttpResponse:
    """Keep what a zip brings, all of it or nothing."""
    try:
        file, code = waiting.find(request.POST.get("token", ""), by=request.user)
        call = get_object_or_404(Call, code=code)
        with file:
            incoming = documents.unpack(file, call, Proposal.objects.visible_to(request.user))
            kept = documents.keep(incoming, by=request.user, at=timezone.now())
    except waiting.Gone:
        refused = Refused.by("document_bundle_waits")
    except Refused as error:
        refused = error
    else:
        waiting.forget(file)
        said = ngettext("%(number)s document is kept.", "%(number)s documents are kept.", len(kept))
        messages.success(request, said % {"number": len(kept)})
        return redirect(f"{reverse('proposals:list')}?call={call.code}")
    context = {"form": BundleForm(), "refusals": refused.refusals}
    return render(request, "intake/documents.html", context, status=409)
