"""``/proposals/``: the list, its spreadsheets, and each proposal."""

from django.urls import path

from proposals import views
from proposals.sheets import views as sheets

app_name = "proposals"
urlpatterns = [
    path("", views.proposal_list, name="list"),
    # Spreadsheets
    path("template.xlsx", sheets.template, name="template"),
    path("export.<str:form>", sheets.export, name="export"),
    path("import/", sheets.import_file, name="import_file"),
    # One proposal
    path("<slug:number>/", views.detail, name="detail"),
    path("<slug:number>/timeline/", views.timeline, name="timeline"),
]
