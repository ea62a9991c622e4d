"""How one synthetic call is filled: every row it will hold, drafted from the call's code and terms alone."""

import datetime
import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from aspire.refusals import TOKYO
from aspire.wareki import fiscal_year, fiscal_years
from calls.models import Call, Field, Terms
from calls.terms import Limits, add_months
from partners.models import Funder
from proposals.demo import cast
from proposals.demo.cast import rows, texts
from proposals.record.models import Award, Counterpart, Proposal
from proposals.record.status import NOT_COUNTED, Status

THOUSAND = 1_000
MONTHS = 12
# Indirect costs in percent of direct ones, as institutions ask for them; 30 is what most do.
INDIRECT_PERCENTS = (30, 30, 30, 30, 30, 20, 15, 10, 0)
# How the yearly level moves over a project: percent of its own level in the first, second … year, then onwards.
SHAPES = ((100,), (70, 90, 100), (100, 100, 90, 80), (60, 100, 100, 75), (100, 60))
# How often a project asks for exactly the ceiling every year, and for nothing in one year.
AT_CEILING, WITH_A_PAUSE = 0.08, 0.07


@dataclass(frozen=True)
class DraftAmount:
    """Direct and indirect yen of one fiscal year."""

    fiscal_year: int
    direct_yen: int
    indirect_yen: int


def months_by_fiscal_year(starts_on: datetime.date, ends_on: datetime.date) -> dict[int, int]:
    """How many months of a period of whole months lie in each fiscal year."""
    months = dict.fromkeys(fiscal_years(starts_on, ends_on), 0)
    year, month = starts_on.year, starts_on.month
    while (year, month) <= (ends_on.year, ends_on.month):
        months[fiscal_year(datetime.date(year, month, 1))] += 1
        year, month = (year + 1, 1) if month == MONTHS else (year, month + 1)
    return months


