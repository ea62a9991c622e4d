"""``/calls/``: the calls and their boards."""

from django.urls import path

from proposals.boards import views
from proposals.review.office import views as office

app_name = "calls"
urlpatterns = [
    path("", views.index, name="index"),
    path("compare/", views.compare, name="compare"),
    path("<slug:code>/", views.board, name="board"),
    path("<slug:code>/tallies.<str:form>", views.tallies, name="tallies"),
    path("<slug:code>/reviews/", views.reviews, name="reviews"),
    # Review, as officers run it
    path("<slug:code>/stage/", office.stage, name="stage"),
    path("<slug:code>/stage/settings/", office.review_settings, name="review_settings"),
    path("<slug:code>/assignments/", office.assignments, name="assignments"),
    path("<slug:code>/assignments/plan/", office.plan, name="assignment_plan"),
    path("<slug:code>/assignments/take-back/", office.take_back, name="take_back"),
    path("<slug:code>/assignments/ask-again/", office.ask_again, name="ask_again"),
    path("<slug:code>/assignments/leads/", office.leads, name="leads"),
    path("<slug:code>/conflicts/", office.conflicts, name="conflicts"),
    path("<slug:code>/conflicts/decide/", office.decide, name="decide_conflict"),
    path("<slug:code>/conflicts/retract/", office.retract, name="retract_conflict"),
    path("<slug:code>/print/", views.print_sheet, name="print_sheet"),
]
