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
    path("import/<uuid:pk>/", sheets.preview, name="preview"),
    path("import/<uuid:pk>/progress.json", sheets.progress, name="progress"),
    path("import/<uuid:pk>/confirm/", sheets.confirm, name="confirm"),
    path("import/<uuid:pk>/cancel/", sheets.cancel, name="cancel"),
    path("import/<uuid:pk>/checked/", sheets.annotated_copy, name="annotated_copy"),
    path("imports/<int:pk>/", sheets.import_record, name="import_record"),
    # One proposal
    path("<slug:number>/", views.detail, name="detail"),
]
