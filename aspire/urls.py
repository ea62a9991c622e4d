"""The table of contents of the whole site. What lies upstairs is included by name: the ground floor imports no app."""

from django.contrib import admin
from django.urls import include, path

from aspire import views

urlpatterns = [
    path("", include("proposals.site_urls")),
    path("imports/", include("aspire.sheets.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("healthz", views.healthz, name="healthz"),
]

# What one may not see answers exactly as what does not exist.
handler403 = "aspire.views.not_found"
