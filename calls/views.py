"""The form of a call: a new one, made like an earlier one, or one that is there with what it still lacks."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from aspire.people import PersonRequest
from aspire.refusals import Refused, all_or_nothing
from calls.forms import CallEntry, ProgrammeForm
from calls.hidden import is_partly_hidden
from calls.lacking import checklist
from calls.models import Call


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PersonRequest) -> HttpResponse:
    """A new call, like the one that ``?like=`` names."""
    like = get_object_or_404(Call, code=code) if (code := request.GET.get("like")) else None
    calls = Call.objects.newest_first()
    return answer(request, CallEntry(Call(), request.POST or None, like=like, is_blind=False), calls=calls, like=like)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PersonRequest, code: str) -> HttpResponse:
    """A call that is there."""
    call = get_object_or_404(Call.objects.select_related("programme"), code=code)
    found = checklist(call)
    entry = CallEntry(call, request.POST or None, is_blind=is_partly_hidden(call, request.user))
    return answer(request, entry, checklist=found)


@require_http_methods(["GET", "HEAD", "POST"])
def new_programme(request: PersonRequest) -> HttpResponse:
    """Propose a programme: it takes calls once an administrator has set its outer limits."""
    form = ProgrammeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with all_or_nothing():
                programme = form.save()
        except Refused as refused:
            form.add_error(None, refused.refusal.sentence)
        else:
            said = _("Proposed: %(code)s. Its calls have terms once an administrator has set its outer limits.")
            messages.success(request, said % {"code": programme.code})
            return redirect("calls:new")
    return render(request, "calls/programme.html", {"form": form}, status=400 if form.errors else 200)


def answer(request: PersonRequest, entry: CallEntry, **given: object) -> HttpResponse:
    """Save what was typed and show what the call still lacks, or what is wrong."""
    status = 200
    if request.method == "POST":
        status = 400
        if entry.is_valid():
            try:
                call = entry.save()
            except Refused as refused:
                given["refusal"], status = refused.refusal, 409
            else:
                messages.success(request, _("Saved: %(code)s.") % {"code": call.code})
                return redirect("calls:edit", code=call.code)
    context = {"entry": entry, "faults": list(entry.faults) if request.method == "POST" else [], **given}
    return render(request, "calls/entry.html", context, status=status)
