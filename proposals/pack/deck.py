"""An empty deck with our theme: 16 to 9, our colours and typefaces, on every slide a title, a foot and a number."""

import copy
import re
from typing import NamedTuple

from django.utils.translation import get_language
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml.ns import qn
from pptx.presentation import Presentation as Deck
from pptx.shapes.autoshape import Shape
from pptx.shapes.base import BaseShape
from pptx.slide import Slide
from pptx.text.text import TextFrame
from pptx.util import Inches, Pt

# Colours and typefaces: those of the screen, by names that Office programs know.
INK, QUIET, PALE, LINE, GROUND = "1A1A1A", "4D4D4D", "F2F2F2", "CCCCCC", "FFFFFF"
PRIMARY, COUNT, AWARD = "0017C1", "4979F5", "00118F"
LATIN = "Arial"
EAST_ASIAN = "Meiryo"  # stands on every Windows and Mac that has Office; elsewhere the system's own takes its place
JAPANESE = "Yu Gothic"
FREE = "Noto Sans JP"

WIDTH, HEIGHT = 13.333, 7.5  # inches, as everything here
MARGIN, TOP, FOOT = 0.6, 1.35, 6.55
INNER = WIDTH - 2 * MARGIN
COVER, PLAIN = 0, 5  # layouts of the template: a title slide, and a title only
TITLE_SIZE, COVER_SIZE, FOOT_SIZE = 26, 36, 9
FOOTERS = {PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER}
# What XML cannot carry.
UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
SCHEME = {
    "dk1": INK, "lt1": GROUND, "dk2": PRIMARY, "lt2": PALE, "accent1": COUNT, "accent2": AWARD, "accent3": QUIET,
    "accent4": LINE, "accent5": PRIMARY, "accent6": INK, "hlink": PRIMARY, "folHlink": AWARD,
}  # fmt: skip


def new_deck(title: str) -> Deck:
    """A presentation without slides."""
    deck = Presentation()
    _widen(deck)
    _theme(deck)
    _arrange(deck)
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


# --- the template ------------------------------------------------------------------------------------------------


def _widen(deck: Deck) -> None:
    """The template of the library is 4 to 3: stretch it with everything that stands on it."""
    ratio = Inches(WIDTH) / deck.slide_width
    deck.slide_width, deck.slide_height = Inches(WIDTH), Inches(HEIGHT)
    for page in (deck.slide_master, *deck.slide_layouts):
        for shape in page.shapes:
            if shape._element.xpath(".//a:xfrm"):
                shape.left, shape.width = int(shape.left * ratio), int(shape.width * ratio)


def _theme(deck: Deck) -> None:
    part = deck.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    theme = part.blob.decode()
    for name, colour in SCHEME.items():
        theme = re.sub(rf"<a:{name}>.*?</a:{name}>", f'<a:{name}><a:srgbClr val="{colour}"/></a:{name}>', theme)
    for kind in ("majorFont", "minorFont"):
        faces = f'<a:latin typeface="{LATIN}"/><a:ea typeface="{EAST_ASIAN}"/><a:cs typeface=""/>'
        faces += f'<a:font script="Jpan" typeface="{JAPANESE}"/>'
        theme = re.sub(rf"<a:{kind}>.*?</a:{kind}>", f"<a:{kind}>{faces}</a:{kind}>", theme, flags=re.DOTALL)
    part._blob = theme.encode()


def _arrange(deck: Deck) -> None:
    """Titles to the left and bold; the foot across the page, its number at the right; a line under the title."""
    places = {
        PP_PLACEHOLDER.TITLE: (MARGIN, 0.4, INNER - 2.8, 0.7),
        PP_PLACEHOLDER.CENTER_TITLE: (MARGIN, 2.0, INNER, 1.5),
        PP_PLACEHOLDER.SUBTITLE: (MARGIN, 3.7, INNER, 1.8),
        PP_PLACEHOLDER.FOOTER: (MARGIN, FOOT, INNER - 0.7, 0.75),
        PP_PLACEHOLDER.SLIDE_NUMBER: (WIDTH - MARGIN - 0.6, FOOT, 0.6, 0.3),
    }
    for page in (deck.slide_master, deck.slide_layouts[COVER], deck.slide_layouts[PLAIN]):
        for shape in page.placeholders:
            place = places.get(shape.placeholder_format.type)
            if place:
                shape.left, shape.top, shape.width, shape.height = map(Inches, place)
                _frame(shape)
    style = deck.slide_master._element.find(qn("p:txStyles")).find(qn("p:titleStyle")).find(qn("a:lvl1pPr"))
    style.set("algn", "l")
    style.find(qn("a:defRPr")).set("sz", str(TITLE_SIZE * 100))
    style.find(qn("a:defRPr")).set("b", "1")


def _frame(shape: BaseShape) -> None:
    """Text that begins at the frame's own edge; the foot from its top, every title from its bottom."""
    frame, kind = shape.text_frame, shape.placeholder_format.type
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    is_title = kind in {PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE}
    frame.vertical_anchor = MSO_ANCHOR.BOTTOM if is_title else MSO_ANCHOR.TOP
    align = PP_ALIGN.RIGHT if kind == PP_PLACEHOLDER.SLIDE_NUMBER else PP_ALIGN.LEFT
    for paragraph in frame.paragraphs:
        paragraph.alignment = align
    levels = shape._element.find(qn("p:txBody")).find(qn("a:lstStyle"))
    for level in [] if levels is None else levels:
        level.set("algn", "r" if align == PP_ALIGN.RIGHT else "l")
