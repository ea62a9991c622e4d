"""How Japanese text is put in order and found: one gojuon key, one search key, in Python and in PostgreSQL."""

import unicodedata
from functools import partial

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


# Both as PostgreSQL computes them, for generated columns (aspire/rules/kana.sql).
SearchKey = partial(Func, function="aspire_search_key")
GojuonKey = partial(Func, function="aspire_gojuon_key")
