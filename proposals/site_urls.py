"""Where each part of the desk lies."""

from django.urls import include, path

from proposals import views

urlpatterns = [
    path("", views.home, name="home"),
    path("calls/", include("proposals.boards.urls")),
    path("briefings/", include("proposals.snapshots.urls")),
    path("proposals/", include("proposals.urls")),
    path("partners/", include("proposals.partnerships.urls")),
    path("explore/", include("proposals.exploring.urls")),
    path("fund/", include("proposals.fund.urls")),
    path("awards/", include("proposals.awards.urls")),
    path("review/", include("proposals.review.desk.urls")),
]
