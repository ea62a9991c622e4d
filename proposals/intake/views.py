"""The files of proposals under their own addresses; everything after sending one is the same for every kind."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from aspire.people import PersonRequest
from aspire.sheets import views
from aspire.tasks import preparing
from calls.models import Call
from proposals.filters import ProposalFilter
from proposals.intake import exports as exporting
from proposals.intake.kind import Proposals
from proposals.record.models import Proposal


def import_file(request: PersonRequest) -> HttpResponse:
    return views.send(request, Proposals.name)


@require_safe
def template(request: PersonRequest) -> HttpResponse:
    return views.template(request, Proposals.name)


@require_safe
def export(request: PersonRequest, form: str) -> HttpResponse:
    """The list as filtered, as a workbook or CSV; as there, the part of a question that is understood decides."""
    asked = {name: value for name, value in request.GET.items() if name in ProposalFilter.base_filters}
    listed = ProposalFilter(asked, queryset=Proposal.objects.visible_to(request.user), request=request)
    if preparing.must_wait(request, rows=listed.number(), at_once=preparing.ROWS_AT_ONCE):
        return preparing.begin(request)
    proposals = exporting.exported(listed.answer())
    understood = listed.form.cleaned_data
    filters = {name: value for name, value in asked.items() if understood.get(name) not in (None, "")}
    call = understood.get("call") or Call.objects.filter(pk__in={proposal.call for proposal in proposals[:1]}).first()
    if call is None:
        raise Http404
    stem = call.code if "call" in filters else Proposals.name
    return views.answer(request, Proposals(call), proposals, form=form, filters=filters, stem=stem)
