"""``manage.py rules``: where each rule of PostgreSQL is written, and whether the database has it so."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from aspire.operations import rules


class Command(BaseCommand):
    help = (
        "List the rules that PostgreSQL keeps: name, file and line, and whether the database has each as the migrations"
        " make it. With a name, print it as the database has it. Exit 1 if one differs."
    )
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="of a function or trigger, to print it")
        parser.add_argument("--carried", action="store_true", help="ask, without a database, if migrations carry all")
        parser.add_argument("--carry", metavar="APP", help="write the migration that carries what changed in an app")
        parser.add_argument("--title", default="Rules are changed", help="what that migration does, in a sentence")

    def handle(
        self, *_args: object, name: str | None, carried: bool, carry: str | None, title: str, **_options: object
    ) -> None:
        if carry:
            self.stdout.write(str(rules.carry(carry, title).relative_to(rules.ROOT)))
        elif carried:
            self.ask_whether_carried()
        elif name:
            self.print(name)
        else:
            self.list()

    def ask_whether_carried(self) -> None:
        if missing := rules.uncarried():
            names = ", ".join(str(file.relative_to(rules.ROOT)) for file in missing)
            raise CommandError(f"No migration carries {names} as it stands. Run: python manage.py rules --carry APP")

    def print(self, name: str) -> None:
        found = rules.printed(name)
        if not found:
            raise CommandError(f"PostgreSQL has no function or trigger {name}. `manage.py rules` lists their names.")
        self.stdout.write("\n\n".join(found))

    def list(self) -> None:
        is_sound = True
        for rule, fault in rules.states():
            is_sound = is_sound and not fault
            self.stdout.write(f"{'differs' if fault else 'ok':9}{rule.name:62} {rule.place}  {fault}".rstrip())
        if not is_sound:
            raise SystemExit(1)
