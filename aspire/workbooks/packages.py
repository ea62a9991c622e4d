"""The parts of a workbook's package: unpacked within bounds, and made plain XML that no trick can hide in."""

import io
import posixpath
import re
import struct
import zipfile
import zlib
from typing import NoReturn
from xml.sax.saxutils import escape

from aspire.workbooks.cells import Bounds, refusal

_DIRECTORY_ENTRY = b"PK\x01\x02"
_PARTS_AT_MOST = 1_000
_MARKUP_AT_MOST = 10_000  # comments, instructions and quoted sections of one part; real workbooks have one or two
_ELEMENTS_AT_MOST = 65_536  # styles, formats, merged ranges: as many as Excel allows of the most numerous
_MARKUP = re.compile(rb"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_DECLARATION = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml [^<>]*\?>)?")
_PREFIX = re.compile(rb"\s*<([\w.-]+:)")
_ATTRIBUTE = re.compile(rb"(?<![\w:.-])([\w:.-]++)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_ENTITY = re.compile("&(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos));|&")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_SIGNS = 0x110000
_SURROGATES = range(0xD800, 0xE000)
_STORED_OR_DEFLATED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(EOFError, NotImplementedError, OSError, RuntimeError, UnicodeError, ValueError, OverflowError),
)


def damaged() -> NoReturn:
    """The file is no workbook that any program wrote whole."""
    raise refusal("file_damaged") from None


class Package:
    """A zip file whose directory keeps within the bounds, and its parts by lower-case name."""

    def __init__(self, data: bytes, bounds: Bounds) -> None:
        if data.count(_DIRECTORY_ENTRY) > _PARTS_AT_MOST:
            damaged()
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _BROKEN:
            damaged()
        entries = self._zip.infolist()
        if any(entry.flag_bits & 1 for entry in entries):
            raise refusal("file_protected")
        if sum(entry.file_size for entry in entries) > bounds.unpacked_bytes:
            raise refusal("file_unpacks_too_large", limit=bounds.unpacked_bytes // 2**20)
        self._entries = {entry.filename.replace("\\", "/").lower(): entry for entry in entries}
        if len(self._entries) < len(entries) or any(e.compress_type not in _STORED_OR_DEFLATED for e in entries):
            damaged()

    def part(self, name: str) -> bytes:
        """The part as plain XML; empty where the package has none of that name."""
        entry = self._entries.get(name.lower())
        if entry is None:
            return b""
        try:
            with self._zip.open(entry) as opened:
                # One byte more than the directory tells: never more than that, and the checksum is looked at.
                return plain(opened.read(entry.file_size + 1))
        except _BROKEN:
            damaged()

    def related(self, name: str) -> list[tuple[str, str, str]]:
        """The parts that a part (the package itself: "") refers to: identity, kind of relation, name."""
        folder, base = posixpath.split(name)
        relations = self.part(posixpath.join(folder, "_rels", f"{base}.rels"))
        found = (attributes(tag) for tag in elements(relations, b"Relationship"))
        return [
            (
                r.get("Id", ""),
                r.get("Type", "").rpartition("/")[2],
                posixpath.join("/", folder, r.get("Target", ""))[1:],
            )
            for r in found
        ]


def plain(part: bytes) -> bytes:
    """UTF-8 XML of elements and text alone: no declaration, comment, quoted section or prefix; none with a DTD."""
    try:
        part.decode("utf-8-sig")
    except UnicodeDecodeError:
        damaged()
    part = _DECLARATION.sub(b"", part, count=1)
    if marks := part.count(b"<!") + part.count(b"<?"):
        part = _MARKUP.sub(_unquoted, part) if marks < _MARKUP_AT_MOST else damaged()
        if b"<!" in part:
            damaged()
    if b"\r" in part:
        part = part.replace(b"\r\n", b"\n")
    if prefix := _PREFIX.match(part):
        part = part.replace(b"<" + prefix[1], b"<").replace(b"</" + prefix[1], b"</")
    return part


def _unquoted(markup: re.Match[bytes]) -> bytes:
    return escape((markup[1] or b"").decode()).encode()


def elements(part: bytes, name: bytes) -> list[bytes]:
    """The attributes, as they stand, of every element of that name; the tag of each must end."""
    begins = rb"<" + name + rb"(?=[\s/>])"
    found = re.findall(begins + rb"((?>(?:[^<>\"']++|\"[^<\"]*\"|'[^<']*'){0,999}))>", part)
    is_whole = len(found) == len(re.findall(begins, part))
    return found if is_whole and len(found) <= _ELEMENTS_AT_MOST else damaged()


def attributes(tag: bytes) -> dict[str, str]:
    """The attributes of a tag by name, without prefix."""
    return {
        name.decode().rpartition(":")[2]: unescaped((double or single).decode())
        for name, double, single in _ATTRIBUTE.findall(tag)
    }


def unescaped(text: str) -> str:
    """Text of XML as it was before it was escaped."""
    return _ENTITY.sub(_sign, text) if "&" in text else text


def _sign(entity: re.Match[str]) -> str:
    decimal, hexadecimal, name = entity.groups()
    if name:
        return _NAMED[name]
    number = int(decimal) if decimal else int(hexadecimal or "-1", 16)
    if number in _SURROGATES or not 0 <= number < _SIGNS:
        damaged()
    return chr(number)
