"""The pages of import and export, the same for every kind of sheet."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import Paginator
from django.db import DatabaseError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from aspire.models import ColumnMapping, Upload
from aspire.people import PersonRequest
from aspire.refusals import from_error
from aspire.roles import STAFF, roles_of
from aspire.sheets import running
from aspire.sheets.forms import ImportForm
from aspire.sheets.kinds import KINDS, opened, records_for
from aspire.sheets.mapping import Meaning
from aspire.sheets.meaning import columns_of, meaning_of, names_of
from aspire.sheets.resources import StrictResource
from aspire.sheets.results import SheetResult, is_outdated, restore, restored_fault
from aspire.sheets.rows import CHANGE, CREATE, LEAVE, TWINS, SheetRow, shown
from aspire.sheets.saving import IsBlocked, LookAgain
from aspire.text import lost_sign, mended
from aspire.workbooks.columns import headed
from aspire.workbooks.faults import Tier
from aspire.workbooks.reading import read
from aspire.workbooks.writing import annotated

FAULTS_SHOWN = 100
ROWS_A_PAGE = 50
RECORDS_SHOWN = 10
TWINS_SHOWN = 50
NAME_LENGTH = 80  # of a saved mapping
OF_HEADERS = {"column_unknown", "column_missing", "column_duplicate"}  # what a mapping may mend
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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
    is_old = plan is not None and (is_outdated(plan) or plan["view"] != running.kind_of(upload).view())
    if is_old or running.is_stuck(upload, at=now):
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
        kind = opened_or_404(request, upload.kind, upload.call_code)
        plan = restore(upload.plan, kind.row_class)
        context |= of_plan(plan, page=request.GET.get("page")) | labels_of(kind)
        context["rows"] = [(row, cells_of(row, plan)) for row in context["page"]]
        context["twins"] = twins_of(plan, kind, upload.decisions)
        context |= columns_of(plan, kind, upload)
        blocking = {fault.code for fault in plan.faults if fault.tier == Tier.BLOCK}
        context["is_misnamed"], context["is_to_decide"] = bool(blocking & OF_HEADERS), blocking == {"twin_undecided"}
        context |= kind.shown_consequences(plan.consequences) if plan.consequences else {}
    return render(request, "sheets/preview.html", context)


def labels_of(kind: StrictResource) -> dict[str, Any]:
    """What the columns are called in the reader's language, and what a record is named by."""
    labels = {column.name: column.label for column in kind.columns}
    return {"labels": labels, "key_label": ", ".join(str(labels[name]) for name in kind.key)}


def cells_of(row: SheetRow, plan: SheetResult) -> list[tuple[str, str, str]]:
    """Every cell of a new row: column, value, and what is doubtful about it."""
    if row.action != CREATE:
        return []
    names = names_of(plan)
    doubts = {names.get(fault.header or "", ""): fault.sentence for fault in plan.faults if fault.row == row.row}
    return [(name, text, doubts.get(name, "")) for name, text in row.filled]


def twins_of(plan: SheetResult, kind: StrictResource, decisions: Mapping[str, str]) -> list[dict[str, Any]]:
    """The new rows that seem to be there already, each beside what it resembles, and what was decided."""
    rows = [row for row in plan.rows if row.twin][:TWINS_SHOWN]
    stored = kind.stored(row.twin for row in rows) if rows else {}
    beside = {*(str(row.row) for row in rows), *(row.twin for row in rows)}
    texts = {row.row: dict(row.filled) for row in plan.rows if str(row.row) in beside}
    found = []
    for row in rows:
        there = kind.values(stored[row.twin]) if row.twin in stored else texts.get(int(row.twin), {})
        pairs = [(name, texts[row.row].get(name, ""), shown(there.get(name))) for name in kind.compared]
        decided = decisions.get(str(row.row), "")
        found.append({"row": row, "is_stored": row.twin in stored, "decided": decided, "pairs": pairs})
    return found


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
def decide(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Keep what the sender says of new rows that seem to be there already, and look again."""
    upload = upload_of(request, pk)
    if upload.plan is not None:
        twins = [row.row for row in restore(upload.plan).rows if row.twin]
        said = {str(row): request.POST.get("all") or request.POST.get(f"row-{row}", "") for row in twins}
        decided = {row: what for row, what in said.items() if what in TWINS}
        running.decide(upload, decisions=upload.decisions | decided)
    return redirect(upload_url(upload))


@require_POST
def name_columns(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Keep what the sender says of the file's columns and values, under a name where one is given, and look again."""
    upload = upload_of(request, pk)
    kind = opened_or_404(request, upload.kind, upload.call_code)
    if upload.plan is not None:
        meaning = asdict(meaning_of(request.POST, restore(upload.plan), kind, upload))
        name = mended(request.POST.get("name", "")).strip()[:NAME_LENGTH]
        if name and not lost_sign(name):
            what = {"meaning": meaning, "saved_by": request.user, "saved_at": timezone.now()}
            ColumnMapping.objects.update_or_create(kind=upload.kind, name=name, defaults=what)
        running.decide(upload, meaning=meaning)
    return redirect(upload_url(upload))


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
    sheet = headed(read(data, file_name=upload.file_name), kind.columns, Meaning(**upload.meaning).headers)
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
