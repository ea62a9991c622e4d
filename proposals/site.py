"""Where each part of the desk lies."""

from django.urls import include, path

from proposals.home.views import home

urlpatterns = [
    path("", home, name="home"),
    path("calls/", include("proposals.boards.urls")),
    path("calls/", include("proposals.assignment.urls")),
    path("proposals/", include("proposals.intake.urls")),
    path("proposals/", include("proposals.urls")),
    path("partners/", include("proposals.partnerships.urls")),
    path("explore/", include("proposals.explore.urls")),
    path("", include("proposals.briefings.urls")),
    path("fund/", include("proposals.fund.urls")),
    path("awards/", include("proposals.awards.urls")),
    path("review/", include("proposals.review.urls")),
]
