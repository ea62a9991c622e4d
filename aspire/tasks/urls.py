"""``/files/``: a file that a worker prepares, how far it is, and where it is fetched."""

from django.urls import path

from aspire.tasks import views

app_name = "tasks"
urlpatterns = [
    path("<uuid:pk>/", views.file, name="file"),
    path("<uuid:pk>/progress.json", views.progress, name="progress"),
    path("<uuid:pk>/cancel/", views.cancel, name="cancel"),
    path("<uuid:pk>/content/", views.content, name="content"),
]
