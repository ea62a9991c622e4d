"""``manage.py doctor``: what an operator asks of an installation, a line each; what is wrong comes with what to do."""

from django.core.management.base import BaseCommand

from aspire.operations.readiness import answers


class Command(BaseCommand):
    help = (
        "Ask database, roles, pooler, workers, static files, clocks, backup and rules how they are. Exit 1 if one ails."
    )
    requires_system_checks: tuple[str, ...] = ()

    def handle(self, *_args: object, **_options: object) -> None:
        is_well = True
        for answer in answers():
            is_well = is_well and not answer.fault
            self.stdout.write(f"{'wrong' if answer.fault else 'ok':7}{answer}")
        if not is_well:
            raise SystemExit(1)
