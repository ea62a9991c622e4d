"""``/calls/``: the form of a call."""

from django.urls import path

from calls import views

app_name = "calls"
urlpatterns = [
    path("new/", views.new, name="new"),
    path("programmes/new/", views.new_programme, name="new_programme"),
    path("<slug:code>/edit/", views.edit, name="edit"),
]
