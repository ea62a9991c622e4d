from django.apps import AppConfig


class AspireConfig(AppConfig):
    name = "aspire"
    verbose_name = "ASPIRE"
