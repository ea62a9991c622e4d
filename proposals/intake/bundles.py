"""A zip of many documents is read and kept by a worker: how far that is, what it brings, and stopping it."""

import uuid
from uuid import UUID

from django.core.files import File
from django.core.files.storage import storages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from procrastinate.contrib.django import app

from aspire.history import acting
from aspire.people import Person, PersonRequest
from aspire.refusals import Refusal, Refused
from aspire.tasks.queue import enqueue
from aspire.tasks.waiting import FOLDER, KEPT_FOR
from calls.models import Call
from proposals.intake import documents
from proposals.record.models import Bundle, Document, Proposal

READ_AT_ONCE = 30  # documents; more are a worker's
State = Bundle.State


class Stopped(Exception):  # noqa: N818 - what became of it
    """Its sender wants it no more."""


def receive(file: "File[bytes]", *, call: Call, by: Person) -> Bundle:
    """Put a zip in line to be read."""
    now = timezone.now()
    Bundle.objects.expired(at=now).delete()  # their contents are thrown away with all that waits for too long
    bundle = Bundle.objects.create(
        user=by,
        about=call.code,
        path=storages["documents"].save(f"{FOLDER}/{uuid.uuid4()}", file),
        file_name=str(file.name)[:255],
        sent_at=now,
        expires_at=now + KEPT_FOR,
    )
    put_in_line(bundle)
    return bundle


def put_in_line(bundle: Bundle) -> None:
    enqueue(work, person=bundle.user_id, once=f"bundle:{bundle.pk}", pk=str(bundle.pk))


@app.task(name="read_bundle", queue="files")
def work(pk: str) -> None:
    """Read a zip that waits for it, or keep what it brings; one that was stopped is passed over."""
    at_work = Bundle.objects.filter(pk=pk, state__in=[State.READING, State.KEEPING])
    bundle = at_work.select_related("user").first()
    if bundle is None:
        return
    try:
        done = keep(bundle) if bundle.state == State.KEEPING else read(bundle)
    except Stopped:
        return
    except Refused as refused:
        said = [{"name": each.name, "values": dict(each.values), "subject": each.subject} for each in refused.refusals]
        done = {"state": State.READ, "refusals": said, "brought": []}
    except (OSError, Call.DoesNotExist):
        done = {"state": State.CANCELLED}
    at_work.update(**done)


def unpacked(bundle: Bundle, file: "File[bytes]") -> list[documents.Incoming]:
    """What it brings, as far as its sender sees the proposals. Raises Refused, and Stopped."""

    def step(done: int, total: int) -> None:
        if not Bundle.objects.filter(pk=bundle.pk, state=bundle.state).update(done=done, total=total):
            raise Stopped

    visible = Proposal.objects.visible_to(bundle.user)
    return documents.unpack(file, Call.objects.get(code=bundle.about), visible, step)


def read(bundle: Bundle) -> dict[str, object]:
    """Look at everything and keep nothing."""
    with storages["documents"].open(bundle.path) as file:
        incoming = unpacked(bundle, file)
    brought = [[each.proposal.number, each.pdf.name, each.kind, each.pdf.pages] for each in incoming]
    return {"state": State.READ, "brought": brought, "refusals": []}


def keep(bundle: Bundle) -> dict[str, object]:
    """Keep all of it, or nothing."""
    with storages["documents"].open(bundle.path) as file, acting(bundle.user_id, "/proposals/documents/"):
        documents.keep(unpacked(bundle, file), by=bundle.user, at=timezone.now())
    storages["documents"].delete(bundle.path)
    return {"state": State.KEPT}


# --- its pages -----------------------------------------------------------------------------------------------------


def bundle_of(request: PersonRequest, pk: UUID) -> Bundle:
    """The sender's own; anybody else's and an expired one do not exist."""
    return get_object_or_404(Bundle.objects.visible_to(request.user, at=timezone.now()), pk=pk)


@require_safe
def bundle(request: PersonRequest, pk: UUID) -> HttpResponse:
    """How far a zip is, what it brings, or what is wrong with it."""
    found = bundle_of(request, pk)
    call = Call.objects.filter(code=found.about).first()
    seen = Proposal.objects.visible_to(request.user).filter(number__in={number for number, *_rest in found.brought})
    proposals = {proposal.number: proposal for proposal in seen.select_related("call")}
    labels = {str(code): label for code, label in Document.Kind.choices}
    rows = [
        (proposals[number], name, labels[kind], pages)
        for number, name, kind, pages in found.brought
        if number in proposals
    ]
    refusals = [Refusal(**each) for each in found.refusals]
    context = {"bundle": found, "call": call, "rows": rows, "refusals": refusals}
    return render(request, "intake/bundle.html", context)


@require_safe
def bundle_progress(request: PersonRequest, pk: UUID) -> HttpResponse:
    found = bundle_of(request, pk)
    return JsonResponse({"state": found.state, "done": found.done, "total": found.total})


def turn(pk: UUID, before: list[str], after: str) -> bool:
    """Move a zip on from one of the states; whether it stood there."""
    moved = Bundle.objects.filter(pk=pk, state__in=before, refusals=[])
    return bool(moved.update(state=after, done=0))


@require_POST
def keep_bundle(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Keep what a zip brings, once."""
    found = bundle_of(request, pk)
    if turn(found.pk, [State.READ], State.KEEPING):
        put_in_line(found)
    return redirect("intake:bundle", pk=pk)


@require_POST
def cancel_bundle(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Stop it and throw it away; what is kept already stays."""
    found = bundle_of(request, pk)
    stoppable = [State.READING, State.READ, State.KEEPING]
    if Bundle.objects.filter(pk=found.pk, state__in=stoppable).update(state=State.CANCELLED, brought=[], refusals=[]):
        storages["documents"].delete(found.path)
    return redirect("intake:bundle", pk=pk)
