"""A deck begins as ``templates/pack/deck.pptx``: 16 to 9, our colours and typefaces, a title, a foot and a number.

Whoever restyles the file in PowerPoint restyles every deck: what counts is that its first layout is a cover, that one
called "Title Only" has a title, a foot and a number, and that slides keep their size.
"""

import copy
import re
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import get_language
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.presentation import Presentation as Deck
from pptx.shapes.autoshape import Shape
from pptx.shapes.base import BaseShape
from pptx.slide import Slide
from pptx.text.text import TextFrame
from pptx.util import Inches, Pt

# Colours and typefaces: those of the screen, by names that Office programs know.
INK, QUIET, PALE, LINE, GROUND = "1A1A1A", "4D4D4D", "F2F2F2", "CCCCCC", "FFFFFF"
PRIMARY, COUNT, AWARD = "0017C1", "4979F5", "00118F"
EAST_ASIAN = "Meiryo"  # stands on every Windows and Mac that has Office; elsewhere the system's own takes its place
FREE = "Noto Sans JP"

WIDTH, HEIGHT = 13.333, 7.5  # inches, as everything here
MARGIN, TOP, FOOT = 0.6, 1.35, 6.55
INNER = WIDTH - 2 * MARGIN
COVER, PLAIN = 0, 5  # layouts of the template: a title slide, and a title only
COVER_SIZE, FOOT_SIZE = 36, 9
FOOTERS = {PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER}
# What XML cannot carry.
UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")


def new_deck(title: str) -> Deck:
    """A presentation without slides."""
    deck = Presentation(str(settings.BASE_DIR / "templates" / "pack" / "deck.pptx"))
    deck.core_properties.title, deck.core_properties.author = clean(title)[:255], "ASPIRE"
    deck.core_properties.language = get_language() or "ja"
    return deck


def add_slide(deck: Deck, title: str, *, foot: str, badge: str = "", layout: int = PLAIN) -> Slide:
    """A slide with its title, what stands under every slide, its number, and what the data are at the top right."""
    slide = deck.slides.add_slide(deck.slide_layouts[layout])
    write(slide.shapes.title.text_frame, title)
    for placeholder in deck.slide_layouts[layout].placeholders:
        if placeholder.placeholder_format.type in FOOTERS:
            slide.shapes._spTree.append(copy.deepcopy(placeholder._element))
    for shape in slide.placeholders:
        if shape.placeholder_format.type == PP_PLACEHOLDER.FOOTER:
            write(shape.text_frame, foot, Look(size=FOOT_SIZE, colour=QUIET))
    if badge:
        _badge(slide, badge)
    return slide


def clean(text: str) -> str:
    """The text without what a slide cannot hold."""
    return UNWRITABLE.sub("\ufffd", text)


class Look(NamedTuple):
    """How text is set; what is not said is as the template has it."""

    size: float | None = None
    bold: bool | None = None
    colour: str = ""
    align: PP_ALIGN | None = None


AS_IT_IS = Look()


def write(frame: TextFrame, text: str, look: Look = AS_IT_IS) -> None:
    """Put the text into a frame, a paragraph a line, marked with its language so that the right typeface is taken."""
    frame.text = clean(text)
    for paragraph in frame.paragraphs:
        paragraph.alignment = look.align
        for run in paragraph.runs:
            run.font.size = Pt(look.size) if look.size else None
            run.font.bold = look.bold
            if look.colour:
                run.font.color.rgb = RGBColor.from_string(look.colour)
            language = "ja-JP" if (get_language() or "ja").startswith("ja") else "en-US"
            run._r.get_or_add_rPr().set("lang", language)
            run._r.get_or_add_rPr().set("altLang", "en-US" if language == "ja-JP" else "ja-JP")


def add_text(slide: Slide, text: str, place: tuple[float, float, float, float], look: Look) -> Shape:
    """A box of text at left, top, width, height."""
    box = slide.shapes.add_textbox(*map(Inches, place))
    box.text_frame.word_wrap = True
    for side in ("margin_left", "margin_right", "margin_top", "margin_bottom"):
        setattr(box.text_frame, side, 0)
    write(box.text_frame, text, look)
    return box


def describe(shape: BaseShape, name: str, description: str) -> None:
    """Name a drawing and say for voices what it shows."""
    properties = shape._element.xpath(".//p:cNvPr")[0]
    properties.set("name", clean(name))
    properties.set("descr", clean(description))


def _badge(slide: Slide, text: str) -> None:
    box = add_text(slide, text, (WIDTH - MARGIN - 2.6, 0.5, 2.6, 0.34), Look(12, True, align=PP_ALIGN.CENTER))
    box.line.color.rgb, box.line.width = RGBColor.from_string(INK), Pt(1)
    box.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    box.name = "Badge"
