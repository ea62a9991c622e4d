"""The pages of import and export, the same for every kind of sheet."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import Paginator
from django.db import DatabaseError
from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from aspire.models import Upload
from aspire.people import PersonRequest
from aspire.refusals import from_error
from aspire.roles import STAFF, roles_of
from aspire.sheets import exporting, running
from aspire.sheets.forms import ExportForm, ImportForm
from aspire.sheets.kinds import KINDS, opened, records_for
from aspire.sheets.resources import StrictResource, chosen
from aspire.sheets.results import SheetResult, restore, restored_fault
from aspire.sheets.rows import CHANGE, CREATE, LEAVE
from aspire.sheets.saving import IsBlocked, LookAgain
from aspire.tasks import preparing
from aspire.workbooks.columns import headed
from aspire.workbooks.faults import Tier
from aspire.workbooks.reading import read
from aspire.workbooks.writing import Unwritable, annotated

FAULTS_SHOWN = 100
ROWS_A_PAGE = 50
RECORDS_SHOWN = 10
CHARSETS = {"utf-8-sig": "utf-8", "cp932": "Shift_JIS"}  # as they are called on the way
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Our own words in an address; the rest are filters.
OWN_WORDS = {"call", "language", "encoding", "columns", "lossy", "prefill", preparing.TRIED}


def importable(request: PersonRequest, name: str) -> type[StrictResource]:
    """The kind of that name, if the person may send its files; another one does not exist."""
    kind = KINDS.get(name)
    if kind is None or not kind.importers & roles_of(request.user):
        raise Http404
    return kind


def upload_of(request: PersonRequest, pk: UUID) -> Upload:
    """The sender's own upload; anybody else's, an expired one, and one of a call that is gone do not exist."""
    upload = get_object_or_404(Upload.objects.visible_to(request.user, at=timezone.now()), pk=pk)
    importable(request, upload.kind)
    return upload


def opened_or_404(request: PersonRequest, name: str, call_code: str) -> StrictResource:
    try:
        kind = opened(name, call_code)
    except ObjectDoesNotExist:
        raise Http404 from None
    kind.user = request.user
    if not kind.is_open_to(request.user):
        raise Http404
    return kind


def checked_anew(upload: Upload) -> Upload:
    """The upload, looked at again where its check is stuck or rests on records that its sender sees no longer."""
    plan, now = upload.plan, timezone.now()
    if running.is_stuck(upload, at=now) or (plan is not None and plan.get("view") != running.kind_of(upload).view()):
        running.look_again(upload)
        upload.refresh_from_db()
    return upload


def upload_url(upload: Upload) -> str:
    return reverse("sheets:preview", args=[upload.pk])


def attachment(data: bytes, name: str, content_type: str) -> HttpResponse:
    """A download, under any file name."""
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return HttpResponse(data, content_type=content_type, headers={"Content-Disposition": disposition})


@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """Every kind of sheet that one may send, and the latest imports."""
    kinds = [kind for kind in KINDS.values() if kind.importers & roles_of(request.user)]
    records = records_for(request.user).filter(kind__in=[kind.name for kind in kinds])
    context = {"kinds": kinds, "titles": titles(), "records": records.defer("rows")[:RECORDS_SHOWN]}
    return render(request, "sheets/index.html", context)


def titles() -> dict[str, Any]:
    """What the rows of each kind are called."""
    return {kind.name: kind.title for kind in KINDS.values()}


def send(request: PersonRequest, kind: str) -> HttpResponse:
    """Send a file."""
    declared = importable(request, kind)
    calls = declared.calls(request.user)
    if not (calls or roles_of(request.user) & STAFF):
        raise Http404
    asked = {"call": request.GET.get("call")}
    form = ImportForm(request.POST or None, request.FILES or None, initial=asked, kind=declared, user=request.user)
    if request.method == "POST" and form.is_valid():
        file, values = form.cleaned_data["file"], form.cleaned_data
        sheet, reason = declared.open(values.get("call", "")), values.get("reason", "")
        upload = running.receive(file.read(), kind=sheet, by=request.user, file_name=file.name, reason=reason)
        return redirect(upload_url(upload))
    records = records_for(request.user).filter(kind=kind).defer("rows")[:RECORDS_SHOWN]
    waiting = Upload.objects.visible_to(request.user, at=timezone.now()).waiting().defer("data", "plan")
    context = {"kind": declared, "calls": calls, "records": records, "waiting": waiting.filter(kind=kind)}
    context["export_columns"] = declared.export_choices(request.user)
    return render(request, "sheets/send.html", {"form": form, "titles": titles(), **context})


@require_safe
def preview(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What the file would do, or how far that is known."""
    upload = checked_anew(upload_of(request, pk))
    if upload.state == Upload.State.SAVED and upload.record_id:
        return redirect("sheets:record", pk=upload.record_id)
    context: dict[str, Any] = {"upload": upload, "kind": KINDS[upload.kind], "notice": request.GET.get("notice", "")}
    if upload.plan is not None:
        kind, plan = opened_or_404(request, upload.kind, upload.call_code), restore(upload.plan)
        context |= of_plan(plan, page=request.GET.get("page")) | labels_of(kind)
        context |= kind.shown_consequences(plan.consequences) if plan.consequences else {}
    return render(request, "sheets/preview.html", context)


