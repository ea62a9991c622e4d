from django.apps import AppConfig
from django.contrib.admin import apps as admin


class AspireConfig(AppConfig):
    name = "aspire"
    default = True
    verbose_name = "ASPIRE"


class AspireAdminConfig(admin.AdminConfig):
    """Django's admin, with our own site."""

    default = False
    default_site = "aspire.records.AspireAdminSite"