def requests(random: Random, limits: Limits, *, starts_on: datetime.date, ends_on: datetime.date) -> list[DraftAmount]:
    """What a project asks for: some exactly the ceiling every year, some nothing in one year, most in between.

    A fiscal year asks for no more than its months' share of the ceiling, so the sum keeps to the terms as well.
    """
    months = months_by_fiscal_year(starts_on, ends_on)
    if random.random() < AT_CEILING:
        return [
            _at_ceiling(year, limits.annual_ceiling_yen * count // MONTHS, limits) for year, count in months.items()
        ]
    percent = min(random.choice(INDIRECT_PERCENTS), limits.indirect_percent)
    level, shape = random.triangular(0.35, 1.0, 0.72), random.choice(SHAPES)
    pause = random.choice(list(months)[1:]) if random.random() < WITH_A_PAUSE else None
    amounts = []
    for (year, count), share in zip(months.items(), itertools.chain(shape, itertools.repeat(shape[-1])), strict=False):
        most = limits.annual_ceiling_yen * level * share * count / (MONTHS * 100)
        direct = 0 if year == pause else int(most * 100 / (100 + percent)) // THOUSAND * THOUSAND
        amounts.append(DraftAmount(year, direct, direct * percent // 100))
    return amounts


def _at_ceiling(year: int, ceiling_yen: int, limits: Limits) -> DraftAmount:
    """Direct and indirect costs that together are the ceiling to the yen."""
    direct = -(-ceiling_yen * 100 // (100 + limits.indirect_percent))
    return DraftAmount(year, direct, ceiling_yen - direct)


def granted(requested: list[DraftAmount], *, percent: int) -> list[DraftAmount]:
    """A share of what was asked for, in whole thousands of direct yen, at the indirect rate asked for."""
    amounts = []
    for asked in requested:
        direct = asked.direct_yen * percent // 100 // THOUSAND * THOUSAND
        indirect = direct * asked.indirect_yen // asked.direct_yen if asked.direct_yen else 0
        amounts.append(DraftAmount(asked.fiscal_year, direct, indirect))
    return amounts


def total_yen(amounts: list[DraftAmount]) -> int:
    """Direct and indirect yen over all fiscal years."""
    return sum(amount.direct_yen + amount.indirect_yen for amount in amounts)


LEAD_MONTHS = 8  # from the closing of a call to the earliest start of research
LATE, WITHDRAWN, INELIGIBLE = 3, 3, 4
STATUS_AFTER = {Call.Progress.NONE: Status.RECEIVED}


@dataclass
class Draft:
    """A proposal with the rows that hang on it, none of them saved."""

    proposal: Proposal
    costs: list[DraftAmount]
    counterparts: list[Counterpart] = field(default_factory=list)
    award: Award | None = None
    amounts: list[DraftAmount] = field(default_factory=list)


@dataclass
class DraftSource:
    """What the drafting of one call draws on. The same code, window and terms give the same drafts."""

    call: Call
    opens_at: datetime.datetime
    closes_at: datetime.datetime
    terms: Terms
    fields: dict[str, Field]
    funders: list[tuple[Funder, datetime.date | None]]  # with the day from which each is eligible
    random: Random

    def drafts(self, count: int, *, until: datetime.datetime) -> list[Draft]:
        """So many proposals received up to the moment, in the order of receipt."""
        people, used = cast.investigators(self.call.code), Counter[str]()
        drafted = []
        for place, (code, received_at) in enumerate(
            zip(cast.fields(self.random, count), self.receipts(count, until=until), strict=True)
        ):
            title = cast.titles(self.call.code, code)[used[code]]
            used[code] += 1
            drafted.append(self.draft(place + 1, self.fields[code], title, people[place], received_at))
        for draft, status in zip(drafted, self.statuses(count), strict=True):
            draft.proposal.status = status
        return drafted

    def receipts(self, count: int, *, until: datetime.datetime) -> list[datetime.datetime]:
        """Moments of receipt, in order and denser towards the end; after the closing, a few late ones."""
        late = LATE if self.closes_at < until else 0
        minutes = int((min(self.closes_at, until) - self.opens_at).total_seconds() // 60)
        shares = sorted(max(self.random.random(), self.random.random()) for _place in range(count - late))
        in_time = [self.opens_at + datetime.timedelta(minutes=int(minutes * share)) for share in shares]
        after = sorted(self.random.randrange(15, 36 * 60) for _place in range(late))
        return in_time + [self.closes_at + datetime.timedelta(minutes=each) for each in after]

    def statuses(self, count: int) -> list[Status]:
        """The status of each: some withdrawn, some ineligible, the others as far as the call is."""
        usual = STATUS_AFTER.get(Call.Progress(self.call.progress), Status.IN_REVIEW)
        statuses = [usual] * (count - WITHDRAWN - INELIGIBLE)
        statuses += [Status.WITHDRAWN] * WITHDRAWN + [Status.INELIGIBLE] * INELIGIBLE
        self.random.shuffle(statuses)
        return statuses

    def draft(
        self, sequence: int, of: Field, title: cast.Title, person: cast.Investigator, received_at: datetime.datetime
    ) -> Draft:
        country = cast.countries(self.random, 1)[0]
        funder = self.funder(country, received_at.astimezone(TOKYO).date())
        starts_on, ends_on = self.period()
        abroad = cast.person_abroad(self.random, funder.country.alpha2)
        abstracts = rows("abstracts")
        abstract = abstracts[sequence % len(abstracts)]
        proposal = Proposal(
            call=self.call,
            terms=self.terms,
            number=f"{self.call.code}-{sequence:03}",
            title_ja=title.ja,
            title_en=title.en,
            abstract_ja=abstract["ja"].format(title=title.ja),
            abstract_en=abstract["en"].format(title=title.en),
            field=of,
            received_at=received_at,
            late_reason=self.random.choice(texts("late_reasons")) if received_at > self.closes_at else "",
            starts_on=starts_on,
            ends_on=ends_on,
            principal_investigator=person.name,
            principal_investigator_reading=person.reading,
            researcher_number=person.researcher_number,
            institution=self.random.choice(texts("institutions")),
            primary_funder=funder,
            young_researcher_plan=self.plan(funder, abroad[1]),
        )
        costs = requests(self.random, self.terms.limits, starts_on=starts_on, ends_on=ends_on)
        return Draft(proposal, costs, list(self.counterparts(proposal, abroad)))

    def funder(self, country: str, on: datetime.date) -> Funder:
        """A funder of the country that is eligible on the day; agencies four times as often as categories."""
        eligible = [f for f, since in self.funders if f.country.alpha2 == country and (since is None or since <= on)]
        if not eligible:
            return self.funder("US", on)
        return self.random.choices(eligible, [1 if funder.is_category else 4 for funder in eligible])[0]

    def period(self) -> tuple[datetime.date, datetime.date]:
        """Whole months, from the first of a month well after the closing, three to five years long."""
        closes_on = self.closes_at.astimezone(TOKYO).date()
        starts_on = add_months(closes_on.replace(day=1), LEAD_MONTHS + self.random.randrange(4))
        months = min(self.random.choice((36, 36, 42, 48, 48, 54, 60, 60, 60, 60)), self.terms.max_months)
        return starts_on, add_months(starts_on, months) - datetime.timedelta(days=1)

    def plan(self, funder: Funder, institution: str) -> str:
        """What is done for young researchers, as the paper form asks."""
        values = {"country": funder.country.name_ja, "institution": institution}
        values |= {"students": str(self.random.randint(2, 6)), "months": str(self.random.choice((3, 4, 6, 10, 12)))}
        return self.random.choice(texts("plans")).format(**values)

    def counterparts(self, proposal: Proposal, abroad: tuple[str, str]) -> Iterable[Counterpart]:
        """One to three partners: the first under the primary funder, further ones from anywhere."""
        funder = proposal.primary_funder
        person, institution = abroad
        yield Counterpart(country=funder.country, funder=funder, person=person, institution=institution)
        for country in cast.countries(self.random, self.random.choice((0, 0, 1, 1, 2))):
            further = [f for f, since in self.funders if f.country.alpha2 == country and since is None]
            if further:
                person, institution = cast.person_abroad(self.random, country)
                paid_by = self.random.choice([*further, None])
                yield Counterpart(country=further[0].country, funder=paid_by, person=person, institution=institution)

    def award(self, drafts: list[Draft], *, on: datetime.date) -> None:
        """Award as many as the pot and the number allow, in an order that only the reviewers would know."""
        pot_yen, places = self.call.pot_yen or 0, self.call.max_awards or 0
        eligible = [draft for draft in drafts if draft.proposal.status not in NOT_COUNTED]
        for draft in self.random.sample(eligible, len(eligible)):
            amounts = granted(draft.costs, percent=self.random.randint(85, 100))
            if places and total_yen(amounts) <= pot_yen:
                pot_yen, places = pot_yen - total_yen(amounts), places - 1
                draft.award, draft.amounts = Award(awarded_on=on), amounts
