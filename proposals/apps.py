from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProposalsConfig(AppConfig):
    name = "proposals"
    verbose_name = _("Proposals")

    def ready(self) -> None:
        from django.db.models.signals import post_migrate  # noqa: PLC0415

        from aspire.operations import readiness  # noqa: PLC0415 - models are there only now
        from aspire.sheets.kinds import register  # noqa: PLC0415
        from proposals.assignment.sheets import AssignmentResource  # noqa: PLC0415
        from proposals.awards.sheets import MarkResource, ReleasedAwardResource  # noqa: PLC0415
        from proposals.intake.documents import fault as documents  # noqa: PLC0415
        from proposals.intake.resource import ProposalResource  # noqa: PLC0415
        from proposals.record.invariants import fault  # noqa: PLC0415
        from proposals.record.trigrams import fault as slow_search  # noqa: PLC0415
        from proposals.record.trigrams import make_index  # noqa: PLC0415

        register(ProposalResource, AssignmentResource, MarkResource, ReleasedAwardResource)
        readiness.register("invariants", fault)
        readiness.register("documents", documents)
        readiness.register("search", slow_search)
        post_migrate.connect(make_index, sender=self)
