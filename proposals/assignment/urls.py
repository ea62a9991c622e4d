"""``/calls/<code>/``: the review of a call, as officers run it."""

from django.urls import path

from proposals.assignment import views

app_name = "assignment"
urlpatterns = [
    path("<slug:code>/stage/", views.stage, name="stage"),
    path("<slug:code>/stage/settings/", views.review_settings, name="review_settings"),
    path("<slug:code>/assignments/", views.assignments, name="assignments"),
    path("<slug:code>/assignments/plan/", views.plan, name="plan"),
    path("<slug:code>/assignments/take-back/", views.take_back, name="take_back"),
    path("<slug:code>/assignments/ask-again/", views.ask_again, name="ask_again"),
    path("<slug:code>/assignments/leads/", views.leads, name="leads"),
    path("<slug:code>/conflicts/", views.conflicts, name="conflicts"),
    path("<slug:code>/conflicts/decide/", views.decide_conflict, name="decide_conflict"),
    path("<slug:code>/conflicts/retract/", views.retract_conflict, name="retract_conflict"),
]
