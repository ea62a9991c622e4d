"""``/proposals/``: its spreadsheets."""

from django.urls import path

from proposals.intake import views

app_name = "intake"
urlpatterns = [
    path("template.xlsx", views.template, name="template"),
    path("export.<str:form>", views.export, name="export"),
    path("import/", views.import_file, name="import_file"),
]
