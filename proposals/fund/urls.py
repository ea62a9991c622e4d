"""``/fund/``: the money of the programmes."""

from django.urls import path

from proposals.fund import views

app_name = "fund"
urlpatterns = [path("", views.index, name="index")]
