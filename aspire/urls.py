"""The table of contents of the whole site. What lies upstairs is included by name: the ground floor imports no app."""

from django.contrib import admin
from django.urls import include, path

from aspire.operations import views
from aspire.sheets import downloads, mappings
from aspire.sheets import views as sheets
from aspire.tasks import views as tasks

# ``/imports/``: every kind of sheet, sending a file of it, and what became of the file.
SHEETS = [
    path("", sheets.index, name="index"),
    # One file that was sent, of whatever kind
    path("files/<uuid:pk>/", sheets.preview, name="preview"),
    path("files/<uuid:pk>/progress.json", sheets.progress, name="progress"),
    path("files/<uuid:pk>/confirm/", sheets.confirm, name="confirm"),
    path("files/<uuid:pk>/twins/", sheets.decide, name="decide"),
    path("files/<uuid:pk>/columns/", sheets.name_columns, name="name_columns"),
    path("files/<uuid:pk>/cancel/", sheets.cancel, name="cancel"),
    path("files/<uuid:pk>/checked/", sheets.annotated_copy, name="annotated_copy"),
    path("records/<int:pk>/", sheets.record, name="record"),
    path("mappings/", mappings.mappings, name="mappings"),
    path("mappings/<int:pk>/forget/", mappings.forget_mapping, name="forget_mapping"),
    # One kind
    path("<slug:kind>/", sheets.send, name="send"),
    path("<slug:kind>/template.xlsx", downloads.template, name="template"),
    path("<slug:kind>/export.<str:form>", downloads.export, name="export"),
]
# ``/files/``: a file that a worker prepares, how far it is, and where it is fetched.
TASKS = [
    path("<uuid:pk>/", tasks.file, name="file"),
    path("<uuid:pk>/progress.json", tasks.progress, name="progress"),
    path("<uuid:pk>/cancel/", tasks.cancel, name="cancel"),
    path("<uuid:pk>/content/", tasks.content, name="content"),
]

urlpatterns = [
    path("calls/", include("calls.urls")),
    path("", include("proposals.urls")),
    path("imports/", include((SHEETS, "sheets"))),
    path("files/", include((TASKS, "tasks"))),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]

handler400 = "aspire.operations.views.bad_request"
# What one may not see answers exactly as what does not exist.
handler403 = handler404 = "aspire.operations.views.not_found"
handler500 = "aspire.operations.views.server_error"
