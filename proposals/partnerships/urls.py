"""``/partners/``: countries and funders, and what came of them."""

from django.urls import path

from proposals.partnerships import views

app_name = "partnerships"
urlpatterns = [
    path("", views.index, name="index"),
    path("<slug:alpha2>/", views.country, name="country"),
    path("<slug:alpha2>/<slug:funder>/", views.funder, name="funder"),
]
