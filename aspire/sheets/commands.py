"""What the commands that take a file in or out have in common: the same engine and the same sentences as the pages."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aspire.operations.schema import DataCommand
from aspire.refusals import from_error
from aspire.roles import roles_of
from aspire.sheets import exporting
from aspire.sheets.kinds import KINDS
from aspire.sheets.resources import EVERY_ROW, StrictResource, chosen
from aspire.sheets.results import SheetResult
from aspire.sheets.rows import CHANGE, CREATE, LEAVE, TWINS
from aspire.sheets.saving import LookAgain, save
from aspire.workbooks.columns import LANGUAGES, StrictField
from aspire.workbooks.faults import Fault, Tier, Unreadable
from aspire.workbooks.writing import Unwritable

REASON_LENGTH = 300


class KindCommand(DataCommand):
    """A command about one kind: the one named by the class, or else by the first argument."""

    kind: ClassVar[str] = ""

    def add_arguments(self, parser: CommandParser) -> None:
        if not self.kind:
            parser.add_argument(
                "kind", type=kind_named, choices=sorted(KINDS), metavar="KIND", help=", ".join(sorted(KINDS))
            )
        is_needed = bool(self.kind) and KINDS[self.kind].is_for_a_call
        parser.add_argument("--call", required=is_needed, default="", metavar="CODE", help="for kinds of one call")

    def opened(self, options: dict[str, Any]) -> StrictResource:
        """The kind for the call named. Raises CommandError where there is no such call."""
        kind = KINDS[self.kind or options["kind"]]
        codes = _(", ").join(code for code, _name in kind.calls())
        if kind.is_for_a_call and not options["call"]:
            raise CommandError(_("These rows belong to one call. Name it with --call: %(codes)s.") % {"codes": codes})
        try:
            return kind.open(options["call"])
        except ObjectDoesNotExist:
            values = {"code": options["call"], "codes": codes}
            raise CommandError(_("There is no call %(code)s. Name one with --call: %(codes)s.") % values) from None


def kind_named(said: str) -> str:
    """The name of a kind, which may also be named by its model or by the path of its resource."""
    for name, kind in KINDS.items():
        label = "" if kind.shown_on else kind._meta.model._meta.label
        if said in {f"{kind.__module__}.{kind.__name__}", label}:
            return name
    return said


class SheetCommand(KindCommand):
    """A command about a file of one kind."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)


