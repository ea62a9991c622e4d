"""``/imports/``: every kind of sheet, sending a file of it, and what became of the file."""

from django.urls import path

from aspire.sheets import views

app_name = "sheets"
urlpatterns = [
    path("", views.index, name="index"),
    # One file that was sent, of whatever kind
    path("files/<uuid:pk>/", views.preview, name="preview"),
    path("files/<uuid:pk>/progress.json", views.progress, name="progress"),
    path("files/<uuid:pk>/confirm/", views.confirm, name="confirm"),
    path("files/<uuid:pk>/cancel/", views.cancel, name="cancel"),
    path("files/<uuid:pk>/checked/", views.annotated_copy, name="annotated_copy"),
    path("records/<int:pk>/", views.record, name="record"),
    # One kind
    path("<slug:kind>/", views.send, name="send"),
    path("<slug:kind>/template.xlsx", views.template, name="template"),
    path("<slug:kind>/export.<str:form>", views.export, name="export"),
]
