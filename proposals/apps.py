from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProposalsConfig(AppConfig):
    name = "proposals"
    verbose_name = _("Proposals")

    def ready(self) -> None:
        from aspire.sheets.kinds import register  # noqa: PLC0415 - models are there only now
        from proposals.awards.sheets import Marks, ReleasedAwards  # noqa: PLC0415
        from proposals.review.sheets import Assignments  # noqa: PLC0415
        from proposals.sheets.kind import Proposals  # noqa: PLC0415

        register(Proposals, Assignments, Marks, ReleasedAwards)
