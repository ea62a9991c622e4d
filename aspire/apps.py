from django.apps import AppConfig
from django.contrib.admin import apps as admin


class AspireConfig(AppConfig):
    name = "aspire"
    default = True
    verbose_name = "ASPIRE"

    def ready(self) -> None:
        from aspire import checks  # noqa: F401, PLC0415 - importing registers them


class AspireAdminConfig(admin.AdminConfig):
    """Django's admin, with our own site."""

    default = False
    default_site = "aspire.records.AspireAdminSite"
