"""What goes with the numbers wherever they go: what they are not, their source, counting rule, moment and meaning."""

import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aspire import wareki
from aspire.templatetags.figures import NOTHING
from proposals.pack.grids import figures_of, has_derived
from proposals.tallies.board import Board
from proposals.tallies.figures import MASK, NOT_STATED


def warnings(board: Board) -> list[str]:
    """That the rows are not real ones, or not all of them, where that is so."""
    said = []
    if board.is_reconstructed:
        said.append(
            _("The proposals of this call are reconstructed from published totals; they are not the real ones.")
        )
    if board.is_synthetic:
        said.append(_("The proposals, people and amounts of this call are synthetic, made for demonstration."))
    if board.is_partial:
        said.append(_("What a conflict of interest or an embargo hides from the reader is in no figure."))
    return said


def badge(board: Board) -> str:
    """The same in two words, for the head of a page; empty where the data are real."""
    if board.is_reconstructed:
        return _("Reconstructed data")
    return _("Synthetic data") if board.is_synthetic else ""


def source(board: Board) -> str:
    """Where the numbers come from."""
    return _("Source: %(sources)s") % {"sources": _("; ").join(board.sources) or _("the records of this system")}


def footer(board: Board) -> list[str]:
    """What stands under every table, sentence by sentence."""
    return [*warnings(board), source(board), rule(board), counted(board)]


def rule(board: Board) -> str:
    """The counting rule, and how many proposals it left out."""
    left_out = [_("%(label)s: %(number)s") % {"label": label, "number": n} for label, n, *_rest in board.left_out]
    told = [_("(%(left_out)s)") % {"left_out": _(", ").join(left_out)}] if left_out else []
    return " ".join([board.counting_rule, *told])


def counted(board: Board) -> str:
    """When the numbers were counted."""
    return _("Counted %(at)s.") % {"at": moment(board.as_of)}


def moment(at: datetime.datetime) -> str:
    """An instant in Tokyo, to the minute, with the Japanese calendar beside it."""
    local = timezone.localtime(at)
    written = _("%(day)s %(time)s") % {"day": date_format(local, "DATE_FORMAT"), "time": f"{local:%H:%M}"}
    return " ".join([written, _("(%(wareki)s)") % {"wareki": wareki.wareki_date(local.date())}])


def definitions(board: Board) -> list[tuple[str, str]]:
    """Every term of the tables with its meaning."""
    terms = [
        (_("Proposals"), _("Number of proposals. %(rule)s") % {"rule": board.counting_rule}),
        (_("Awards"), _("Number of proposals awarded.")),
        (_("Success rate (%)"), _("Awards in a hundred proposals, one decimal, rounded half up.")),
        (_("Country or region"), _("Of the primary funder abroad; code: ISO 3166-1 alpha-2.")),
    ]
    if board.has_published:
        terms += [
            (pgettext("column", "published"), _("As printed in the source.")),
            (pgettext("column", "recorded"), _("As counted from the records of this system at the moment stated.")),
            (pgettext("column", "difference"), _("Recorded less published.")),
        ]
    if any(figure.status == NOT_STATED for figure in figures_of(board)):
        terms.append((_("not stated"), _("No publication states it; that is not zero.")))
    if has_derived(board):
        terms.append((pgettext("column", "derived"), _("Worked out from what was published; not published itself.")))
    if board.is_masked:
        terms.append((MASK, _("Masked: small, or it would give a small number away.")))
    terms += [
        (_("not published"), _unpublished(board)),
        ("0", _("Counted, and there is none.")),
        (NOTHING, _("Not applicable: there is no denominator, or nothing to compare with.")),
    ]
    return terms


def _unpublished(board: Board) -> str:
    meaning = _("The source does not state it; that is not zero.")
    if not board.not_published:
        return meaning
    return " ".join([meaning, _("Here: %(list)s.") % {"list": _(", ").join(board.not_published)}])
