"""The table of contents of the whole site. What lies upstairs is included by name: the ground floor imports no app."""

from django.contrib import admin
from django.urls import include, path

from aspire.operations import views

urlpatterns = [
    path("", include("proposals.site")),
    path("imports/", include("aspire.sheets.urls")),
    path("files/", include("aspire.tasks.urls")),
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
