from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnersConfig(AppConfig):
    name = "partners"
    verbose_name = _("Partners")

    def ready(self) -> None:
        from aspire.sheets.kinds import register  # noqa: PLC0415 - models are there only now
        from partners.sheets import CountryResource, FunderResource, InstitutionResource  # noqa: PLC0415

        register(CountryResource, FunderResource, InstitutionResource)
