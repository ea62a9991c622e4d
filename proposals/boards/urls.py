"""``/calls/``: the calls and their boards."""

from django.urls import path

from proposals.boards import views

app_name = "calls"
urlpatterns = [
    path("", views.index, name="index"),
    path("<slug:code>/", views.board, name="board"),
    path("<slug:code>/tallies.<str:form>", views.tallies, name="tallies"),
]
