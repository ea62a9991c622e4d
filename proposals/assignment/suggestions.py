"""Likely conflicts of interest, for an officer to decide: the same person, the same institution, shared partners."""

import csv
import functools
import operator
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet, TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aspire.kana import search_key
from calls.models import Call
from partners.models import Institution
from proposals.record.models import Conflict, Counterpart, Proposal, Reviewer
from proposals.record.querysets import ProposalQuerySet

DATA = Path(__file__).parent / "data"
REMEMBERED = 2**16  # names whose keys a process remembers: those of a great call


class Why(TextChoices):
    """By what a likely conflict was found."""

    NUMBER = "number", _("same e-Rad number")
    EMAIL = "email", _("same e-mail address")
    NAME = "name", _("same name")
    READING = "reading", _("same reading of the name")
    PLACE = "place", _("same institution")
    PARTNER = "partner", _("has proposed together with")


# A number or an address is one person's; a name or a partner is so in most cases, the rest is a hint.
SURENESS = {
    Why.NUMBER: _("certain"),
    Why.EMAIL: _("certain"),
    Why.NAME: _("likely"),
    Why.PARTNER: _("likely"),
    Why.READING: _("possible"),
    Why.PLACE: _("possible"),
}


@dataclass(frozen=True)
class Suggestion:
    """A likely conflict: whose, with which proposal, of what kind, and what makes it likely.

    ``shown``: what was found in the proposal, as it is written there.
    """

    proposal: Proposal
    person: User
    kind: str
    why: Why
    shown: str

    @property
    def evidence(self) -> str:
        """What makes it likely, in words."""
        return gettext("%(why)s: %(what)s") % {"why": self.why.label, "what": self.shown}

    @property
    def label(self) -> str:
        """What kind of conflict is likely, in words: an institution in common is not yet a laboratory in common."""
        if self.why == Why.PLACE:
            return gettext("whether it is the same laboratory is to be looked into")
        return str(Conflict.Kind(self.kind).label)

    @property
    def sureness(self) -> str:
        """How sure it is that there is a conflict at all."""
        return str(SURENESS[self.why])


@functools.lru_cache(REMEMBERED)
def key(text: str) -> str:
    """A name without spaces, in any width, case or script of kana."""
    return search_key(text).replace(" ", "")


@functools.lru_cache(REMEMBERED)
def person_key(name: str) -> str:
    """A person's name; a Western one is the same whichever of its names comes first."""
    plain = unicodedata.normalize("NFKC", name).replace(",", " ").replace(".", " ")
    return " ".join(sorted(map(key, plain.split()))) if plain.isascii() else key(name)


def _names(file: str) -> tuple[str, ...]:
    """The names of a data file, the longest first."""
    with (DATA / file).open(encoding="utf-8", newline="") as lines:
        return tuple(sorted((key(row["name"]) for row in csv.DictReader(lines)), key=len, reverse=True))


@functools.cache
def legal_forms() -> tuple[str, ...]:
    """Words that say what kind of body an institution is, and nothing of which."""
    return _names("legal_forms.csv")


@functools.cache
def goes_on() -> tuple[str, ...]:
    """What follows where a university's name is only the beginning of another's."""
    return _names("goes_on.csv")


def without_form(name: str) -> str:
    """The key of a name less a legal form before or after it."""
    for form in legal_forms():
        if name != form:
            name = name.removeprefix(form).removesuffix(form)
    return name


