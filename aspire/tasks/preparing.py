"""How a file to take away is prepared: a long one by a worker, who opens the same page as the person who asked."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import resolve
from django.utils import timezone
from django.utils.translation import override
from procrastinate.contrib.django import app

from aspire.history import acting
from aspire.models import PREPARED_FOR, PreparedFile
from aspire.people import PersonRequest
from aspire.permissions import may_open
from aspire.tasks.queue import enqueue

ROWS_AT_ONCE = 5_000
TRIED = "prepared"  # in an address: the prepared file that failed, whose page then shows why


def must_wait(request: PersonRequest, *, rows: int, at_once: int) -> bool:
    """Whether a file of so many rows is a worker's to write; not where a worker asks, or has tried and failed."""
    if rows <= at_once or hasattr(request, "prepares"):
        return False
    return not has_failed(request)


def has_failed(request: PersonRequest) -> bool:
    """Whether the address names a prepared file of this person's that could not be made."""
    try:
        tried = UUID(request.GET.get(TRIED, ""))
    except ValueError:
        return False
    failed = PreparedFile.objects.visible_to(request.user, at=timezone.now()).filter(state=PreparedFile.State.FAILED)
    return failed.filter(pk=tried).exists()


def begin(request: PersonRequest) -> HttpResponse:
    """Put in line what the page would hand out, and lead to where it can be fetched."""
    now = timezone.now()
    file = PreparedFile.objects.create(
        user=request.user,
        address=request.get_full_path(),
        language=request.LANGUAGE_CODE,
        asked_at=now,
        expires_at=now + PREPARED_FOR,
    )
    enqueue(prepare, person=file.user_id, once=f"prepare:{file.pk}", pk=str(file.pk))
    return redirect("tasks:file", pk=file.pk)


@app.task(name="prepare_file", queue="files")
def prepare(pk: str) -> None:
    """Write a file that still waits for it, as its asker would get it now, and keep it for an hour."""
    waiting = PreparedFile.objects.waiting().filter(pk=pk)
    file = waiting.select_related("user").first()
    if file is None:
        return
    answer = None
    try:
        answer = answered(file)
    finally:
        if answer is None or answer.status_code != HttpResponse.status_code:
            waiting.update(state=PreparedFile.State.FAILED)
        else:
            kept = {"state": PreparedFile.State.READY, "data": answer.content, "headers": dict(answer.headers)}
            waiting.update(expires_at=timezone.now() + PREPARED_FOR, **kept)


def answered(file: PreparedFile) -> HttpResponse | None:
    """What the page answers its asker today; None where it does not exist for that person, or not any more."""
    request: Any = PersonRequest()  # with what the page asks of it beside
    place = urlsplit(file.address)
    request.method, request.path, request.path_info = "GET", place.path, place.path
    request.META = {"QUERY_STRING": place.query, "SERVER_NAME": "worker", "SERVER_PORT": "443"}
    request.GET = QueryDict(place.query)
    request.user, request.LANGUAGE_CODE, request.prepares = file.user, file.language, file.pk
    request.resolver_match = page = resolve(place.path)
    if not (file.user.is_active and may_open(page.view_name, file.user)):
        return None
    with override(file.language), acting(file.user_id, place.path):
        try:
            answer: HttpResponse = page.func(request, *page.args, **page.kwargs)
        except Http404:
            return None
    return answer
