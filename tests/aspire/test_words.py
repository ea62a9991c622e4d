"""English in the code, Japanese in the catalogue, neither in the other."""

import gettext
import re
import subprocess
from collections.abc import Iterable, Iterator
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.test import override_settings
from django.utils.translation.template import templatize
from django.utils.translation.trans_real import DjangoTranslation

ROOT = Path(__file__).parents[2]
MESSAGES = ROOT / "aspire" / "locale" / "ja" / "LC_MESSAGES"
JAPANESE = re.compile(r"[\u3005-\u3007\u3041-\u30fa\u30fc-\u30ff\u3400-\u9fff\uff66-\uff9f]")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%")
OVERRIDES = {"account", "admin", "allauth", "import_export", "registration"}
ONE, PLURAL, CONTEXT = None, (1, 2), ((1, "c"), 2)
KEYWORDS = {
    **dict.fromkeys(["_", "gettext", "gettext_lazy", "gettext_noop"], ONE),
    **dict.fromkeys(["ngettext", "ngettext_lazy"], PLURAL),
    **dict.fromkeys(["pgettext", "pgettext_lazy"], CONTEXT),
    **dict.fromkeys(["npgettext", "npgettext_lazy"], ((1, "c"), 2, 3)),
}
MessageKey = tuple[str | None, str]


