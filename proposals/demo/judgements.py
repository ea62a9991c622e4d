"""How far the synthetic calls are judged: who reviews what, who declared an interest, what was written and marked."""

import datetime
import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from statistics import fmean
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Sum

from aspire.refusals import TOKYO
from calls.models import Call, Criterion, PotSlice
from proposals.assignment.spread import Need, propose
from proposals.awards.decisions import Wish, stage
from proposals.awards.release import submit
from proposals.demo.cast import SEED, Panel, name_leads, panel, rows, texts
from proposals.record.models import AnnualCost, Assignment, Conflict, Proposal, Review, Score
from proposals.review.decisions import default_criteria

Finding, State = Conflict.Finding, Review.State
ASSIGNED_AFTER, REVIEWED_FROM = 10, 20  # days after the closing
DUE_IN, LASTED = 14, 80  # days: how long reviewers still have; how long after the closing they had
GUEST_HAS = 9  # proposals the reviewer who signs in is given in a call
IN_CONFLICT, DECLINED = 5, 2  # assignments in a call
HALF = (0.5, 0.62, 0.9)  # so many are submitted, drafts besides, declared besides; the others are untouched
GUESTS = ("submitted", "submitted", "draft", "draft", "clear", "clear", "", "", "stands")
BEST, DECLINED_MARKS = 2, 4  # awarded for their rank, declined for theirs
SLICE_STEP_YEN = 10_000_000
HIGH, MIDDLE = 3.7, 2.7


