"""The page of the docs that says where each page comes from is true."""

import re

import pytest
from django.apps import apps

from tests import pages
from tests.house import HOUSE


def columns(text: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line.startswith("| `")
    ]


def test_every_page_stands_in_the_docs_with_its_view_templates_and_tests() -> None:
    """Which tests ask for a page changes with every test; that these are there is what counts."""
    stated, found = columns(pages.FILE.read_text()), columns(pages.written())

    assert [row[:3] for row in stated] == [row[:3] for row in found], "out of date: run python -m tests.pages"
    assert {name.strip("` ") for row in stated for name in row[3].split(",")} - pages.sources().keys() == set()


def test_recipes_name_files_and_commands_that_are_there() -> None:
    text = (pages.ROOT / "CONTRIBUTING.md").read_text()
    files = set(re.findall(r"`((?:aspire|calls|proposals|tests|docs)/[\w/]+\.\w+)`", text))
    targets = set(re.findall(r"`make ([a-z]+)", text))
    makefile = (pages.ROOT / "Makefile").read_text()

    assert files
    assert [name for name in files if not (pages.ROOT / name).exists()] == []
    assert [target for target in targets if f"\n{target}:" not in makefile] == []


def test_glossary_names_what_is_there() -> None:
    text = (pages.ROOT / "docs" / "glossary.md").read_text()
    models = {model.__name__ for model in apps.get_models()}
    classes = set(re.findall(r"`([A-Z]\w+)`", text))

    values = {"StrictResource", "SheetResult", "SheetRow", "Meaning", "Entry", "CallEntry", "TypedField"}
    values |= {"Event", "Board", "Table", "Row", "Figure", "Status", "Cross", "Member", "SliceTotals", "Desk"}
    assert classes - models == values | {"DeskRow", "AwardPage", "RankedRow", "Bar", "Line", "Grid", "Fault"}


@pytest.mark.parametrize("word", ["Briefing", "Row", "Line", "Grid", "Desk", "Fault", "Refused", "Score", "Standing"])
def test_a_word_names_one_thing(word: str) -> None:
    modules = [path for package in HOUSE for path in (pages.ROOT / package).rglob("*.py")]
    found = [path for path in modules for name in re.findall(r"^class (\w+)", path.read_text(), re.M) if name == word]

    assert len(found) == 1