def labels_of(kind: StrictResource) -> dict[str, Any]:
    """What the columns are called in the reader's language, and what a record is named by."""
    labels = {column.name: column.label for column in kind.columns}
    return {"labels": labels, "key_label": ", ".join(str(labels[name]) for name in kind.key)}


def of_plan(plan: SheetResult, *, page: str | None) -> dict[str, Any]:
    """What a preview shows of a result."""
    shown = [row for row in plan.rows if row.action != LEAVE]
    return {
        "plan": plan,
        "totals": plan.yen_by_year,
        "total_yen": sum(plan.yen_by_year.values()),
        "page": Paginator(shown, ROWS_A_PAGE).get_page(page),
        "faults": sorted(plan.faults, key=lambda fault: fault.tier)[:FAULTS_SHOWN],
        "more_faults": max(len(plan.faults) - FAULTS_SHOWN, 0),
        "creating": plan.count(CREATE),
        "changing": plan.count(CHANGE),
        "leaving": plan.count(LEAVE),
        "blocks": sum(fault.tier == Tier.BLOCK for fault in plan.faults),
    }


@require_safe
def progress(request: PersonRequest, pk: UUID) -> HttpResponse:
    upload = upload_of(request, pk)
    return JsonResponse({"state": upload.state, "done": upload.done, "total": upload.total})


@require_POST
def confirm(request: PersonRequest, pk: UUID) -> HttpResponse:
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
    return redirect("sheets:record", pk=record.pk) if record else redirect(upload_url(upload))


@require_POST
def cancel(request: PersonRequest, pk: UUID) -> HttpResponse:
    upload = upload_of(request, pk)
    running.cancel(upload)
    return redirect(upload_url(upload))