def tracked(*suffixes: str) -> list[Path]:
    """The project's files outside the tests, whether or not they are committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    paths = [ROOT / name for name in listed if name.endswith(suffixes) and not name.startswith("tests/")]
    return [path for path in paths if path.exists()]


def messages_of(source: str, *, is_template: bool) -> Iterator[tuple[int, MessageKey]]:
    """Every message of a module or template with its line, as context and singular."""
    if is_template:  # what stands around the tags becomes XXX, whose indentation means nothing
        source = "\n".join(line.lstrip() for line in templatize(source).splitlines())
    for line, message, _comments, context in extract("python", BytesIO(source.encode()), KEYWORDS):
        yield line, (context, message if isinstance(message, str) else message[0])


def used_messages(*, in_overrides: bool) -> dict[MessageKey, str]:
    """Every message that the code or a template shows, with the first place that shows it.

    Overrides are our versions of other packages' templates, whose messages those packages translate.
    """
    used: dict[MessageKey, str] = {}
    for path in tracked(".py", ".html", ".txt"):
        is_template = path.suffix != ".py"
        is_override = bool(OVERRIDES & set(path.relative_to(ROOT).parts[:2])) and is_template
        if (is_template and "templates" not in path.parts) or is_override != in_overrides:
            continue
        for line, key in messages_of(path.read_text(), is_template=is_template):
            used.setdefault(key, f"{path.relative_to(ROOT)}:{line}")
    return used


def translated_elsewhere() -> set[MessageKey]:
    """The messages that Django and the installed packages translate themselves."""
    with override_settings(LOCALE_PATHS=[]):
        items = DjangoTranslation("ja")._catalog.items()
        keys = [key[0] if isinstance(key, tuple) else key for key, _text in items]
    return {(context or None, text) for context, _separator, text in (key.rpartition("\x04") for key in keys)}


def catalogue(source: str) -> Catalog:
    return read_po(StringIO(source), locale="ja")


def translations(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def untranslated(used: Iterable[MessageKey], catalog: Catalog) -> list[str]:
    """The messages without a Japanese translation, or with one that nobody has confirmed."""
    known = {
        (message.context, message.id if isinstance(message.id, str) else message.id[0])
        for message in catalog
        if message.id and not message.fuzzy and all(translations(message))
    }
    return sorted(singular for context, singular in used if (context, singular) not in known)


def misplaced(catalog: Catalog) -> list[str]:
    """Translations that name a value which the message does not have."""
    found = []
    for message in catalog:
        if not message.id:
            continue
        originals = [message.id] if isinstance(message.id, str) else list(message.id)
        named = set(PLACEHOLDER.findall(" ".join(originals)))
        if any(set(PLACEHOLDER.findall(text)) - named for text in translations(message)):
            found.append(originals[0])
    return found


def test_catalogue_translates_every_message() -> None:
    overrides = used_messages(in_overrides=True)
    theirs = translated_elsewhere()
    used = {key: place for key, place in overrides.items() if key not in theirs} | used_messages(in_overrides=False)
    catalog = catalogue((MESSAGES / "django.po").read_text())

    missing = [f"{used.get((None, text), 'with context')}: {text!r}" for text in untranslated(used, catalog)]

    assert not missing, "\n".join(["without a Japanese translation in django.po:", *missing])


def test_catalogue_names_no_unknown_value() -> None:
    assert misplaced(catalogue((MESSAGES / "django.po").read_text())) == []


# What must not stand on a screen, and what stands there instead.
NOT_OURS = {
    r"時点の記録": "報告時点の集計",
    r"(?<!システム)管理者": "管理職 is the manager, システム管理者 the administrator",
    r"公表済(?!みのため秘匿)|公表待ち|公表の取消し|公表を取り消": "決定: 公表 is what the press reads",
    r"提案者|応募者": "申請者",
    r"利益相反": "利害関係",
    r"記入": "入力",
    r"を直して|を修正して": "訂正",
    r"件あたり|年度あたり": "当たり",
    r"(?<![のそ])他の": "ほかの",
    r"採択件数|採択予定件数": "採択課題数",
    r"書き出|書出し": "出力",
    r"ひな形": "様式",
    r"[（）：]": "half-width brackets and colons, as the figures beside them",
    r"[^:] 件": "no space before 件",
    r"問いは|机上|掛け合わせて数え": "the office's own words",
}
NOT_OUR_ENGLISH = re.compile(r"\b(pots?|slices?|kin|tally|tallies|gave it back|answers to this)\b", re.IGNORECASE)
ONE_TRANSLATION = {
    "manager": "管理職",
    "administrator": "システム管理者",
    "Release": "決定する",
    "Released": "決定済",
    "Briefings": "報告時点の集計",
    "Freeze this board": "数値を固定して保存",
    "Freeze this table": "数値を固定して保存",
    "Keep this view": "条件を保存",
    "Template": "様式",
}


@pytest.mark.parametrize("word", NOT_OURS)
def test_office_reads_its_own_words(word: str) -> None:
    catalog = catalogue((MESSAGES / "django.po").read_text())

    found = [text for message in catalog if message.id for text in translations(message) if re.search(word, text)]

    assert found == [], NOT_OURS[word]


def test_english_reader_meets_no_word_of_the_workshop() -> None:
    used = used_messages(in_overrides=False)

    assert [text for _context, text in used if NOT_OUR_ENGLISH.search(re.sub(r"%\(\w+\)s", "", text))] == []


def test_a_term_has_one_translation() -> None:
    catalog = {message.id: message.string for message in catalogue((MESSAGES / "django.po").read_text())}

    assert {term: catalog.get(term) for term in ONE_TRANSLATION} == ONE_TRANSLATION


def test_compiled_catalogue_is_up_to_date() -> None:
    compiled = BytesIO()
    write_mo(compiled, catalogue((MESSAGES / "django.po").read_text()))
    compiled.seek(0)
    with (MESSAGES / "django.mo").open("rb") as committed:
        found, expected = (gettext.GNUTranslations(file)._catalog for file in (committed, compiled))
    header = {"": ""}  # which says what version of Babel has compiled it
    is_same = found | header == expected | header

    assert is_same, "run: make messages"


@pytest.mark.parametrize(
    ("source", "is_template", "expected"),
    [
        ('label = _("field")\nother = gettext("a " "b")', False, ["field", "a b"]),
        ('n = ngettext("%(n)s call", "%(n)s calls", n)', False, ["%(n)s call"]),
        ('<p>\n    {% translate "Home" %}\n  {{ x|default:_("none") }}</p>', True, ["Home", "none"]),
        ("{% blocktranslate trimmed %}\n  One\n  two\n{% endblocktranslate %}", True, ["One two"]),
    ],
)
def test_messages_are_found(source: str, is_template: bool, expected: list[str]) -> None:
    assert [key[1] for _line, key in messages_of(source, is_template=is_template)] == expected


@pytest.mark.parametrize(
    "entry",
    ['msgid "other"\nmsgstr "x"', 'msgid "field"\nmsgstr ""', '#, fuzzy\nmsgid "field"\nmsgstr "x"'],
    ids=["missing", "empty", "fuzzy"],
)
def test_untranslated_message_is_found(entry: str) -> None:
    assert untranslated([(None, "field")], catalogue(entry)) == ["field"]


def test_unknown_value_is_found() -> None:
    assert misplaced(catalogue('msgid "%(n)s calls"\nmsgstr "%(m)s"')) == ["%(n)s calls"]


def test_code_and_templates_hold_no_japanese() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked(".py", ".html", ".js", ".toml")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if JAPANESE.search(line)
    ]

    assert found == []
