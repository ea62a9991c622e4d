"""The pages that hand out files of a kind: templates, and the records as a list shows them."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aspire.people import PersonRequest
from aspire.roles import roles_of
from aspire.sheets import exporting
from aspire.sheets.forms import ExportForm
from aspire.sheets.kinds import KINDS
from aspire.sheets.resources import StrictResource, chosen
from aspire.sheets.views import XLSX, attachment, importable, opened_or_404
from aspire.tasks import preparing
from aspire.workbooks.writing import Unwritable

CHARSETS = {"utf-8-sig": "utf-8", "cp932": "Shift_JIS"}  # as they are called on the way
# Our own words in an address; the rest are filters.
OWN_WORDS = {"call", "language", "encoding", "columns", "lossy", "prefill", preparing.TRIED}


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
