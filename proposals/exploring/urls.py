"""``/explore/``: proposals counted by any two dimensions."""

from django.urls import path

from proposals.exploring import views
from proposals.snapshots import views as snapshots

app_name = "explore"
urlpatterns = [
    path("", views.index, name="index"),
    path("keep/", views.keep, name="keep"),
    path("freeze/", snapshots.freeze_explored, name="freeze"),
    path("views/<int:pk>/", views.view, name="view"),
]
