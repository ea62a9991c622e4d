"""``/calls/``: the form of a call."""

from django.urls import path

from calls import views

app_name = "calls"
urlpatterns = [
    path("new/", views.new, name="new"),
    path("<slug:code>/edit/", views.edit, name="edit"),
]
