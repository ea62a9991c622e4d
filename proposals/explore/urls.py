"""``/explore/``: proposals counted by any two dimensions."""

from django.urls import path

from proposals.explore import views

app_name = "explore"
urlpatterns = [
    path("", views.index, name="index"),
    path("keep/", views.keep, name="keep"),
    path("views/<int:pk>/", views.view, name="view"),
]
