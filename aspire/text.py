"""Which text may be stored: what was lost on the way, or cannot be seen, is found before it is saved.

The same is asked by ``aspire_is_whole`` in PostgreSQL (``aspire/rules/text.sql``).
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import models

from aspire.refusals import Refusal
from aspire.untyped import Held

if TYPE_CHECKING:
    CharField = models.CharField[str, str]
    TextField = models.TextField[str, str]
else:
    CharField, TextField = models.CharField, models.TextField

# Kanji of names that canonical composition would turn into others: they stay as they were written.
_OTHER_KANJI = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f]+)")
_HALF_KANA = re.compile("[\uff61-\uff9f]+")
# Nobody sees these, and a text means the same without: soft hyphen, marks of direction, spaces of no width.
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u2060-\u2064\ufeff]")
_LINE_ENDS = re.compile("[\u2028\u2029]")
# Control characters, changes of direction, signs for what could not be read, private use, and what is no character.
_LOST = re.compile(
    "[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2065-\u206f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufff9-\ufffb"
    "\ufffd-\uffff\U000f0000-\U0010ffff]"
)


def mended(text: str) -> str:
    """The text as it is stored: composed, its half-width kana made full, without what nobody sees."""
    if text.isascii():
        return text
    text = _LINE_ENDS.sub("\n", _UNSEEN.sub("", text))
    text = _HALF_KANA.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    if unicodedata.is_normalized("NFC", text):
        return text
    parts = _OTHER_KANJI.split(text)
    return "".join(part if place % 2 else unicodedata.normalize("NFC", part) for place, part in enumerate(parts))


def lost_sign(text: str) -> str:
    """The code point of the first sign that was lost or cannot be seen; empty where the text is whole."""
    found = _LOST.search(text)
    return f"U+{ord(found[0]):04X}" if found else ""


def validate_whole(text: str) -> None:
    """Raises ValidationError for a text in which something was lost."""
    if sign := lost_sign(text):
        raise Refusal("text_is_whole", {"sign": sign}).error()


def whole(value: Held) -> Held:
    """A value as a field of text takes it, mended; it is asked of what is typed, loaded, saved and looked for."""
    return value if value is None else mended(str(value))


class WholeCharField(CharField):
    """A short text that is mended on its way in, and refused where something was lost. A migration sees Django's."""

    default_validators = [validate_whole]

    def to_python(self, value: Held) -> Held:
        return whole(value)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _path, given, named = super().deconstruct()
        return name, "django.db.models.CharField", given, named


class WholeTextField(TextField):
    """The same for a text of any length."""

    default_validators = [validate_whole]

    def to_python(self, value: Held) -> Held:
        return whole(value)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _path, given, named = super().deconstruct()
        return name, "django.db.models.TextField", given, named
