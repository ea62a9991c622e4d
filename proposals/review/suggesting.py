"""Likely conflicts of interest, for an officer to decide: the same person, the same institution, shared partners."""

import csv
import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from django.contrib.auth.models import User

from aspire.kana import search_key
from calls.models import Call
from partners.models import Institution
from proposals.models import Conflict, Proposal, Reviewer

FILE = Path(__file__).parent / "data" / "legal_forms.csv"


@dataclass(frozen=True)
class Suggestion:
    """A likely conflict: whose, with which proposal, of what kind, and what makes it likely."""

    proposal: Proposal
    person: User
    kind: str
    evidence: str

    @property
    def label(self) -> str:
        """What kind of conflict is likely, in words."""
        return str(Conflict.Kind(self.kind).label)


def key(text: str) -> str:
    """A name without spaces, in any width, case or script of kana."""
    return search_key(text).replace(" ", "")


@functools.cache
def legal_forms() -> frozenset[str]:
    """Words that say what kind of body an institution is, and nothing of which."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return frozenset(key(row["name"]) for row in csv.DictReader(file))


class Institutions:
    """Which names mean the same institution: one of its names or aliases, or the same first word after its form."""

    def __init__(self) -> None:
        """Read every known institution once."""
        self.known = {
            key(name): institution.pk for institution in Institution.objects.all() for name in institution.names
        }

    def of(self, text: str) -> frozenset[object]:
        """What an institution's name stands for; empty for an empty name."""
        words = [word for word in map(key, text.split()) if word and word not in legal_forms()]
        names = {key(text), *words[:1]} if words else set()
        if text.isascii():  # English names begin with words that many share
            names = {key(text)} - {""}
        return frozenset(self.known.get(name, name) for name in names)


def suggestions(*calls: Call) -> list[Suggestion]:
    """Every likely conflict of the calls' counted proposals that no officer has decided; the number of queries is
    constant."""
    decided = set(
        Conflict.objects.filter(proposal__call__in=calls)
        .exclude(finding=Conflict.Finding.CLEAR)
        .values_list("proposal", "person")
    )
    institutions = Institutions()
    people = list(Reviewer.objects.select_related("user").filter(user__is_active=True))
    proposals = list(
        Proposal.objects.filter(call__in=calls).counted().prefetch_related("counterparts").order_by("number")
    )
    partners = partners_of(people)
    index = _index(proposals, institutions)
    found = []
    for reviewer in people:
        seen: set[int] = set()
        for proposal, kind, evidence in _likely(reviewer, index, institutions, partners[reviewer.pk]):
            if (proposal.pk, reviewer.user_id) not in decided and proposal.pk not in seen:
                seen.add(proposal.pk)
                found.append(Suggestion(proposal, reviewer.user, kind, evidence))
    return sorted(found, key=lambda suggestion: (suggestion.proposal.number, suggestion.person.pk))


Index = dict[tuple[str, object], list[tuple[Proposal, str]]]


def _index(proposals: Iterable[Proposal], institutions: Institutions) -> Index:
    """Where each name, number, address and institution occurs."""
    index: Index = defaultdict(list)
    for proposal in proposals:
        for mark, shown in chain(_people(proposal), _places(proposal, institutions)):
            index[mark].append((proposal, shown))
    return index


def _people(proposal: Proposal) -> Iterator[tuple[tuple[str, object], str]]:
    for name in (proposal.principal_investigator, proposal.principal_investigator_reading):
        if name:
            yield ("name", key(name)), name
    if proposal.researcher_number:
        yield ("number", proposal.researcher_number), proposal.principal_investigator
    if proposal.email:
        yield ("email", proposal.email.lower()), proposal.principal_investigator
    for partner in proposal.counterparts.all():
        yield ("name", key(partner.person)), partner.person
        yield ("partner", key(partner.person)), partner.person
        if partner.email:
            yield ("email", partner.email.lower()), partner.person


def _places(proposal: Proposal, institutions: Institutions) -> Iterator[tuple[tuple[str, object], str]]:
    for name in (proposal.institution, *(partner.institution for partner in proposal.counterparts.all())):
        for mark in institutions.of(name):
            yield ("place", mark), name


def _likely(
    reviewer: Reviewer, index: Index, institutions: Institutions, partners: set[str]
) -> Iterator[tuple[Proposal, str, str]]:
    """The proposals that speak of the reviewer, the strongest evidence first."""
    itself: list[tuple[str, object]] = [
        ("name", key(name)) for name in (reviewer.name_ja, reviewer.name_en, reviewer.reading) if name
    ]
    itself += [("number", reviewer.researcher_number)] if reviewer.researcher_number else []
    itself += [("email", reviewer.user.email.lower())] if reviewer.user.email else []
    for mark in itself:
        yield from ((proposal, Conflict.Kind.OTHER, shown) for proposal, shown in index.get(mark, ()))
    for place in institutions.of(reviewer.institution):
        found = index.get(("place", place), ())
        yield from ((proposal, Conflict.Kind.SAME_INSTITUTION, shown) for proposal, shown in found)
    for partner in sorted(partners):
        found = index.get(("partner", partner), ())
        yield from ((proposal, Conflict.Kind.JOINT_WORK, shown) for proposal, shown in found)


def partners_of(people: Iterable[Reviewer]) -> dict[int, set[str]]:
    """With whom each reviewer has proposed: the partners of the proposals that they lead, in any call."""
    by_number = {reviewer.researcher_number: reviewer.pk for reviewer in people if reviewer.researcher_number}
    found: dict[int, set[str]] = defaultdict(set)
    led = Proposal.objects.filter(researcher_number__in=by_number).prefetch_related("counterparts")
    for proposal in led:
        for partner in proposal.counterparts.all():
            found[by_number[proposal.researcher_number]].add(key(partner.person))
    return found