class Institutions:
    """Which names mean the same institution.

    A Japanese name begins with the institution's, after its legal form, and goes on with faculties; an English one has
    the institution's between commas. What no known institution is found in stands for itself: its first word in
    Japanese, the whole of it in English.
    """

    def __init__(self) -> None:
        """Read every known institution once."""
        self.known: dict[str, object] = {}
        for institution in Institution.objects.all():
            self.known |= {without_form(key(name)): institution.pk for name in institution.names_written}
        self.known.pop("", None)
        self.lengths = sorted({len(name) for name in self.known if not name.isascii()}, reverse=True)
        self.of = functools.cache(self._of)

    def _of(self, text: str) -> frozenset[object]:
        """What an institution's name stands for; empty for an empty name."""
        plain = unicodedata.normalize("NFKC", text)
        parts = [without_form(part) for part in map(key, plain.replace("\u3001", ",").split(",")) if part]
        found = {self.known[part] for part in parts if part in self.known}
        found |= {self.known[start] for part in parts for start in self._start(part)}
        if found or not any(parts):
            return frozenset(found)
        if plain.isascii():  # English names begin with words that many share
            return frozenset({key(plain)})
        words = [word for word in (without_form(key(word)) for word in plain.split()) if word not in legal_forms()]
        return frozenset({without_form(key(plain)), *words[:1]} - {""})

    def _start(self, name: str) -> Iterator[str]:
        """The longest known name that a Japanese one begins with."""
        starts = (name[:length] for length in self.lengths if length < len(name))
        yield from islice((start for start in starts if self._ends(start, name)), 1)

    def _ends(self, start: str, name: str) -> bool:
        """Whether a known name ends where a word may: the name is not that of another, longer university."""
        return start in self.known and not name[len(start) :].startswith(goes_on())


def suggestions(*calls: Call, reader: User | None = None) -> list[Suggestion]:
    """Every likely conflict of the calls' counted proposals that no officer has decided; the number of queries is
    constant. What is hidden from the ``reader`` neither is one nor makes one likely."""
    decided = set(
        Conflict.objects.filter(proposal__call__in=calls)
        .exclude(finding=Conflict.Finding.CLEAR)
        .values_list("proposal", "person")
    )
    institutions = Institutions()
    people = list(Reviewer.objects.select_related("user").filter(user__is_active=True))
    proposals = Proposal.objects.filter(call__in=calls).seen_by(reader).counted().order_by("number")
    partners = partners_of(people, Proposal.objects.seen_by(reader))
    index = _index(proposals, institutions)
    found = []
    for reviewer in people:
        seen: set[int] = set()
        for proposal, kind, why, shown in _likely(reviewer, index, institutions, partners[reviewer.pk]):
            if (proposal.pk, reviewer.user_id) not in decided and proposal.pk not in seen:
                seen.add(proposal.pk)
                found.append(Suggestion(proposal, reviewer.user, kind, why, shown))
    return sorted(found, key=lambda suggestion: (suggestion.proposal.number, suggestion.person.pk))


Mark = tuple[str, object]
Index = dict[Mark, list[tuple[Proposal, str]]]
# What a suggestion shows of a proposal, and by what its leader is known.
SHOWN = ("call", "number", "title_ja", "title_en", "institution")
NAMES = ("principal_investigator", "principal_investigator_reading", "principal_investigator_en")
KNOWN_BY = (*NAMES, "researcher_number", "email")
STRONGEST = [Why.NUMBER, Why.EMAIL, Why.NAME, Why.READING]


class Abroad(NamedTuple):
    """Who works with a proposal abroad."""

    person: str
    email: str
    institution: str


def _index(proposals: ProposalQuerySet, institutions: Institutions) -> Index:
    """Where each name, number, address and institution occurs."""
    index: Index = defaultdict(list)
    abroad = _abroad(proposals.order_by())
    for proposal in proposals.only(*SHOWN, *KNOWN_BY):
        partners = abroad[proposal.pk]
        places = _places([proposal.institution, *(each.institution for each in partners)], institutions)
        for mark, shown in chain(_lead(proposal), _partners(partners), places):
            index[mark].append((proposal, shown))
    return index


def _abroad(proposals: QuerySet[Proposal] | Sequence[Proposal]) -> dict[int, list[Abroad]]:
    """The partners of each proposal."""
    found: dict[int, list[Abroad]] = defaultdict(list)
    rows = Counterpart.objects.filter(proposal__in=proposals).order_by("pk")
    for proposal, *known in rows.values_list("proposal", *Abroad._fields):
        found[proposal].append(Abroad(*known))
    return found


def _marks(*, names: Iterable[str] = (), reading: str = "", number: str = "", email: str = "") -> Iterator[Mark]:
    """By what a person is known, whoever it is."""
    yield from ((Why.NAME, person_key(name)) for name in names if person_key(name))
    if key(reading):
        yield Why.READING, key(reading)
    if number:
        yield Why.NUMBER, number
    if email:
        yield Why.EMAIL, email.lower()