class ImportCommand(SheetCommand):
    """All rows of a file, or none."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="check everything and save nothing")
        parser.add_argument("--as", dest="person", default="", metavar="USER", help="whose file it is, by user name")
        parser.add_argument("--twins", choices=TWINS, help="what new rows are that seem to be there already")
        parser.add_argument("--reason", default="", help="why rows outside a call's window are accepted")

    def handle(self, *_args: object, **options: Any) -> None:
        kind, data = self.opened(options), content(options["file"])
        kind.user = self.sender(kind, options["person"])
        if len(options["reason"]) > REASON_LENGTH:
            raise CommandError(
                _("The reason has more than %(limit)s characters. Shorten it.") % {"limit": REASON_LENGTH}
            )
        now, name = timezone.now(), options["file"].name
        try:
            how = {"received_at": now, "reason": options["reason"], "step": self.show_progress}
            how["decisions"] = {EVERY_ROW: options["twins"]} if options["twins"] else {}
            result = kind.check(data, file_name=name, **how)
        except Unreadable as unreadable:
            raise CommandError(line(unreadable.fault)) from None
        self.say_faults(result)
        if not options["dry_run"]:
            sha256 = hashlib.sha256(data).hexdigest()
            self.save(result, kind=kind, file_name=name, sha256=sha256, received_at=now, reason=options["reason"])
        self.say_counts(kind, result, is_saved=not options["dry_run"])

    def opened(self, options: dict[str, Any]) -> StrictResource:
        """As for every command; a kind that only goes out names the one in which its rows go in."""
        kind = KINDS[self.kind or options["kind"]]
        if kind.goes_in_as:
            said = _("“%(title)s” only goes out. What goes in is “%(kind)s”: import_sheet %(name)s FILE.")
            values = {"title": kind.title, "kind": KINDS[kind.goes_in_as].title, "name": kind.goes_in_as}
            raise CommandError(said % values)
        return super().opened(options)

    def sender(self, kind: StrictResource, name: str) -> User | None:
        """Whose file it is, judged as on the page. Raises CommandError for somebody who could not send it there."""
        person = User.objects.filter(username=name, is_active=True).first() if name else None
        if name and not (person and kind.importers & roles_of(person) and kind.is_open_to(person)):
            raise CommandError(_("There is nobody called %(name)s who may send this file.") % {"name": name})
        return person

    def show_progress(self, done: int, _total: int) -> None:
        """One line that counts up, on a terminal."""
        if self.stderr.isatty():
            self.stderr.write(_("%(done)s rows checked") % {"done": done}, ending="\r")

    def say_faults(self, result: SheetResult) -> None:
        """Every finding; a blocking one ends the command with nothing saved."""
        for fault in result.faults:
            self.stderr.write(line(fault))
        if result.is_blocked:
            raise CommandError(_("Nothing was saved."))

    def say_counts(self, kind: StrictResource, result: SheetResult, *, is_saved: bool) -> None:
        counts = {"created": result.count(CREATE), "changed": result.count(CHANGE), "left": result.count(LEAVE)}
        said = _("%(title)s: %(created)s created, %(changed)s changed, %(left)s left as they were.")
        if not is_saved:
            said = _("Nothing was saved (dry run): %(created)s to create, %(changed)s to change, %(left)s to leave.")
        self.stdout.write(said % {"title": kind.title, **counts})

    def save(self, result: SheetResult, **what: Any) -> None:
        try:
            save(result, by=what["kind"].user, **what)
        except LookAgain:
            raise CommandError(_("The stored data changed meanwhile; nothing was saved. Try again.")) from None
        except DatabaseError as error:
            refusal = from_error(error)
            if refusal is None:
                raise
            raise CommandError(refusal.sentence) from None


class ExportCommand(SheetCommand):
    """Everything of a kind as XLSX, or as CSV, by the file's ending."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--columns", default="", metavar="A,B", help="their English names; all where none is named")
        parser.add_argument("--language", choices=LANGUAGES, default="", help="of the headers")
        parser.add_argument("--encoding", choices=["utf-8-sig", "cp932"], default="utf-8-sig", help="of a CSV")

    def handle(self, *_args: object, **options: Any) -> None:
        kind, path = self.opened(options), options["file"]
        form = form_of(path, "xlsx", "csv")
        records = kind.for_export(kind.listed(None))
        columns = self.chosen(kind.export_columns(records, None), options["columns"])
        how = {"form": form, "language": options["language"] or get_language() or "ja", "encoding": options["encoding"]}
        try:
            data, lost = exporting.written(kind, records, columns, **how)
        except Unwritable as unwritable:
            raise CommandError(unwritable.fault.sentence) from None
        for fault in lost:
            self.stderr.write(line(fault))
        put(path, data)
        filters = {"call": kind.call_code} if kind.call_code else {}
        exporting.record(data, kind=kind.name, by=None, filters=filters, columns=columns, count=len(records), form=form)
        values = {"title": kind.title, "count": len(records), "name": path.name}
        self.stdout.write(_("%(title)s: %(count)s rows written to %(name)s.") % values)

    def chosen(self, possible: Sequence[StrictField], named: str) -> list[StrictField]:
        """The columns that are named. Raises CommandError for one that does not exist."""
        names = [name.strip() for name in named.split(",") if name.strip()]
        known = {name for column in possible for name in (column.name, column.group) if name}
        if unknown := [name for name in names if name not in known]:
            values = {"name": unknown[0], "names": _(", ").join(column.name for column in possible)}
            raise CommandError(_("There is no column %(name)s. Name some of: %(names)s.") % values)
        return chosen(possible, names)


class TemplateCommand(SheetCommand):
    """The workbook to fill in, empty or with what is stored."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--prefill", action="store_true", help="fill it with what is stored")

    def handle(self, *_args: object, **options: Any) -> None:
        kind = self.opened(options)
        form_of(options["file"], "xlsx")
        listed = kind.listed(None)
        records = kind.for_export(listed if options["prefill"] else listed.none())
        try:
            data = exporting.template_of(kind, records, language=get_language() or "ja")
        except Unwritable as unwritable:
            raise CommandError(unwritable.fault.sentence) from None
        put(options["file"], data)
        values = {"title": kind.title, "name": options["file"].name}
        self.stdout.write(_("%(title)s: the template is in %(name)s.") % values)


def line(fault: Fault) -> str:
    """A finding as one line: place, value, sentence."""
    place = " ".join(part for part in (placed(fault), fault.header) if part)
    weight = "" if fault.tier == Tier.BLOCK else _("(accepted) ")
    return f"{place}: {weight}{fault.sentence}" if place else f"{weight}{fault.sentence}"


def placed(fault: Fault) -> str:
    """``B7``, or in words where it is a whole row."""
    if fault.row and not fault.column:
        return _("row %(row)s") % {"row": fault.row}
    return fault.place


def form_of(path: Path, *forms: str) -> str:
    """The form that a file's ending names. Raises CommandError for another one."""
    form = path.suffix.lower().removeprefix(".")
    if form not in forms:
        endings = _(", ").join(f".{form}" for form in forms)
        raise CommandError(_("Name a file that ends in %(endings)s.") % {"endings": endings})
    return form


def put(path: Path, data: bytes) -> None:
    """Write a file. Raises CommandError where that is not possible."""
    try:
        path.write_bytes(data)
    except OSError:
        raise CommandError(_("The file %(name)s cannot be written there.") % {"name": path.name}) from None


def content(path: Path) -> bytes:
    """A file's bytes. Raises CommandError where there is none."""
    if not path.is_file():
        raise CommandError(_("There is no file %(name)s.") % {"name": path.name})
    return path.read_bytes()
