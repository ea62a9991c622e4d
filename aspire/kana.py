"""How Japanese text is put in order and found: one gojuon key, one search key, in Python and in PostgreSQL."""

import unicodedata
from typing import Any

from django.db.models import Func

KATAKANA = "".join(map(chr, range(0x30A1, 0x30F7)))
HIRAGANA = "".join(map(chr, range(0x3041, 0x3097)))
# Signs that people type or leave out at will: spaces, the three middle dots, hyphens, full stops, commas, apostrophes.
IGNORED = " \u00b7\u30fb\u2022-\u2010\u2011\u2012\u2013\u2014.,'\u2019"
# Latin of Europe, Greek, Russian. A table of our own, since what lower() does depends on the server's locale;
# as short as it may be, since translate() goes through it for every sign.
RANGES = [*range(0x41, 0x5B), *range(0xC0, 0xDF), *range(0x100, 0x180), *range(0x391, 0x3AA), *range(0x401, 0x430)]
CAPITALS = "".join(chr(c) for c in RANGES if len(chr(c).lower()) == 1 and chr(c).lower() != chr(c))
SEARCH_FROM = KATAKANA + CAPITALS + IGNORED
SEARCH_TO = HIRAGANA + "".join(map(str.lower, CAPITALS))
_SEARCH_TABLE = {ord(sign): SEARCH_TO[i] if i < len(SEARCH_TO) else None for i, sign in enumerate(SEARCH_FROM)}

VOWELS = "\u30a2\u30a4\u30a6\u30a8\u30aa"
PROLONGED = "\u30fc"


def _plain(kana: str) -> str:
    """The kana without its voicing mark, and large where it was small."""
    base = unicodedata.normalize("NFD", kana)[0]
    small = "\u30a1\u30a3\u30a5\u30a7\u30a9\u30c3\u30e3\u30e5\u30e7\u30ee\u30f5\u30f6"
    large = "\u30a2\u30a4\u30a6\u30a8\u30aa\u30c4\u30e4\u30e6\u30e8\u30ef\u30ab\u30b1"
    return large[small.index(base)] if base in small else base


def _with_vowel(vowel: int) -> str:
    """Every katakana that ends in the given vowel (0 = a … 4 = o)."""
    rows = {
        0: "\u30a2\u30ab\u30b5\u30bf\u30ca\u30cf\u30de\u30e4\u30e9\u30ef",
        1: "\u30a4\u30ad\u30b7\u30c1\u30cb\u30d2\u30df\u30ea",
    }
    rows |= {
        2: "\u30a6\u30af\u30b9\u30c4\u30cc\u30d5\u30e0\u30e6\u30eb",
        3: "\u30a8\u30b1\u30bb\u30c6\u30cd\u30d8\u30e1\u30ec",
    }
    rows |= {4: "\u30aa\u30b3\u30bd\u30c8\u30ce\u30db\u30e2\u30e8\u30ed\u30f2"}
    return "".join(kana for kana in KATAKANA if _plain(kana) in rows[vowel])


def search_key(text: str) -> str:
    """The form in which text is compared: width, case, kana script and middle dots make no difference."""
    return unicodedata.normalize("NFKC", text).translate(_SEARCH_TABLE)


def order_key(text: str) -> bytes:
    """Where text without a reading stands in a list: letters, kana, then kanji in the order of JIS X 0208.

    That order puts the common kanji by their usual reading, which code points do not. What JIS lacks comes last.
    """
    return b"".join(_in_jis(sign) for sign in search_key(text))


def _in_jis(sign: str) -> bytes:
    try:
        return sign.encode("cp932").rjust(2, b"\0")
    except UnicodeEncodeError:
        return b"\xff" + sign.encode()


class SearchKey(Func):
    """``search_key`` as PostgreSQL computes it, for generated columns."""

    arity = 1

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        source, target = SEARCH_FROM.replace("'", "''"), SEARCH_TO
        template = f"TRANSLATE(NORMALIZE(%(expressions)s, NFKC), '{source}', '{target}')"
        return super().as_sql(compiler, connection, *args, **{**extra, "template": template})


class GojuonKey(Func):
    """The key that puts katakana readings in gojuon order.

    A prolonged sound counts as the vowel it prolongs, voiced and small kana as the plain ones, so that
    Australia comes before the Netherlands although its second sign is a prolonged-sound mark.
    """

    arity = 1

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        template = "TRANSLATE(NORMALIZE(%(expressions)s, NFKC), '" + HIRAGANA + "', '" + KATAKANA + "')"
        for index, vowel in enumerate(VOWELS):
            template = f"REGEXP_REPLACE({template}, '([{_with_vowel(index)}]){PROLONGED}', '\\1{vowel}', 'g')"
        plain = "".join(map(_plain, KATAKANA))
        template = f"TRANSLATE({template}, '{KATAKANA}{IGNORED.replace(chr(39), chr(39) * 2)}', '{plain}')"
        return super().as_sql(compiler, connection, *args, **{**extra, "template": template})
