"""``/review/``: the reviewer's desk and each proposal on it."""

from django.urls import path

from proposals.review import views

app_name = "review"
urlpatterns = [
    path("", views.desk, name="desk"),
    path("<slug:number>/", views.sheet, name="sheet"),
    path("<slug:number>/declare/", views.declare, name="declare"),
    path("<slug:number>/decline/", views.decline, name="decline"),
    path("<slug:number>/save/", views.save, name="save"),
    path("<slug:number>/reopen/", views.reopen, name="reopen"),
]
