"""What a person typed on the award page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aspire.choices import offer
from aspire.records import RefusingForm
from calls.models import Call
from proposals.awards.comparison import BEST, MARKED, NUMBERS, Pick
from proposals.awards.decisions import Amounts, Wish, reason_of
from proposals.awards.desk import ANY_MARK, STAGED, UNMARKED, AwardPage, Case, RankedRow, version_of
from proposals.awards.ranking import Standing, top
from proposals.record.status import Decision, PacketState

TAKE_BACK = "take_back"
PICK = re.compile(r"([^\s:]+):(\d{1,18})")
LONGEST_REASON = 1000


class RankingFilter(forms.Form):
    """Which rows of the ranking are shown."""

    field = forms.ChoiceField(label=_("Field"), required=False)
    decision = forms.ChoiceField(
        label=_("Mark"),
        required=False,
        choices=[("", _("all")), (ANY_MARK, _("any mark")), (UNMARKED, _("not marked yet")), *Decision.choices],
    )
    release = forms.ChoiceField(
        label=_("Result"),
        required=False,
        choices=[("", _("all")), (PacketState.RELEASED, _("released")), (STAGED, _("not released yet"))],
    )

    def __init__(self, data: QueryDict | None, *, desk: AwardPage) -> None:
        super().__init__(data, prefix=None)
        offer(self, "field", [("", _("all")), *desk.fields])
        self.is_valid()
        self.asked = {name: self.cleaned_data.get(name) or "" for name in ("field", "decision", "release")}


def reason_field() -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label=_("Reason"), required=False, max_length=LONGEST_REASON, widget=widget)


class MarkForm(forms.Form):
    """The mark of one proposal: a decision, its reason, and what an award gives by fiscal year."""

    decision = forms.ChoiceField(
        label=_("Mark"), required=False, choices=[*Decision.choices, ("", _("not marked"))], widget=forms.RadioSelect
    )
    reason = reason_field()
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, data: QueryDict | None, *, case: Case) -> None:
        mark = case.row.mark
        initial: dict[str, Any] = {"version": version_of(mark)}
        initial |= {"decision": mark.decision, "reason": mark.reason} if mark else {}
        super().__init__(data, initial=initial, prefix=case.proposal.number)
        self.case = case
        for year, requested, staged in case.lines():
            given = staged if case.row.award else requested
            for kind, yen in zip(("direct", "indirect"), given, strict=True):
                self.fields[f"{year}-{kind}_yen"] = forms.IntegerField(
                    min_value=0, initial=yen or 0, required=False, widget=forms.NumberInput(attrs={"step": 1})
                )

    @property
    def years(self) -> Iterator[dict[str, Any]]:
        """The rows of the table of amounts: fiscal year, what was requested, and the two boxes."""
        for year, requested, _staged in self.case.lines():
            boxes = {kind: self[f"{year}-{kind}_yen"] for kind in ("direct", "indirect")}
            yield {"year": year, "requested": requested, **boxes}

    @property
    def wish(self) -> Wish:
        cleaned, amounts = self.cleaned_data, None
        if cleaned["decision"] == Decision.AWARD:
            amounts = self._amounts()
        return Wish(self.case.proposal.number, cleaned["decision"], cleaned["reason"], amounts, cleaned["version"])

    def _amounts(self) -> Amounts:
        typed = self.cleaned_data
        return {
            year: (typed[f"{year}-direct_yen"] or 0, typed[f"{year}-indirect_yen"] or 0) for year in self.case.years
        }


@dataclass(frozen=True)
class Outcome:
    """What a batch would make of one line: the reason that stands then, and the yen, None where nothing is given."""

    row: RankedRow
    reason: str
    awarded_yen: int | None

    @property
    def reason_now(self) -> str:
        return self.row.mark.reason if self.row.mark else ""

    @property
    def awarded_now_yen(self) -> int | None:
        return self.row.award.awarded_yen if self.row.award else None


BATCHED = [*Decision.choices, (TAKE_BACK, _("take the mark back"))]


class BatchForm(forms.Form):
    """One decision for many: a selection, each with the version that was seen, or the best so many."""

    decision = forms.ChoiceField(label=_("Mark"), choices=BATCHED)
    reason = reason_field()
    top = forms.IntegerField(label=_("The best"), required=False, min_value=1, max_value=10_000)
    field = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, desk: AwardPage, field: str = "") -> None:
        super().__init__(data or None, initial={"field": field}, auto_id="batch_%s")
        self.desk, self.picked = desk, [*data.getlist("pick")] if data else []

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.errors and not self.wishes:
            raise forms.ValidationError(gettext("Choose at least one proposal, or say how many of the best."))
        return cleaned

    @property
    def wishes(self) -> list[Wish]:
        """One wish for each proposal, with the version of its mark that was seen."""
        decision = self.cleaned_data["decision"].removeprefix(TAKE_BACK)
        reason = (self.cleaned_data.get("reason") or None) if decision else ""
        return [Wish(number, decision, reason, None, version) for number, version in self._seen()]

    @property
    def decision_label(self) -> str:
        return str(dict(BATCHED)[self.cleaned_data["decision"]])

    @property
    def outcomes(self) -> list[Outcome]:
        """The lines of what is wished for, as far as the person sees them, as they would be."""
        wishes = {wish.number: wish for wish in self.wishes}
        rows = self.desk.rows(standing for standing in self.desk.standings if standing.number in wishes)
        return [self._outcome(row, wishes[row.proposal.number]) for row in rows]

    @staticmethod
    def _outcome(row: RankedRow, wish: Wish) -> Outcome:
        given = row.award.awarded_yen if row.award else row.proposal.requested_yen
        return Outcome(row, reason_of(wish, row.mark), given if wish.decision == Decision.AWARD else None)

    @property
    def shared(self) -> int:
        """How many more than asked for, since they share the last rank."""
        best = self.cleaned_data.get("top")
        return max(len(self.wishes) - best, 0) if best else 0

    @property
    def left_out(self) -> int:
        """How many rank among the best, but are submitted or released already."""
        field, best = self.cleaned_data.get("field", ""), self.cleaned_data.get("top")
        chosen = self._top(best) if best else []
        among = top(self.desk.readable(), len(self.desk.standings), field=field) if chosen else []
        last = max((s.place(field=field) or 0 for s in chosen), default=0)
        return sum(not s.is_markable and (s.place(field=field) or 0) <= last for s in among)

    def _seen(self) -> list[tuple[str, int]]:
        best = self.cleaned_data.get("top")
        if best:
            return [(s.number, s.version) for s in self._top(best)]
        return [(found[1], int(found[2])) for pick in self.picked if (found := PICK.fullmatch(pick))]

    def _top(self, best: int) -> list[Standing]:
        """The best of what can still be marked."""
        free = [standing for standing in self.desk.readable() if standing.is_markable]
        return top(free, best, field=self.cleaned_data.get("field", ""))


class WhatIfForm(forms.Form):
    """Two sets to lay side by side; an empty address compares what is marked with the best that the call may award."""

    KINDS = [(MARKED, _("as marked now")), (BEST, _("the best")), (NUMBERS, _("these proposals"))]
    PARTS = ("kind", "top", "field", "numbers")

    def __init__(self, data: QueryDict | None, *, desk: AwardPage) -> None:
        super().__init__({**self._usual(desk), **data.dict()} if data else self._usual(desk))
        self.desk = desk
        fields = [("", _("all fields")), *desk.fields]
        for side in ("a", "b"):
            self.fields[f"{side}_kind"] = forms.ChoiceField(label=_("Set"), choices=self.KINDS)
            self.fields[f"{side}_top"] = forms.IntegerField(
                label=_("How many"), required=False, min_value=1, max_value=10_000
            )
            self.fields[f"{side}_field"] = forms.ChoiceField(label=_("Of field"), required=False, choices=fields)
            self.fields[f"{side}_numbers"] = forms.CharField(
                label=_("Numbers"), required=False, widget=forms.Textarea(attrs={"rows": 2})
            )

    @staticmethod
    def _usual(desk: AwardPage) -> dict[str, Any]:
        return {"a_kind": MARKED, "b_kind": BEST, "b_top": desk.call.max_awards or 10}

    @property
    def sides(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The boxes of each set."""
        return [
            (side.upper(), [self[f"{side}_{name}"] for name in ("kind", "top", "field", "numbers")]) for side in "ab"
        ]

    @property
    def picks(self) -> tuple[Pick, Pick]:
        return self._pick("a"), self._pick("b")

    @property
    def shared(self) -> list[tuple[str, int]]:
        """Each set that has more than asked for, since they share the last rank, with how many more."""
        found = []
        for letter, pick in zip("AB", self.picks, strict=True):
            more = len(pick.of(self.desk.readable())) - pick.best
            if pick.kind == BEST and more > 0:
                found.append((letter, more))
        return found

    @property
    def unknown(self) -> list[str]:
        """Numbers that were asked for and are nothing the person reads in this call."""
        asked = {number for pick in self.picks if pick.kind == NUMBERS for number in pick.numbers}
        return sorted(asked - {standing.number for standing in self.desk.readable()})

    def _pick(self, side: str) -> Pick:
        kind, best, field, numbers = (
            self.cleaned_data[f"{side}_{name}"] for name in ("kind", "top", "field", "numbers")
        )
        return Pick(kind, best or 0, field, frozenset(re.findall(r"[^\s,;\u3001\uff0c]+", numbers)))


class EmbargoForm(RefusingForm):
    """Until when only managers see the released results of a call; empty where everybody does."""

    class Meta:
        model = Call
        fields = ["embargo_until"]
        widgets: ClassVar = {"embargo_until": forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")}


class CommentForm(forms.Form):
    """A word to a packet."""

    comment = forms.CharField(label=_("Comment"), required=False, max_length=2000, widget=forms.Textarea)

    def __init__(self, data: QueryDict | None = None, *, is_required: bool = False) -> None:
        super().__init__(data)
        self.fields["comment"].required = is_required
        self.fields["comment"].widget.attrs["rows"] = 3
