from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.db.backends.signals import connection_created
from django.db.models.signals import pre_migrate
from django.utils.module_loading import autodiscover_modules


class AspireConfig(AppConfig):
    name = "aspire"
    default = True
    verbose_name = "ASPIRE"

    def ready(self) -> None:
        from django.contrib.auth.models import User  # noqa: PLC0415 - models are there only now

        from aspire.operations import checks, schema, server  # noqa: F401, PLC0415 - importing registers the checks
        from aspire.people import in_their_order  # noqa: PLC0415

        # In choices and histories too a person is named as people are, never by the bare name of an account.
        User.__str__ = in_their_order  # type: ignore[assignment, method-assign]
        pre_migrate.connect(schema.record, sender=self)
        connection_created.connect(server.uncompiled)
        # What each app declares: the sentences of its rules, who may open its pages and do what with its records.
        autodiscover_modules("refusals", "permissions")


class AspireAdminConfig(admin.AdminConfig):
    """Django's admin, with our own site."""

    default = False
    default_site = "aspire.records.AspireAdminSite"
