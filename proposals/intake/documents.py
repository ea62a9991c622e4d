"""Documents of proposals: what a PDF must be, how one is kept and taken away, and many at once from a zip."""

import datetime
import hashlib
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pypdf import PdfReader

from aspire.people import Person
from aspire.refusals import Refusal, Refused, all_or_nothing
from calls.models import Call
from proposals.intake.scanning import Unscanned, virus_in
from proposals.record.models import Document, Proposal
from proposals.record.models.documents import MOST_BYTES, MOST_PAGES
from proposals.record.querysets import ProposalQuerySet

MOST_FILES, MOST_IN_ALL = 2_000, 2**30  # of a zip, unpacked
LONGEST_NAME = 255
ENCODINGS = ("utf-8", "cp932")  # of names: macOS and Linux, then Japanese Windows
NO_DOCUMENTS = {".ds_store", "thumbs.db", "desktop.ini"}  # what systems leave in folders


@dataclass(frozen=True)
class Pdf:
    """A file that was found to be a PDF. Its content is read anew: of a zip, no two are in memory together."""

    name: str
    sha256: str
    size: int
    pages: int
    content: Callable[[], bytes]


@dataclass(frozen=True)
class Incoming:
    """A document to be kept with a proposal."""

    proposal: Proposal
    kind: str
    pdf: Pdf

    @property
    def label(self) -> str:
        """What kind of document it is, in words."""
        return str(Document.Kind(self.kind).label)


# --- one document ----------------------------------------------------------------------------------------------------


def read_pdf(name: str, file: IO[bytes], content: Callable[[], bytes] | None = None) -> Pdf:
    """What was sent, as a PDF. Raises Refused where it is none, is locked, or is too large.

    ``content`` reads it again; without one it is kept in memory.
    """
    data = file.read(MOST_BYTES + 1)
    if not 0 < len(data) <= MOST_BYTES:
        raise Refused(Refusal("document_size_bounded", subject=name))
    if not data.startswith(b"%PDF-"):
        raise _no_pdf(name, _("it does not begin as one"))
    try:
        reader = PdfReader(io.BytesIO(data))
        is_locked, pages = reader.is_encrypted, 0 if reader.is_encrypted else len(reader.pages)
    except Exception as error:  # whatever a stranger's file does to the library
        raise _no_pdf(name, _("its pages cannot be counted")) from error
    if is_locked:
        raise _no_pdf(name, _("it is locked by a password"))
    if not 0 < pages <= MOST_PAGES:
        raise Refused(Refusal("document_pages_bounded", subject=name))
    try:
        virus = virus_in(data)
    except Unscanned as error:
        raise Refused(Refusal("document_unscanned", {"document": name}, subject=name)) from error
    if virus:
        raise Refused(Refusal("document_infected", {"document": name, "why": virus}, subject=name))
    return Pdf(name, hashlib.sha256(data).hexdigest(), len(data), pages, content or (lambda: data))


def _no_pdf(name: str, why: Promise) -> Refused:
    return Refused(Refusal("document_is_pdf", {"document": name, "why": str(why)}, subject=name))


def keep(documents: Iterable[Incoming], *, by: Person | None, at: datetime.datetime) -> list[Document]:
    """Keep documents with their proposals, all of them or none. Raises Refused by the rules that PostgreSQL keeps."""
    with all_or_nothing():
        return [_keep(incoming, by, at) for incoming in documents]


def _keep(incoming: Incoming, by: Person | None, at: datetime.datetime) -> Document:
    pdf = incoming.pdf
    document = Document.objects.create(
        proposal=incoming.proposal,
        kind=incoming.kind,
        name=pdf.name,
        sha256=pdf.sha256,
        size=pdf.size,
        pages=pdf.pages,
        sent_by=by,
        sent_at=at,
    )
    storages["documents"].save(document.path, ContentFile(pdf.content()))
    return document


def take_away(document: Document, *, reason: str, by: Person, at: datetime.datetime) -> None:
    """Let nobody read a document any more, for a reason; its content stays. Raises Refused without one."""
    document.removed_by, document.removed_at, document.removal_reason = by, at, reason.strip()
    with all_or_nothing():
        document.save(update_fields=["removed_by", "removed_at", "removal_reason"])


