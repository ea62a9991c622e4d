"""``/calls/``: the calls and their boards."""

from django.urls import path

from proposals.boards import views

app_name = "boards"
urlpatterns = [
    path("", views.index, name="index"),
    path("compare/", views.compare, name="compare"),
    path("<slug:code>/", views.board, name="board"),
    path("<slug:code>/tallies.<str:form>", views.tallies, name="tallies"),
    path("<slug:code>/reviews/", views.reviews, name="reviews"),
    path("<slug:code>/print/", views.print_sheet, name="print_sheet"),
]
