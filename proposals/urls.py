"""``/proposals/``: the list, and each proposal."""

from django.urls import path

from proposals import views

app_name = "proposals"
urlpatterns = [
    path("", views.proposal_list, name="list"),
    path("<slug:number>/", views.detail, name="detail"),
    path("<slug:number>/timeline/", views.timeline, name="timeline"),
]
