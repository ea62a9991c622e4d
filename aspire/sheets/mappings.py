"""The mappings that were saved: what each knows of a sender's files, and letting one go."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from aspire.models import ColumnMapping
from aspire.people import PersonRequest
from aspire.roles import roles_of
from aspire.sheets.kinds import KINDS


def importable_kinds(request: PersonRequest) -> list[str]:
    """The kinds of files that the person may send."""
    return [kind.name for kind in KINDS.values() if kind.importers & roles_of(request.user)]


@require_safe
def mappings(request: PersonRequest) -> HttpResponse:
    """Those of the kinds that the person may send, the latest first."""
    found = ColumnMapping.objects.filter(kind__in=importable_kinds(request)).select_related("saved_by")
    rows = [(each, KINDS[each.kind], sorted(each.meaning["headers"].items())) for each in found]
    return render(request, "sheets/mappings.html", {"rows": rows})


@require_POST
def forget_mapping(request: PersonRequest, pk: int) -> HttpResponse:
    """Let one go: the next file with its headers is a stranger's again."""
    found = get_object_or_404(ColumnMapping, pk=pk)
    if found.kind not in importable_kinds(request):
        raise Http404
    name = found.name
    found.delete()
    messages.success(request, _("Forgotten: %(name)s.") % {"name": name})
    return redirect("sheets:mappings")