@require_safe
def annotated_copy(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The sender's own file with a column that says what is wrong in each row."""
    upload = checked_anew(upload_of(request, pk))
    if upload.plan is None:
        raise Http404
    plan = restore(upload.plan)
    if not plan.form:
        raise Http404
    data = bytes(upload.data)
    kind = opened_or_404(request, upload.kind, upload.call_code)
    sheet = headed(read(data, file_name=upload.file_name), kind.columns)
    marked, ending = annotated(data, sheet, plan.faults)
    stem = upload.file_name.rsplit(".", 1)[0]
    return attachment(marked, f"{stem}_checked.{ending}", XLSX if ending == "xlsx" else "text/csv")


@require_safe
def record(request: PersonRequest, pk: int) -> HttpResponse:
    """One import that was saved, with its rows."""
    shown = get_object_or_404(records_for(request.user), pk=pk)
    kind = opened_or_404(request, importable(request, shown.kind).name, shown.call_code)
    rows_shown = shown.rows
    if shown.call_code in kind.partly_hidden_from(request.user):
        seen = set(kind.all_keys())
        rows_shown = [row for row in shown.rows if row[2] in seen]
    page = Paginator(rows_shown, ROWS_A_PAGE).get_page(request.GET.get("page"))
    rows = [
        (row, action, key, kind.url_of(key), [restored_fault(flag) for flag in flags])
        for row, action, key, flags in page
    ]
    context = {"record": shown, "kind": kind, "page": page, "rows": rows, **labels_of(kind)}
    return render(request, "sheets/record.html", context)


@require_safe
def template(request: PersonRequest, kind: str) -> HttpResponse:
    """The workbook to fill in, empty or with what is stored."""
    opened_kind = opened_or_404(request, importable(request, kind).name, request.GET.get("call", ""))
    listed = opened_kind.listed(request.user)
    records = opened_kind.for_export(listed if request.GET.get("prefill") == "1" else listed.none())
    try:
        data = exporting.template_of(opened_kind, records, language=request.LANGUAGE_CODE)
    except Unwritable as unwritable:
        return lost_page(request, opened_kind, [unwritable.fault])
    return attachment(data, f"{opened_kind.call_code or kind}_template.xlsx", XLSX)


@require_safe
def export(request: PersonRequest, kind: str, form: str) -> HttpResponse:
    """The records as the admin's list of them would show them for the same filters."""
    declared = KINDS.get(kind)
    if declared is None or not declared.exporters & roles_of(request.user):
        raise Http404
    sheet = opened_or_404(request, kind, request.GET.get("call", ""))
    filters = {name: str(value) for name, value in request.GET.items() if name not in OWN_WORDS}
    listed = sheet.listed(request.user)
    if filters:
        listed = listed.filter(pk__in=in_admin(request, declared, filters))
    if preparing.must_wait(request, rows=listed.count(), at_once=preparing.ROWS_AT_ONCE):
        return preparing.begin(request)
    records = sheet.for_export(listed)
    asked = {"call": sheet.call_code, **filters} if sheet.call_code else filters
    return answer(request, sheet, records, form=form, filters=asked, stem=sheet.call_code or kind)


def in_admin(request: PersonRequest, kind: type[StrictResource], filters: Mapping[str, str]) -> Any:
    """The records that the admin's list shows for these filters; what has no such list has no filters."""
    asked = copy(request)
    asked.GET = QueryDict(urlencode(filters))
    if not admin.site.is_registered(kind._meta.model):
        raise Http404
    try:
        listed = admin.site.get_model_admin(kind._meta.model).get_changelist_instance(asked)
    except IncorrectLookupParameters:
        raise Http404 from None
    return listed.get_queryset(asked).order_by().values("pk")


def answer(
    request: PersonRequest,
    kind: StrictResource,
    records: Sequence[Any],
    *,
    form: str,
    filters: Mapping[str, Any],
    stem: str,
) -> HttpResponse:
    """The records as a file, in the columns, language and encoding asked for; what cannot be held is told first."""
    if form not in {"xlsx", "csv"}:
        raise Http404
    possible = kind.export_columns(records, request.user)
    wish = ExportForm(request.GET, columns=possible)
    wish.is_valid()
    columns = chosen(possible, wish.cleaned_data.get("columns") or [])
    language = wish.cleaned_data.get("language") or request.LANGUAGE_CODE
    encoding = wish.cleaned_data.get("encoding") or "utf-8-sig"
    try:
        data, lost = exporting.written(kind, records, columns, form=form, language=language, encoding=encoding)
    except Unwritable as unwritable:
        return lost_page(request, kind, [unwritable.fault])
    if lost and request.GET.get("lossy") != "1":
        return lost_page(request, kind, lost, is_possible=True)
    exporting.record(
        data, kind=kind.name, by=request.user, filters=filters, columns=columns, count=len(records), form=form
    )
    name = f"{stem}_{timezone.localdate():%Y-%m-%d}_{language}.{form}"
    return attachment(data, name, XLSX if form == "xlsx" else f"text/csv; charset={CHARSETS[encoding]}")


def lost_page(
    request: PersonRequest, kind: StrictResource, lost: Sequence[Any], *, is_possible: bool = False
) -> HttpResponse:
    """What the file cannot hold, and how to take it all the same."""
    context = {"kind": kind, "lost": lost, "is_possible": is_possible}
    return render(request, "sheets/lost.html", context, status=409)