def fault() -> str:
    """What keeps documents from being kept here, and the remedy; empty where nothing does."""
    store = storages["documents"]
    try:
        store.delete(store.save("probe", ContentFile(b"x")))
    except OSError:
        return gettext(
            "Documents cannot be kept: let the web process write into the folder that DOCUMENTS_FOLDER names."
        )
    try:
        virus_in(b"x")
    except Unscanned:
        return gettext(
            "clamd does not answer where CLAMD says, so no document is kept. Start it, or correct the setting."
        )
    return ""


# --- many at once ----------------------------------------------------------------------------------------------------


def members_of(file: IO[bytes]) -> int:
    """How many documents a zip brings. Raises Refused where it is none."""
    return sum(not each.is_dir() and _is_document(each.filename) for each in _opened(file).infolist())


def unpack(
    file: IO[bytes], call: Call, visible: ProposalQuerySet, step: Callable[[int, int], None] = lambda _done, _all: None
) -> list[Incoming]:
    """What a zip brings for the proposals of a call that the sender sees, in the order of their numbers.

    A file belongs to the proposal whose number its name, or that of its folder, begins with. ``NUMBER.pdf`` is the
    application, everything else an annex. ``step`` is told after each how many are read. Raises Refused with every file
    that cannot be kept.
    """
    bundle = _opened(file)
    members = [each for each in bundle.infolist() if not each.is_dir() and _is_document(each.filename)]
    if not 0 < len(members) <= MOST_FILES or sum(each.file_size for each in members) > MOST_IN_ALL:
        raise Refused.by("document_bundle_bounded")
    proposals = {proposal.number: proposal for proposal in visible.filter(call=call)}
    found, refusals = list[Incoming](), list[Refusal]()
    for done, member in enumerate(members, 1):
        try:
            found.append(_member(bundle, member, call, proposals))
        except Refused as refused:
            refusals += refused.refusals
        step(done, len(members))
    if refusals:
        raise Refused(*refusals)
    return sorted(found, key=lambda each: (each.proposal.number, each.kind == Document.Kind.ANNEX, each.pdf.name))


def _opened(file: IO[bytes]) -> zipfile.ZipFile:
    """A zip with its names as they were meant: many programs say nothing of the encoding, which is theirs."""
    for encoding in ENCODINGS:
        try:
            return zipfile.ZipFile(file, metadata_encoding=encoding)
        except UnicodeDecodeError:
            continue
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise Refused.by("document_bundle_readable") from error
    raise Refused.by("document_bundle_readable")


def _is_document(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    return not path.startswith("__MACOSX/") and not name.startswith("._") and name not in NO_DOCUMENTS


def _member(bundle: zipfile.ZipFile, member: zipfile.ZipInfo, call: Call, proposals: dict[str, Proposal]) -> Incoming:
    # As Django takes a name that comes by form: signs that can be printed, and no more of them than a row holds.
    path = PurePosixPath("".join(filter(str.isprintable, unicodedata.normalize("NFC", member.filename))))
    name = path.name if len(path.name) <= LONGEST_NAME else f"{path.stem[: LONGEST_NAME - 4]}.pdf"
    parts = (part[:LONGEST_NAME] for part in (path.stem, *path.parts[-2:-1]))
    number = next(filter(None, (_number(part, proposals) for part in parts)), None)
    if number is None:
        raise Refused(Refusal("document_of_nobody", {"document": name, "call": call.code}, subject=name))
    try:
        with bundle.open(member) as content:
            pdf = read_pdf(name, content, partial(bundle.read, member))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        raise _no_pdf(name, _("it cannot be unpacked")) from error
    kind = Document.Kind.APPLICATION if path.stem.upper() == number else Document.Kind.ANNEX
    return Incoming(proposals[number], kind, pdf)


def _number(text: str, proposals: dict[str, Proposal]) -> str | None:
    """The longest number of a proposal that a name begins with, where it ends there or goes on with another sign."""
    beginnings = (text[:length].upper() for length in range(len(text), 0, -1))
    return next((each for each in beginnings if each in proposals and not re.match(r"[^\W_]", text[len(each) :])), None)
