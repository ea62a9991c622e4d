"""The board of a call as it stands: facts, six headline tiles, the tallies, what was left out, where it comes from."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from aspire.people import Person
from aspire.templatetags.figures import fiscal
from aspire.wareki import wareki_date
from aspire.yen import exact, readable
from calls.hidden import is_partly_hidden
from calls.models import Call, EligibleFunder, Terms
from partners.models import funder_order, in_language
from proposals.boards.arrivals import Arrivals
from proposals.record.querysets import ProposalQuerySet
from proposals.record.status import NOT_COUNTED
from proposals.review.course import Course
from proposals.tallies.board import Board
from proposals.tallies.counts import Tallies, add_up
from proposals.tallies.figures import NOTHING, Tile, compared, counting_rule, rows_url


@dataclass(frozen=True)
class TermsInUse:
    """Terms with the proposals that are pinned to them."""

    terms: Terms
    is_in_force: bool
    proposals: int

    @property
    def href(self) -> str:
        return rows_url(self.terms.call.code, status="", terms=str(self.terms.pk))


@dataclass(frozen=True)
class TermsOfCall:
    """The terms of a call, those in force first, beside what its programme allows at most."""

    call: Call
    standings: list[TermsInUse]
    refused: int  # proposals under earlier terms that those in force would refuse

    @property
    def refused_href(self) -> str:
        return rows_url(self.call.code, status="", flag="terms")

    @property
    def is_limited(self) -> bool:
        return self.call.programme.limit_annual_yen is not None


@dataclass
class CallBoard:
    """Makes the board of one call, over the proposals one reader may see, at one moment, in the active language."""

    call: Call
    proposals: ProposalQuerySet
    as_of: datetime.datetime
    reader: Person | None = None  # who looks; without one, nothing that is staged is shown

    @cached_property
    def tallies(self) -> Tallies:
        return Tallies(self.call, self.proposals)

    @property
    def board(self) -> Board:
        """Everything that is shown of it, as a value."""
        call, tallies = self.call, self.tallies
        return Board(
            code=call.code,
            title=call.name,
            programme=str(call.programme),
            fiscal_year=call.fiscal_year,
            stage=self.stage,
            window=self.window,
            between=self.between,
            as_of=self.as_of,
            address=call.get_absolute_url(),
            facts=self.facts,
            headline=self.headline,
            tables=tallies.tables,
            total=tallies.total,
            left_out=self.left_out,
            not_published=self.not_published,
            sources=self.sources,
            counting_rule=counting_rule(),
            is_reconstructed=tallies.is_reconstructed,
            is_synthetic=call.is_synthetic,
            is_decided=tallies.is_decided,
            has_rates=tallies.has_rates,
            has_published=tallies.has_published,
            explanations=tallies.explanations,
            is_partial=self.reader is not None and is_partly_hidden(call, self.reader),
        )

    @property
    def at_stage(self) -> Call.Stage:
        return self.call.stage(at=self.as_of)

    @property
    def stage(self) -> str:
        return str(self.at_stage.label)

    @property
    def window(self) -> str:
        """When applications come in, in a sentence."""
        if self.call.opens_at is None:
            return _("The application window is not stated yet: the call takes no proposals.")
        return _("Applications from %(opens)s to %(closes)s") % self._days

    @property
    def _days(self) -> dict[str, str]:
        """The first and the last day of the window, in both calendars."""
        days = [timezone.localdate(at) for at in (self.call.opens_at, self.call.closes_at) if at]
        opens, closes = (
            " ".join([date_format(on, "DATE_FORMAT"), _("(%(wareki)s)") % {"wareki": wareki_date(on)}]) for on in days
        )
        return {"opens": opens, "closes": closes}

    @property
    def between(self) -> str:
        """The window alone, for where a label says what it is."""
        return NOTHING if self.call.opens_at is None else _("%(opens)s to %(closes)s") % self._days

    @cached_property
    def eligible(self) -> list[EligibleFunder]:
        """The funders whose researchers the call accepts, in printed order."""
        places = self.call.eligible_funders.select_related("funder__country")
        return list(places.order_by(*funder_order("funder__")))

    @property
    def shown_eligible(self) -> list[EligibleFunder] | None:
        """The same for the board itself, while the call is in preparation; None afterwards."""
        return self.eligible if self.at_stage == Call.Stage.PREPARING else None

    @cached_property
    def arrivals(self) -> Arrivals | None:
        """How it comes in day by day; None unless it is open."""
        if self.at_stage != Call.Stage.OPEN:
            return None
        return Arrivals(self.call, self.proposals, timezone.localdate(self.as_of))

    @cached_property
    def course(self) -> Course | None:
        """How its review goes on; None unless it is in review."""
        if self.at_stage != Call.Stage.IN_REVIEW:
            return None
        return Course(self.call, self.proposals, timezone.localdate(self.as_of), self.tallies.fields)

    @cached_property
    def terms(self) -> Terms | None:
        return next(iter(self._newest_terms), None)

    @cached_property
    def _newest_terms(self) -> list[Terms]:
        return list(self.call.terms.order_by("-pk"))

    @cached_property
    def all_terms(self) -> TermsOfCall:
        """The terms in force and the earlier ones, with the proposals under each."""
        found = []
        for place, terms in enumerate(self._newest_terms):
            under = [cell for cell in self.tallies.cells if cell["terms"] == terms.pk]
            found.append(TermsInUse(terms, place == 0, add_up(under, "proposals")))
        has_earlier = any(standing.proposals for standing in found[1:])
        beyond = self.proposals.filter(call=self.call).order_by().beyond_current_terms()
        return TermsOfCall(self.call, found, beyond.count() if has_earlier else 0)

    @property
    def not_published(self) -> list[str]:
        """The cross-tabulations that the source does not hold, which are therefore never shown as a number."""
        if not self.tallies.is_reconstructed:
            return []
        return [
            _("field by country"),
            _("field by funder"),
            _("awards by country"),
            _("awards by funder"),
            _("titles, people, institutions and amounts of the proposals"),
        ]

    @property
    def left_out(self) -> list[tuple[str, int, str]]:
        """What the tallies do not count: status, number, address of the rows."""
        cells = self.tallies.cells
        return [
            (
                str(status.label),
                add_up([cell for cell in cells if cell["status"] == status], "proposals"),
                f"{reverse('proposals:list')}?call={self.call.code}&status={status}",
            )
            for status in NOT_COUNTED
        ]

    @property
    def sources(self) -> list[str]:
        """Where the published figures and the terms come from."""
        terms = self.terms.stated_in if self.terms else ""
        stated = dict.fromkeys(figure.stated_in for figure in self.tallies.published)
        named = terms.partition(": ")[0]  # the terms quote theirs after its name
        return [*(source for source in stated if source not in {terms, named}), *([terms] if terms else [])]

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Who, what, until when and on what terms: label and text."""
        return [(label, text) for label, text in [*self._offer(), *self._conditions()] if text]

    def _offer(self) -> Iterable[tuple[str, str]]:
        call = self.call
        fields = (in_language(place.field.name_ja, place.field.name_en) for place in self.tallies.fields)
        yield _("Who is supported"), in_language(call.supported_ja, call.supported_en)
        yield _("Partner countries"), in_language(call.partners_ja, call.partners_en)
        yield _("Fields"), in_language(call.fields_note_ja, call.fields_note_en) or _(", ").join(fields) or NOTHING
        yield _("Fiscal year"), fiscal(call.fiscal_year)
        yield _("Paid from"), in_language(call.programme.budget_source_ja, call.programme.budget_source_en)

    def _conditions(self) -> Iterable[tuple[str, str]]:
        call, terms = self.call, self.terms
        if terms:
            ceiling = both(terms.annual_ceiling_yen)
            yield _("Ceiling"), _("at most %(yen)s a fiscal year per project") % {"yen": ceiling}
            yield _("Longest period"), _("%(months)s months") % {"months": terms.max_months}
        if call.pot_yen is not None:
            yield _("Budget"), both(call.pot_yen)
        if call.max_awards is not None:
            yield _("Number of awards"), _("at most %(number)s") % {"number": call.max_awards}
        if terms:
            yield _("Assumptions"), terms.assumptions

    @property
    def headline(self) -> list[Tile]:
        """Six numbers about the result, each leading to its rows."""
        counted, call = self.tallies.counted, self.call.code
        received, awarded = add_up(counted, "proposals"), add_up(counted, "awards")
        everything, awards, share = rows_url(call), rows_url(call, awarded="1"), self.tallies.total.rate
        of = _("%(awards)s of %(proposals)s") % {"awards": exact(awarded), "proposals": exact(received)}
        of = of if self.tallies.has_rates else _("not decided")
        used = {cell["primary_funder"] for cell in counted}
        funders = [funder for funder in self.tallies.funders if funder.pk in used]
        agencies = [funder for funder in funders if not funder.is_category]
        return [
            Tile(_("Proposals received"), exact(received), compared(self.tallies.total.proposals), everything),
            self._awards_tile(awarded, awards),
            Tile(_("Success rate"), f"{share} %" if share else NOTHING, of, awards),
            Tile(
                _("Countries and regions"),
                exact(len({funder.country_id for funder in funders})),
                _("of the primary funders"),
                "#country" if funders else everything,
            ),
            Tile(
                _("Foreign funders"),
                exact(len(agencies)),
                _("categories such as private not counted"),
                "#country_funder",
            ),
            self._money_tile(everything, awards),
        ]

    def _awards_tile(self, awarded: int, awards: str) -> Tile:
        if not self.tallies.is_decided:
            return Tile(_("Awards"), NOTHING, _("not decided"), awards)
        return Tile(_("Awards"), exact(awarded), compared(self.tallies.total.awards), awards)

    def _money_tile(self, everything: str, awards: str) -> Tile:
        counted, pot = self.tallies.counted, self.call.pot_yen
        if self.tallies.is_reconstructed:
            return Tile(_("Amount requested"), _("not published"), _("the source states no amounts"), everything)
        if add_up(counted, "awards"):
            note = _("of a budget of %(pot)s") % {"pot": readable(pot)} if pot is not None else _("no budget is set")
            yen = add_up(counted, "awarded_yen")
            return Tile(_("Amount awarded"), readable(yen), note, awards, f"¥{exact(yen)}")
        yen = add_up(counted, "requested_yen")
        return Tile(_("Amount requested"), readable(yen), _("over all fiscal years"), everything, f"¥{exact(yen)}")


def both(yen: int) -> str:
    """Yen in the unit staff would choose, with the exact amount behind it."""
    return _("%(pot)s (¥%(yen)s)") % {"pot": readable(yen), "yen": exact(yen)}
