"""The guides name what stands on the screen: every name in bold is one of the catalogue, and every picture is there."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
CATALOGUE = ROOT / "aspire/locale/ja/LC_MESSAGES/django.po"
GUIDES = [
    *("officers-guide.ja.md", "reviewers-guide.ja.md", "managers-guide.ja.md"),
    *("officers-guide.md", "reviewers-guide.md", "managers-guide.md"),
]
BOLD = re.compile(r"\*\*([^*]+)\*\*")
OF_NO_MESSAGE = {"太字", "English", "Bold"}


def on_screen(guide: str) -> set[str]:
    """Everything that a screen says in the language of a guide."""
    with CATALOGUE.open(encoding="utf-8") as lines:
        catalog = [message for message in read_po(lines, locale="ja") if message.id]
    if guide.endswith(".ja.md"):
        return {text for each in catalog for text in ([each.string] if isinstance(each.string, str) else each.string)}
    return {text for each in catalog for text in ([each.id] if isinstance(each.id, str) else each.id)}


@pytest.mark.parametrize("guide", GUIDES)
def test_guide_calls_things_what_the_screen_calls_them(guide: str) -> None:
    named = {part for name in BOLD.findall((DOCS / guide).read_text(encoding="utf-8")) for part in name.split(" → ")}

    assert sorted(named - on_screen(guide) - OF_NO_MESSAGE) == []


@pytest.mark.parametrize("guide", GUIDES)
def test_guide_shows_pictures_and_leads_to_pages_that_are_there(guide: str) -> None:
    text = (DOCS / guide).read_text(encoding="utf-8")

    targets = re.findall(r"\]\(([^)#]+)\)", text)
    assert [target for target in targets if not (DOCS / target).exists()] == []
    assert any(target.endswith(".png") for target in targets)
