"""``/briefings/``: boards frozen under a name."""

from django.urls import path

from proposals.snapshots import views

app_name = "briefings"
urlpatterns = [
    path("", views.index, name="index"),
    path("freeze/<slug:code>/", views.freeze_board, name="freeze"),
    path("<slug:code>/", views.detail, name="detail"),
    path("<slug:code>/tallies.<str:form>", views.tallies, name="tallies"),
    path("<slug:code>/print/", views.print_sheet, name="print_sheet"),
]
