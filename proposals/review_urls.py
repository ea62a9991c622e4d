"""``/review/``: the reviewer's desk."""

from django.urls import path

from proposals import views

app_name = "review"
urlpatterns = [path("", views.desk, name="desk")]
