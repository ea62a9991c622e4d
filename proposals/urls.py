"""Every page of the desk: its address, its view and its name, room by room."""

from django.urls import include, path

from proposals import finding, keeping, views
from proposals.assignment import invitations
from proposals.assignment import views as assignment
from proposals.awards import views as awards
from proposals.boards import views as boards
from proposals.briefings import views as briefings
from proposals.explore import views as explore
from proposals.fund import views as fund
from proposals.home.views import home
from proposals.intake import bundles, desk, followups, leaving
from proposals.intake import views as intake
from proposals.partnerships import institutions
from proposals.partnerships import views as partnerships
from proposals.review import views as review

# ``/calls/``: the calls and their boards.
BOARDS = [
    path("", boards.index, name="index"),
    path("compare/", boards.compare, name="compare"),
    path("<slug:code>/", boards.board, name="board"),
    path("<slug:code>/tallies.<str:form>", boards.tallies, name="tallies"),
    path("<slug:code>/reviews/", boards.reviews, name="reviews"),
    path("<slug:code>/print/", boards.paper, name="paper"),
]
# ``/calls/<code>/``: the review of a call, as officers run it.
ASSIGNMENT = [
    path("reviewers/invite/", invitations.invite, name="invite"),
    path("reviewers/<int:pk>/invite/", invitations.invite_again, name="invite_again"),
    path("<slug:code>/stage/", assignment.stage, name="stage"),
    path("<slug:code>/stage/settings/", assignment.review_settings, name="review_settings"),
    path("<slug:code>/assignments/", assignment.assignments, name="assignments"),
    path("<slug:code>/assignments/plan/", assignment.plan, name="plan"),
    path("<slug:code>/assignments/take-back/", assignment.take_back, name="take_back"),
    path("<slug:code>/assignments/ask-again/", assignment.ask_again, name="ask_again"),
    path("<slug:code>/assignments/leads/", assignment.leads, name="leads"),
    path("<slug:code>/conflicts/", assignment.conflicts, name="conflicts"),
    path("<slug:code>/conflicts/decide/", assignment.decide_conflict, name="decide_conflict"),
    path("<slug:code>/conflicts/retract/", assignment.retract_conflict, name="retract_conflict"),
]
# ``/proposals/``: its spreadsheets and documents.
INTAKE = [
    path("template.xlsx", intake.template, name="template"),
    path("export.<str:form>", intake.export, name="export"),
    path("import/", intake.import_file, name="import_file"),
    path("new/", desk.new, name="new"),
    path("new/draft/", desk.draft, name="draft"),
    path("leave/", leaving.leave, name="leave"),
    path("<slug:number>/come-back/", leaving.come_back, name="come_back"),
    path("<slug:number>/edit/", desk.edit, name="edit"),
    path("<slug:number>/edit/draft/", desk.draft_of, name="draft_of"),
    path("follow-ups/", followups.follow_ups, name="follow_ups"),
    path("follow-ups/<int:pk>/done/", followups.follow_up_done, name="follow_up_done"),
    path("documents/", intake.send_documents, name="send_documents"),
    path("documents/<uuid:pk>/", bundles.bundle, name="bundle"),
    path("documents/<uuid:pk>/progress.json", bundles.bundle_progress, name="bundle_progress"),
    path("documents/<uuid:pk>/keep/", bundles.keep_bundle, name="keep_bundle"),
    path("documents/<uuid:pk>/cancel/", bundles.cancel_bundle, name="cancel_bundle"),
    path("documents/confirm/", intake.confirm_documents, name="confirm_documents"),
    path("<slug:number>/documents/", intake.add_document, name="add_document"),
    path("<slug:number>/documents/<int:pk>/", intake.document, name="document"),
    path("<slug:number>/documents/<int:pk>/take-away/", intake.take_document_away, name="take_document_away"),
]
# ``/proposals/``: the list, and each proposal.
PROPOSALS = [
    path("", views.proposal_list, name="list"),
    path("<slug:number>/", views.detail, name="detail"),
    path("<slug:number>/timeline/", views.timeline, name="timeline"),
]
# ``/partners/``: countries and funders, and what came of them.
PARTNERSHIPS = [
    path("", partnerships.index, name="index"),
    path("institutions/", institutions.institutions, name="institutions"),
    path("institutions/match/", institutions.match_institution, name="match_institution"),
    path("<slug:alpha2>/", partnerships.country, name="country"),
    path("<slug:alpha2>/<slug:funder>/", partnerships.funder, name="funder"),
]
# ``/explore/``: proposals counted by any two dimensions.
EXPLORE = [
    path("", explore.index, name="index"),
    path("keep/", explore.keep, name="keep"),
    path("views/<int:pk>/", explore.view, name="view"),
]
# ``/briefings/``: boards and explored tables, frozen under a name.
BRIEFINGS = [
    path("briefings/", briefings.index, name="index"),
    path("briefings/freeze/<slug:code>/", briefings.freeze_board, name="freeze_board"),
    path("briefings/<slug:code>/", briefings.detail, name="detail"),
    path("briefings/<slug:code>/tallies.<str:form>", briefings.tallies, name="tallies"),
    path("briefings/<slug:code>/print/", briefings.paper, name="paper"),
    path("explore/freeze/", briefings.freeze_explored, name="freeze_explored"),
]
# ``/fund/``: the money of the programmes.
FUND = [
    path("", fund.index, name="index"),
]
# ``/awards/``: ranking and marking, what if, packets and letters.
AWARDS = [
    path("", awards.index, name="index"),
    path("<slug:code>/", awards.ranking, name="ranking"),
    path("<slug:code>/proposals/<slug:number>/", awards.proposal, name="proposal"),
    path("<slug:code>/batch/", awards.batch, name="batch"),
    path("<slug:code>/what-if/", awards.what_if, name="what_if"),
    # Release
    path("<slug:code>/packet/", awards.packet, name="packet"),
    path("<slug:code>/packet/submit/", awards.submit, name="submit"),
    path("<slug:code>/packet/result/", awards.result, name="result"),
    path("<slug:code>/packet/release/", awards.release, name="release"),
    path("<slug:code>/packet/send-back/", awards.send_back, name="send_back"),
    path("<slug:code>/embargo/", awards.embargo, name="embargo"),
    path("<slug:code>/packets/<int:pk>/undo/", awards.undo, name="undo"),
    path("<slug:code>/letters.<str:form>", awards.letters, name="letters"),
]
# ``/review/``: the reviewer's desk and each proposal on it.
REVIEW = [
    path("", review.desk, name="desk"),
    path("<slug:number>/", review.proposal, name="proposal"),
    path("<slug:number>/declare/", review.declare, name="declare"),
    path("<slug:number>/decline/", review.decline, name="decline"),
    path("<slug:number>/save/", review.save, name="save"),
    path("<slug:number>/reopen/", review.reopen, name="reopen"),
]

# ``/views/``: views of lists that people keep.
KEEPING = [
    path("keep/", keeping.keep, name="keep"),
    path("<int:pk>/", keeping.view, name="view"),
]

urlpatterns = [
    path("", home, name="home"),
    path("calls/", include((BOARDS, "boards"))),
    path("calls/", include((ASSIGNMENT, "assignment"))),
    path("proposals/", include((INTAKE, "intake"))),
    path("proposals/", include((PROPOSALS, "proposals"))),
    path("partners/", include((PARTNERSHIPS, "partnerships"))),
    path("explore/", include((EXPLORE, "explore"))),
    path("", include((BRIEFINGS, "briefings"))),
    path("views/", include((KEEPING, "keeping"))),
    path("search/", include(([path("", finding.search, name="search")], "finding"))),
    path("fund/", include((FUND, "fund"))),
    path("awards/", include((AWARDS, "awards"))),
    path("review/", include((REVIEW, "review"))),
]
