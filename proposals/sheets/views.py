"""The pages of import and export."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from aspire.models import ImportRecord, Upload
from aspire.refusals import from_error
from aspire.spreadsheets.faults import Tier
from aspire.spreadsheets.reading import read
from aspire.spreadsheets.writing import Unwritable, annotated
from calls.models import Call
from proposals.filters import ProposalFilter
from proposals.models import Proposal
from proposals.sheets import exporting, running
from proposals.sheets.exporting import template_of
from proposals.sheets.forms import ExportForm, ImportForm
from proposals.sheets.planning import CHANGE, CREATE, LEAVE, restore
from proposals.sheets.saving import IsBlocked, LookAgain

FAULTS_SHOWN = 100
ROWS_A_PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def upload_of(request: HttpRequest, pk: UUID) -> Upload:
    """The sender's own upload; anybody else's, and an expired one, does not exist."""
    return get_object_or_404(Upload.objects.visible_to(request.user, at=timezone.now()), pk=pk)


def upload_url(upload: Upload) -> str:
    return reverse("proposals:preview", args=[upload.pk])


def attachment(data: bytes, name: str, content_type: str) -> HttpResponse:
    """A download, under any file name."""
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return HttpResponse(data, content_type=content_type, headers={"Content-Disposition": disposition})


def import_file(request: HttpRequest) -> HttpResponse:
    """Send a file."""
    form = ImportForm(request.POST or None, request.FILES or None, initial={"call": request.GET.get("call")})
    if request.method == "POST" and form.is_valid():
        file, call = form.cleaned_data["file"], form.cleaned_data["call"]
        reason = form.cleaned_data["reason"]
        upload = running.receive(file.read(), call=call, by=request.user, file_name=file.name, reason=reason)
        return redirect("proposals:preview", pk=upload.pk)
    records = ImportRecord.objects.select_related("user").defer("rows")[:10]
    waiting = Upload.objects.visible_to(request.user, at=timezone.now()).waiting().defer("data", "plan")
    return render(request, "proposals/import_file.html", {"form": form, "records": records, "waiting": waiting})


@require_safe
def preview(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the file would do, or how far that is known."""
    upload = upload_of(request, pk)
    if running.is_stuck(upload, at=timezone.now()):
        running.look_again(upload)
        upload.refresh_from_db()
    if upload.state == Upload.State.SAVED and upload.record_id:
        return redirect("proposals:import_record", pk=upload.record_id)
    context: dict[str, Any] = {"upload": upload, "notice": request.GET.get("notice", "")}
    if upload.plan is not None:
        plan = restore(upload.plan)
        shown = [row for row in plan.rows if row.action != LEAVE]
        context |= {
            "plan": plan,
            "totals": plan.yen_by_year,
            "total_yen": sum(plan.yen_by_year.values()),
            "page": Paginator(shown, ROWS_A_PAGE).get_page(request.GET.get("page")),
            "faults": sorted(plan.faults, key=lambda fault: fault.tier)[:FAULTS_SHOWN],
            "more_faults": max(len(plan.faults) - FAULTS_SHOWN, 0),
            "creating": plan.count(CREATE),
            "changing": plan.count(CHANGE),
            "leaving": plan.count(LEAVE),
            "blocks": sum(fault.tier == Tier.BLOCK for fault in plan.faults),
        }
    return render(request, "proposals/preview.html", context)


@require_safe
def progress(request: HttpRequest, pk: UUID) -> HttpResponse:
    upload = upload_of(request, pk)
    return JsonResponse({"state": upload.state, "done": upload.done})


@require_POST
def confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Save all of it, once; or say why not, with nothing saved."""
    upload = upload_of(request, pk)
    try:
        record = running.confirm(upload, by=request.user)
    except LookAgain:
        running.look_again(upload)
        return redirect(f"{upload_url(upload)}?notice=look_again")
    except IsBlocked:
        return redirect(upload_url(upload))
    except DatabaseError as error:
        refusal = from_error(error)
        if refusal is None:
            raise
        return render(request, "refusal.html", {"refusal": refusal}, status=409)
    return redirect("proposals:import_record", pk=record.pk) if record else redirect(upload_url(upload))


@require_POST
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    upload = upload_of(request, pk)
    running.cancel(upload)
    return redirect(upload_url(upload))


@require_safe
def annotated_copy(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The sender's own file with a column that says what is wrong in each row."""
    upload = upload_of(request, pk)
    if upload.plan is None:
        raise Http404
    plan = restore(upload.plan)
    if not plan.form:
        raise Http404
    data = bytes(upload.data)
    marked, ending = annotated(data, read(data, file_name=upload.file_name), plan.faults)
    stem = upload.file_name.rsplit(".", 1)[0]
    return attachment(marked, f"{stem}_checked.{ending}", XLSX if ending == "xlsx" else "text/csv")


@require_safe
def import_record(request: HttpRequest, pk: int) -> HttpResponse:
    """One import that was saved, with its rows."""
    record = get_object_or_404(ImportRecord.objects.select_related("user"), pk=pk)
    page = Paginator(record.rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "proposals/import_record.html", {"record": record, "page": page})


@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """The workbook to fill in for a call, empty or with the call's proposals."""
    call = get_object_or_404(Call, code=request.GET.get("call", ""))
    visible = Proposal.objects.visible_to(request.user).filter(call=call)
    proposals = visible if request.GET.get("prefill") == "1" else visible.none()
    try:
        data = template_of(call, proposals, language=request.LANGUAGE_CODE)
    except Unwritable as unwritable:
        return render(request, "proposals/export_lost.html", {"lost": [unwritable.fault]}, status=409)
    return attachment(data, f"{call.code}_template.xlsx", XLSX)


@require_safe
def export(request: HttpRequest, form: str) -> HttpResponse:
    """The list as filtered, as a workbook or CSV."""
    asked = {name: value for name, value in request.GET.items() if name in ProposalFilter.base_filters}
    listed = ProposalFilter(asked, queryset=Proposal.objects.visible_to(request.user))
    proposals = exporting.with_related(listed.answer())
    call = Call.objects.filter(code=asked.get("call", "")).first() or (proposals[0].call if proposals else None)
    if call is None or form not in ("xlsx", "csv"):
        raise Http404
    columns = exporting.export_columns(call, proposals, Proposal.objects.fields_visible_to(request.user))
    wish = ExportForm(request.GET, columns=[(column.name, str(column.label)) for column in columns])
    wish.is_valid()
    columns = exporting.chosen(columns, wish.cleaned_data.get("columns") or [])
    language = wish.cleaned_data.get("language") or request.LANGUAGE_CODE
    encoding = wish.cleaned_data.get("encoding") or "utf-8-sig"
    try:
        data, lost = exporting.written(proposals, columns, form=form, language=language, encoding=encoding)
    except Unwritable as unwritable:
        return render(request, "proposals/export_lost.html", {"lost": [unwritable.fault]}, status=409)
    if lost and request.GET.get("lossy") != "1":
        return render(request, "proposals/export_lost.html", {"lost": lost, "is_possible": True}, status=409)
    exporting.record(data, by=request.user, filters=asked, columns=columns, count=len(proposals), form=form)
    name = f"{call.code if asked.get('call') else 'proposals'}_{timezone.localdate():%Y-%m-%d}_{language}.{form}"
    return attachment(data, name, XLSX if form == "xlsx" else "text/csv; charset=utf-8")
