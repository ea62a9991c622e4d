"""Lists stand in gojuon order, and every spelling finds its record, in Python as in PostgreSQL."""

import unicodedata

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db.models import Value
from hypothesis import given, settings
from hypothesis import strategies as st

from aspire.kana import GojuonKey, SearchKey, search_key
from partners.models import Country, Funder
from tests.effort import tries
from tests.factories import CountryFactory, FunderFactory

# What this Python knows: later signs may be normalised by a newer server. PostgreSQL stores no NUL.
KNOWN = st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\x00")
KANA_AND_SIGNS = st.sampled_from("アァイカガヵキギッツヅハバパヴンーｱｶﾞﾊﾟあがっ・·•‐-–—.,'’ Aａé ß İ Σς Ж")
TEXTS = st.lists(st.text(st.one_of(KNOWN, KANA_AND_SIGNS), max_size=12), min_size=1, max_size=20)


def computed(function, texts):
    """What PostgreSQL makes of the texts."""
    keys = {f"key_{place}": function(Value(text)) for place, text in enumerate(texts)}
    row = ContentType.objects.order_by("pk").annotate(**keys).values(*keys)[:1].get()
    return [row[key] for key in keys]


@pytest.mark.django_db
@given(texts=TEXTS)
@settings(max_examples=tries(30, sweep=100))
def test_search_key_is_the_same_in_python_and_in_postgresql(texts):
    assert computed(SearchKey, texts) == [search_key(text) for text in texts]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ドイツ", "どいつ"),
        ("ﾄﾞｲﾂ", "ドイツ"),
        ("ＮＳＦ", "nsf"),
        ("AI·情報", "ＡＩ・情報"),
        ("AI•情報", "AI情報"),
        ("Müller", "MÜLLER"),
        ("Ørsted", "ørsted"),
        ("ЖУК", "жук"),
        ("Max-Planck", "max planck"),
        ("J. Smith", "J.Smith"),
        ("O'Neil", "O’Neil"),
    ],
)
def test_search_key_is_equal_when_only_the_spelling_differs(typed, stored):
    assert search_key(typed) == search_key(stored)


def test_search_key_differs_when_the_sound_differs():
    assert search_key("ハン") != search_key("バン")


@pytest.mark.django_db
def test_countries_stand_in_gojuon_order_when_readings_hold_long_vowels():
    readings = [
        "アメリカ",
        "イギリス",
        "イタリア",
        "オーストラリア",
        "オランダ",
        "カナダ",
        "スウェーデン",
        "デンマーク",
        "ドイツ",
    ]
    readings += ["ニュージーランド", "ノルウェー", "フィンランド", "フランス"]
    for place, reading in enumerate(reversed(readings)):
        CountryFactory(alpha2=f"X{chr(65 + place)}", reading=reading, name_ja=reading)

    ordered = Country.objects.in_gojuon_order().values_list("reading", flat=True)

    assert list(ordered) == readings


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reading", "key"),
    [
        ("オーストラリア", "オオストラリア"),
        ("オランダ", "オランタ"),
        ("スウェーデン", "スウエエテン"),
        ("ニュージーランド", "ニユウシイラント"),
        ("ﾆｭｰｼﾞｰﾗﾝﾄﾞ", "ニユウシイラント"),
        ("べるぎー", "ヘルキイ"),
        ("コート・ジボワール", "コオトシホワアル"),
        ("ヴァチカン", "ウアチカン"),
        ("ボスニア・ヘルツェゴビナ", "ホスニアヘルツエコヒナ"),
    ],
)
def test_gojuon_key_reads_long_voiced_and_small_kana_as_plain_ones(reading, key):
    assert computed(GojuonKey, [reading]) == [key]


@pytest.mark.django_db
def test_record_is_found_when_typed_in_either_spelling():
    canada = CountryFactory(alpha2="CA", name_ja="カナダ", reading="カナダ", name_en="Canada")
    funder = FunderFactory(
        country=canada, acronym="CIHR", code="CA-CIHR", label_as_printed="CHIR", name_ja="カナダ保健研究機構"
    )

    for typed in ("CHIR", "cihr", "ｃｉｈｒ", "ｶﾅﾀﾞ保健", "かなだ"):
        assert Funder.objects.filter(search_key__contains=search_key(typed)).get() == funder


def test_capitals_have_one_small_letter_each():
    assert all(len(search_key(letter)) == 1 for letter in "ABCXYZÀÉÞĀŽΩЯ")
    assert unicodedata.normalize("NFKC", search_key("Å")) == search_key("å")
