"""``/briefings/``: boards and explored tables, frozen under a name."""

from django.urls import path

from proposals.briefings import views

app_name = "briefings"
urlpatterns = [
    path("briefings/", views.index, name="index"),
    path("briefings/freeze/<slug:code>/", views.freeze_board, name="freeze_board"),
    path("briefings/<slug:code>/", views.detail, name="detail"),
    path("briefings/<slug:code>/tallies.<str:form>", views.tallies, name="tallies"),
    path("briefings/<slug:code>/print/", views.print_sheet, name="print_sheet"),
    path("explore/freeze/", views.freeze_explored, name="freeze_explored"),
]
