"""The pages of a file that a worker prepares; they are its asker's alone."""

from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from aspire.models import PreparedFile
from aspire.people import PersonRequest
from aspire.tasks.preparing import TRIED


def file_of(request: PersonRequest, pk: UUID) -> PreparedFile:
    """The asker's own file; anybody else's and an expired one do not exist."""
    files = PreparedFile.objects.visible_to(request.user, at=timezone.now())
    return get_object_or_404(files.defer("data"), pk=pk)


@require_safe
def file(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Where the file can be fetched once it is ready."""
    found = file_of(request, pk)
    joined = "&" if "?" in found.address else "?"
    context = {"file": found, "why": f"{found.address}{joined}{TRIED}={found.pk}"}
    return render(request, "tasks/file.html", context)


@require_safe
def progress(request: PersonRequest, pk: UUID) -> HttpResponse:
    return JsonResponse({"state": file_of(request, pk).state})


@require_POST
def cancel(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Give the file up, waiting or ready: its content is thrown away at once."""
    found = file_of(request, pk)
    given_up = {"state": PreparedFile.State.CANCELLED, "data": b"", "headers": {}}
    PreparedFile.objects.filter(pk=found.pk).exclude(state=PreparedFile.State.FAILED).update(**given_up)
    return redirect("tasks:file", pk=pk)


@require_safe
def content(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The file itself, as the page that was asked would have handed it out."""
    ready = PreparedFile.objects.visible_to(request.user, at=timezone.now()).filter(state=PreparedFile.State.READY)
    found = get_object_or_404(ready, pk=pk)
    return HttpResponse(bytes(found.data), headers=found.headers)
