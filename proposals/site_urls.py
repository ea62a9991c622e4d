"""Where each part of the desk lies."""

from django.urls import include, path

from proposals import views

urlpatterns = [
    path("", views.home, name="home"),
    path("calls/", include("proposals.boards.urls")),
    path("proposals/", include("proposals.urls")),
    path("review/", include("proposals.review_urls")),
]
