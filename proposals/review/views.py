"""The reviewer's desk and what is done from it: declare, decline, write, submit, reopen."""

import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aspire.people import PersonRequest
from aspire.refusals import Refused
from aspire.templatetags.figures import clock
from proposals.record.models import Assignment, Proposal, Review
from proposals.review.decisions import declare as record_declaration
from proposals.review.decisions import decline as record_declining
from proposals.review.decisions import draft_of, missing, save_draft, submit
from proposals.review.decisions import reopen as reopen_review
from proposals.review.forms import DeclarationForm, DeclineForm, ReviewForm, initial_of
from proposals.review.news import news
from proposals.review.pages import RELATED, Desk, ReviewPage


def page_of(request: PersonRequest, number: str) -> ReviewPage:
    """A proposal of the reviewer's own desk; any other, and one in conflict, does not exist."""
    on_desk = Proposal.objects.for_reviewer(request.user).select_related(*RELATED)
    return ReviewPage(get_object_or_404(on_desk, number=number), request.user, timezone.localdate())


def own_assignment(page: ReviewPage) -> Assignment:
    """What may be written about: readable and the reviewer's own."""
    if not (page.is_readable and page.assignment):
        raise Http404
    return page.assignment


@require_safe
def desk(request: PersonRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()
    now, today = timezone.now(), timezone.localdate()
    found = [] if search else news(request.user, since=today - datetime.timedelta(days=1), at=now)
    return render(request, "review/desk.html", {"desk": Desk(request.user, today, search), "news": found})


@require_http_methods(["GET", "HEAD", "POST"])
def proposal(request: PersonRequest, number: str) -> HttpResponse:
    """The declaration, or once that is made the proposal beside the review."""
    found = page_of(request, number)
    if request.method == "POST":
        return write(request, found)
    if not found.is_readable:
        return show_declaration(request, found)
    return show_review(request, found)


def show_declaration(request: PersonRequest, found: ReviewPage, status: int = 200, **given: object) -> HttpResponse:
    forms = {"form": DeclarationForm(is_clear=found.is_readable), "decline_form": DeclineForm(), **given}
    return render(request, "review/declaration.html", {"page": found, **forms}, status=status)


def show_review(request: PersonRequest, found: ReviewPage, status: int = 200, **given: object) -> HttpResponse:
    """The proposal with the review as stored, or as typed where ``form`` is given."""
    version = found.review.version if found.review else 0
    form = ReviewForm(found.criteria, initial=initial_of(draft_of(found.review), version))
    others = {"declaration": DeclarationForm(is_clear=True), "decline_form": DeclineForm()}
    return render(request, "review/proposal.html", {"page": found, "form": form, **others, **given}, status=status)


def write(request: PersonRequest, found: ReviewPage) -> HttpResponse:
    """Save the draft as sent by the form, and submit it where that was asked and nothing is missing."""
    assignment, form = own_assignment(found), ReviewForm(found.criteria, request.POST)
    if not form.is_valid():
        return show_review(request, found, 400, form=form)
    lacking = missing(form.draft, found.criteria)
    is_submitting = "submit" in request.POST
    act = submit if is_submitting and not lacking else save_draft
    try:
        review = act(assignment, form.draft, version=form.cleaned_data["version"], at=timezone.now())
    except Refused as refused:
        return show_refused(request, found, form, refused)
    if is_submitting and lacking:
        again = ReviewForm(found.criteria, initial=initial_of(form.draft, review.version))
        return show_review(request, page_of(request, found.proposal.number), 400, form=again,
                           missing=again.anchors(lacking))  # fmt: skip
    messages.success(request, _("Submitted.") if is_submitting else _("Draft saved."))
    goes_on_to = found.next_left if "next" in request.POST else None
    return redirect("review:proposal", number=(goes_on_to or found.proposal).number)


def show_refused(request: PersonRequest, found: ReviewPage, form: ReviewForm, refused: Refused) -> HttpResponse:
    """The form as typed under the rule's sentence, beside what is stored, ready to be saved over it."""
    fresh = page_of(request, found.proposal.number)
    version = fresh.review.version if fresh.review else 0
    kept = ReviewForm(found.criteria, initial=initial_of(form.draft, version))
    return show_review(request, fresh, 409, form=kept, refusal=refused.refusal, stored=fresh.own_scores)


@require_POST
def save(request: PersonRequest, number: str) -> JsonResponse:
    """Keep what has been typed so far, for the page's script."""
    found = page_of(request, number)
    assignment, form = own_assignment(found), ReviewForm(found.criteria, request.POST)
    if not form.is_valid():
        faults = [str(fault) for faults in form.errors.values() for fault in faults]
        return JsonResponse({"sentence": " ".join(faults)}, status=400)
    try:
        review = save_draft(assignment, form.draft, version=form.cleaned_data["version"], at=timezone.now())
    except Refused as refused:
        return JsonResponse({"sentence": refused.refusal.sentence}, status=409)
    saved = _("saved %(time)s") % {"time": clock(review.saved_at)}
    return JsonResponse({"version": review.version, "sentence": saved})


@require_POST
def reopen(request: PersonRequest, number: str) -> HttpResponse:
    found = page_of(request, number)
    try:
        reopen_review(own_assignment(found), at=timezone.now())
    except Review.DoesNotExist:
        raise Http404 from None
    except Refused as refused:
        return show_review(request, found, 409, refusal=refused.refusal)
    messages.success(request, _("The review is a draft again."))
    return redirect("review:proposal", number=number)


@require_POST
def declare(request: PersonRequest, number: str) -> HttpResponse:
    """Record the reviewer's own word about their interest."""
    found = page_of(request, number)
    form = DeclarationForm(request.POST, is_clear=found.is_readable)
    if not form.is_valid():
        return show_declaration(request, found, 400, form=form)
    try:
        conflict = record_declaration(found.proposal, by=found.user, at=timezone.now(), **form.declared)
    except (Refused, Proposal.DoesNotExist):
        raise Http404 from None
    if conflict.finding == conflict.Finding.CLEAR:
        return redirect("review:proposal", number=number)
    messages.success(request, _("Your conflict of interest is recorded. That proposal is no longer shown to you."))
    return redirect("review:desk")


@require_POST
def decline(request: PersonRequest, number: str) -> HttpResponse:
    """Give the assignment back."""
    found = page_of(request, number)
    form = DeclineForm(request.POST)
    if found.assignment is None:
        raise Http404
    if not form.is_valid():
        return show_declaration(request, found, 400, decline_form=form)
    try:
        record_declining(found.assignment, at=timezone.now(), reason=form.cleaned_data["reason"])
    except Refused as refused:
        return show_declaration(request, found, 409, refusal=refused.refusal)
    messages.success(request, _("You declined. The office finds another reviewer."))
    return redirect("review:desk")