@dataclass
class Judging:
    """What the judging of one call draws on. The same call, day and reviewers give the same rows."""

    call: Call
    on: datetime.date
    criteria: list[Criterion]
    random: Random
    panel: Panel
    officer: User
    proposals: dict[int, Proposal]
    quality: dict[int, float] = field(default_factory=dict)
    means: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def is_over(self) -> bool:
        return self.call.progress == Call.Progress.DECIDING

    def at(self, day: int) -> datetime.datetime:
        """An instant of the so-manieth day after the closing, never after yesterday."""
        closed = (self.call.closes_at or datetime.datetime.now(TOKYO)).astimezone(TOKYO).date()
        date = min(closed + datetime.timedelta(days=day), self.on - datetime.timedelta(days=1))
        minutes = self.random.randrange(9 * 60, 18 * 60)
        return datetime.datetime.combine(date, datetime.time(minutes // 60, minutes % 60), tzinfo=TOKYO)

    # --- who ---------------------------------------------------------------------------------------------------

    def assign(self) -> list[Assignment]:
        """So many reviewers for each counted proposal, the load even; the one who signs in has a few."""
        at, wanted = self.at(ASSIGNED_AFTER), self.call.reviews_wanted
        mine = [p.pk for p in self.proposals.values() if p.field_id in self.panel.guest.fields]
        teams = {pk: [self.panel.guest.person] for pk in self.random.sample(mine, min(GUEST_HAS, len(mine)))}
        needs = [
            Need(p.pk, p.field_id, wanted - len(teams.get(p.pk, ())), self.panel.at(p.institution))
            for p in self.proposals.values()
        ]
        for proposal, others in propose(needs, self.panel.candidates).teams.items():
            teams.setdefault(proposal, []).extend(others)
        return self.saved(teams, at=at)

    def saved(self, teams: dict[int, list[int]], *, at: datetime.datetime, after: int = 0) -> list[Assignment]:
        return Assignment.objects.bulk_create(
            Assignment(
                proposal=self.proposals[proposal],
                reviewer_id=person,
                position=after + place,
                assigned_by=self.officer,
                assigned_at=at,
            )
            for proposal, team in sorted(teams.items())
            for place, person in enumerate(team, start=1)
        )

    def replace(self, aside: list[Assignment], given: list[Assignment]) -> list[Assignment]:
        """Another reviewer for each proposal whose reviewer is in conflict."""
        there = defaultdict(set)
        for each in given:
            there[each.proposal_id].add(each.reviewer_id)
        needs = [Need(a.proposal_id, a.proposal.field_id, 1, frozenset(there[a.proposal_id])) for a in aside]
        teams = propose(needs, self.panel.candidates).teams
        return self.saved(teams, at=self.at(REVIEWED_FROM), after=self.call.reviews_wanted)

    # --- how far -----------------------------------------------------------------------------------------------

    def states(self, given: list[Assignment]) -> dict[int, str]:
        """How far each assignment is: "", declared clear, a draft, submitted, or in conflict (stands)."""
        mine = iter(GUESTS)
        others = [each for each in given if each.reviewer_id != self.panel.guest.person]
        stands = {each.pk for each in self.random.sample(others, IN_CONFLICT)}
        states = {}
        for each in given:
            if each.reviewer_id == self.panel.guest.person:
                state = next(mine, "submitted")
                states[each.pk] = "submitted" if self.is_over and state != "stands" else state
            else:
                states[each.pk] = "stands" if each.pk in stands else self.state()
        return states

    def state(self) -> str:
        if self.is_over:
            return "submitted"
        names = ("submitted", "draft", "clear")
        drawn = self.random.random()
        return next((name for name, bound in zip(names, HALF, strict=True) if drawn < bound), "")

    def declare(self, given: list[Assignment], states: dict[int, str]) -> None:
        """What each reviewer declared; who will be in conflict has declared none yet, because reviews come between."""
        Conflict.objects.bulk_create(
            Conflict(
                proposal_id=each.proposal_id,
                person_id=each.reviewer_id,
                finding=Finding.CLEAR,
                recorded_by_id=each.reviewer_id,
                recorded_at=self.at(ASSIGNED_AFTER + 2),
            )
            for each in given
            if states[each.pk]
        )

    def stand(self, aside: list[Assignment]) -> None:
        """Turn the declarations of these into conflicts of interest; what they wrote is set aside."""
        for each, interest in zip(aside, itertools.cycle(rows("interests")), strict=False):
            declared = Conflict.objects.filter(proposal=each.proposal_id, person=each.reviewer_id)
            declared.update(finding=Finding.STANDS, recorded_at=self.at(REVIEWED_FROM), **interest)

    def decline(self, given: list[Assignment], states: dict[int, str]) -> None:
        """A few give their assignment back with a reason."""
        untouched = [each for each in given if states[each.pk] == "" and each.reviewer_id != self.panel.guest.person]
        for each, reason in zip(untouched[:DECLINED], texts("decline_reasons"), strict=False):
            values: dict[str, Any] = {"declined_at": self.at(REVIEWED_FROM), "decline_reason": reason}
            Assignment.objects.filter(pk=each.pk).update(**values)

    # --- what was written --------------------------------------------------------------------------------------

    def review(self, given: list[Assignment], states: dict[int, str]) -> None:
        """Write the reviews as drafts with their scores, then submit those that are."""
        reviews, scores, submitted = [], [], []
        for each in given:
            if states[each.pk] not in {"draft", "submitted"}:
                continue
            written, judged = self.written(each, complete=states[each.pk] == "submitted")
            reviews.append(written)
            scores += judged
            if states[each.pk] == "submitted":
                submitted.append(written)
        Review.objects.bulk_create(reviews)
        Score.objects.bulk_create(scores)
        for written in submitted:
            written.state, written.submitted_at = State.SUBMITTED, written.saved_at
        Review.objects.bulk_update(submitted, ["state", "submitted_at"])

    def written(self, assignment: Assignment, *, complete: bool) -> tuple[Review, list[Score]]:
        quality = self.quality.setdefault(assignment.proposal_id, self.random.gauss(3.3, 0.75))
        values = [max(1, min(5, round(quality + self.random.gauss(0, 0.6)))) for _criterion in self.criteria]
        mean = fmean(values, [criterion.weight for criterion in self.criteria])
        panel, applicant = self.comment("panel", mean), self.comment("applicant", mean)
        review = Review(
            assignment=assignment,
            comment_to_panel=panel,
            comment_to_applicant=applicant if complete else "",
            saved_at=self.at(self.random.randrange(REVIEWED_FROM, LASTED)),
        )
        judged = self.criteria if complete else self.criteria[:2]
        if complete:
            self.means[assignment.proposal_id].append(mean)
        return review, [Score(review=review, criterion=c, value=v) for c, v in zip(judged, values, strict=False)]

    def comment(self, to: str, mean: float) -> str:
        band = "high" if mean >= HIGH else "middle" if mean >= MIDDLE else "low"
        fitting = [row["text"] for row in rows("comments") if (row["to"], row["band"]) == (to, band)]
        return self.random.choice(fitting)

    # --- what is decided ---------------------------------------------------------------------------------------

    def slice_pot(self) -> None:
        """What the call may spend by fiscal year: the pot in the proportions of what is requested."""
        asked = AnnualCost.objects.filter(proposal__in=self.proposals).order_by("fiscal_year").values("fiscal_year")
        years = list(asked.annotate(yen=Sum("direct_yen") + Sum("indirect_yen")))
        total, pot_yen = sum(year["yen"] for year in years), self.call.pot_yen or 0
        for year in years:
            limit = pot_yen * year["yen"] // total // SLICE_STEP_YEN * SLICE_STEP_YEN
            PotSlice.objects.create(call=self.call, fiscal_year=year["fiscal_year"], limit_yen=limit)

    def fitting(self, ranked: list[int], number: int, left: dict[int, int]) -> list[int]:
        """The first so many that what is left of each fiscal year (yen) has room for; it is less afterwards."""
        found: list[int] = []
        asked: dict[int, dict[int, int]] = defaultdict(dict)
        for cost in AnnualCost.objects.filter(proposal__in=ranked):
            asked[cost.proposal_id][cost.fiscal_year] = cost.total_yen
        for pk in ranked:
            if len(found) < number and all(yen <= left[year] for year, yen in asked[pk].items()):
                found.append(pk)
                left.update({year: left[year] - yen for year, yen in asked[pk].items()})
        return found

    def mark(self) -> None:
        """What the officer marked and submitted for release, in the fields that the reviewer signing in does not lead.

        The best are awarded. The next one waits, since it does not fit, and the next of its field is awarded instead:
        the manager finds a difference to the ranking and its reason.
        """
        led = set(self.call.call_fields.filter(lead_reviewer=self.panel.guest.person).values_list("field", flat=True))
        ranked = sorted(self.means, key=lambda pk: (-fmean(self.means[pk]), self.proposals[pk].number))
        open_to = [pk for pk in ranked if self.proposals[pk].field_id not in led]
        left = dict(self.call.slices.values_list("fiscal_year", "limit_yen"))
        best = self.fitting(open_to, BEST, left)
        waits = next(pk for pk in open_to if pk not in best)
        field = self.proposals[waits].field_id
        of_field = [pk for pk in open_to if self.proposals[pk].field_id == field and pk not in {*best, waits}]
        instead = self.fitting(of_field, 1, left)
        declined = [pk for pk in open_to[-DECLINED_MARKS:] if pk not in instead]
        marked = [("award", best), ("instead", instead), ("reserve", [waits]), ("decline", declined)]
        reasons = {row["kind"]: (row["decision"], row["text"]) for row in rows("mark_reasons")}
        wishes = [Wish(self.proposals[pk].number, *reasons[kind]) for kind, pks in marked for pk in pks]
        stage(self.call, wishes, by=self.officer, at=self.at(LASTED + 20))
        submit(self.call, by=self.officer, at=self.at(LASTED + 21))


def judge(call: Call, *, on: datetime.date) -> None:
    """Judge a call as far as its stage says: half reviewed while in review, ready to be marked while deciding."""
    criteria = default_criteria(call)
    if call.progress not in {Call.Progress.IN_REVIEW, Call.Progress.DECIDING}:
        return
    name_leads(call)
    judging = Judging(
        call=call,
        on=on,
        criteria=criteria,
        random=Random(f"{SEED} judging {call.code}"),  # noqa: S311 - a demonstration, not a secret
        panel=panel(),
        officer=User.objects.get(username="officer"),
        proposals={proposal.pk: proposal for proposal in Proposal.objects.filter(call=call).counted()},
    )
    review(judging)
    if judging.is_over:
        decide(judging)


def review(judging: Judging) -> None:
    """Assign, declare and write: in the stage that allows it, whatever stage the call stands in afterwards."""
    call, given = judging.call, judging.assign()
    states = judging.states(given)
    aside = [each for each in given if states[each.pk] == "stands"]
    if judging.is_over:
        more = judging.replace(aside, given)
        given, states = given + more, states | {each.pk: "submitted" for each in more}
    judging.declare(given, states)
    written = states | {each.pk: "submitted" for each in aside[::2]}  # declared only after it was written
    Call.objects.filter(pk=call.pk).update(progress=Call.Progress.IN_REVIEW, reviews_due_on=due_on(judging))
    judging.review(given, written)
    judging.decline(given, states)
    judging.stand(aside)


def due_on(judging: Judging) -> datetime.date:
    return judging.at(LASTED).date() if judging.is_over else judging.on + datetime.timedelta(days=DUE_IN)


def decide(judging: Judging) -> None:
    Call.objects.filter(pk=judging.call.pk).update(progress=Call.Progress.DECIDING)
    judging.slice_pot()
    judging.mark()