def _marks_of(reviewer: Reviewer) -> list[Mark]:
    """The reviewer's own, the strongest first."""
    found = _marks(
        names=(reviewer.name_ja, reviewer.name_en),
        reading=reviewer.reading,
        number=reviewer.researcher_number,
        email=reviewer.user.email,
    )
    return sorted(found, key=lambda mark: STRONGEST.index(Why(mark[0])))


def _lead(proposal: Proposal) -> Iterator[tuple[Mark, str]]:
    """Who leads the proposal."""
    marks = _marks(
        names=[proposal.principal_investigator, proposal.principal_investigator_en],
        reading=proposal.principal_investigator_reading,
        number=proposal.researcher_number,
        email=proposal.email,
    )
    yield from ((mark, proposal.principal_investigator) for mark in marks)


def _partners(partners: Iterable[Abroad]) -> Iterator[tuple[Mark, str]]:
    """Who works with the proposal abroad: perhaps the reviewer, or somebody the reviewer has proposed with."""
    for partner in partners:
        for mark in _marks(names=[partner.person], email=partner.email):
            yield mark, partner.person
            yield (Why.PARTNER, mark), partner.person


def _places(names: Iterable[str], institutions: Institutions) -> Iterator[tuple[Mark, str]]:
    for name in names:
        for mark in institutions.of(name):
            yield (Why.PLACE, mark), name


def _likely(
    reviewer: Reviewer, index: Index, institutions: Institutions, partners: set[Mark]
) -> Iterator[tuple[Proposal, str, Why, str]]:
    """The proposals that speak of the reviewer, the strongest evidence first, with the kind of conflict it would be."""
    places: list[Mark] = [(Why.PLACE, place) for place in institutions.of(reviewer.institution)]
    shared: list[Mark] = [(Why.PARTNER, mark) for mark in sorted(partners, key=str)]
    kinds = chain(
        ((mark, Conflict.Kind.OTHER) for mark in _marks_of(reviewer)),
        ((mark, Conflict.Kind.SAME_INSTITUTION) for mark in places),
        ((mark, Conflict.Kind.JOINT_WORK) for mark in shared),
    )
    for mark, kind in kinds:
        for proposal, shown in index.get(mark, ()):
            yield proposal, kind, Why(mark[0]), shown


def partners_of(people: Iterable[Reviewer], proposals: ProposalQuerySet) -> dict[int, set[Mark]]:
    """With whom each reviewer has proposed: the partners of the proposals that they lead, in any call, be it by
    number, address, name or reading."""
    owners: dict[Mark, set[int]] = defaultdict(set)
    for reviewer in people:
        for mark in _marks_of(reviewer):
            owners[mark].add(reviewer.pk)
    found: dict[int, set[Mark]] = defaultdict(set)
    # Read first: how many there are, PostgreSQL cannot guess from four alternatives.
    led = list(_perhaps_led_by(people, proposals).only(*KNOWN_BY))
    abroad = _abroad(led)
    for proposal in led:
        marks = {mark for each in abroad[proposal.pk] for mark in _marks(names=[each.person], email=each.email)}
        for owner in {owner for mark, _name in _lead(proposal) for owner in owners.get(mark, ())}:
            found[owner] |= marks
    return found


def _perhaps_led_by(people: Iterable[Reviewer], proposals: ProposalQuerySet) -> ProposalQuerySet:
    """The proposals whose leader has a number, address, name or reading of one of the people, as usually spelled."""
    numbers: set[str] = set()
    emails: set[str] = set()
    names: set[str] = set()
    for reviewer in people:
        numbers.add(reviewer.researcher_number)
        emails |= {reviewer.user.email, reviewer.user.email.lower()}
        for name in (reviewer.name_ja, reviewer.name_en, reviewer.reading):
            names |= {" ".join(words) for words in (name.split(), name.split()[::-1])}
            names |= {gap.join(name.split()) for gap in ("", "\u3000")}
    asked = {"researcher_number": numbers, "email": emails, **dict.fromkeys(NAMES, names)}
    any_of = (Q((f"{column}__in", values - {""})) for column, values in asked.items())
    return proposals.order_by().filter(functools.reduce(operator.or_, any_of))
