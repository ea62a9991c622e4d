"""How the briefing becomes rows: partners, programmes, calls, terms, published figures, reconstructed proposals.

Source of every figure: ``published_figures.csv`` and ``briefing.json``, carried in this folder with the labels as
printed. What is already there is left as people have changed it.
"""

import csv
import datetime
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, repeat
from pathlib import Path
from typing import Any, cast

from django.db import transaction

from aspire.refusals import TOKYO
from aspire.untyped import Held
from calls.models import Call, CallField, Field, Programme, PublishedFigure, Terms
from partners.models import Country, Dialogue, Funder, Initiative
from proposals.briefings.decisions import printed
from proposals.record.models import Award, Proposal
from proposals.record.status import Status

FOLDER = Path(__file__).parent / "briefing"
TRIAL = "R4-TRIAL"
Figures = list[dict[str, str]]


def read_csv(name: str) -> Figures:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@transaction.atomic
def load() -> None:
    """Load the whole briefing, or nothing. Loading it again changes nothing."""
    briefing = json.loads((FOLDER / "briefing.json").read_text(encoding="utf-8"))
    load_partners(briefing)
    load_calls(briefing)
    figures = read_csv("published_figures.csv")
    load_published_figures(figures, sources={name: briefing[name] for name in ("source", "source_en")})
    load_reconstructed_proposals(figures)
    freeze_what_was_said(briefing)


def freeze_what_was_said(briefing: dict[str, Any]) -> None:
    """The briefing of 27 April 2023 is the first that is kept: its printed figures beside the reconstructed rows."""
    held_at = datetime.datetime(2023, 4, 27, tzinfo=TOKYO)
    printed(Call.objects.get(code=TRIAL), as_of=held_at, source=briefing["source"], **briefing["held"])


def load_partners(briefing: dict[str, Any]) -> None:
    """Countries, funders, dialogues and the partners' own initiatives."""
    rows = read_csv("partners.csv")
    countries: list[dict[str, str]] = [
        {"alpha2": row["country_alpha2"], "name_ja": row["country_ja"], "name_en": row["country_en"]}
        | {"reading": row["country_reading"]}
        for row in rows
    ]
    for country in countries + briefing["countries"]:
        defaults = country | {"also_ja": briefing["also_ja"].get(country["alpha2"], "")}
        Country.objects.get_or_create(alpha2=country["alpha2"], defaults=defaults)
    for row in rows:
        load_funder(row)
    for dialogue in briefing["dialogues"]:
        speaks_for = Country.objects.get(alpha2=dialogue["country"])
        funder = Funder.objects.get(code=dialogue["funder"]) if dialogue["funder"] else None
        values = dialogue | {"country": speaks_for, "funder": funder, "source": briefing["source"]}
        Dialogue.objects.get_or_create(country=speaks_for, person_ja=dialogue["person_ja"], defaults=values)
    for initiative in briefing["initiatives"]:
        values = initiative | {
            "country": Country.objects.get(alpha2=initiative["country"]),
            "launched_on": datetime.date.fromisoformat(initiative["launched_on"]),
            "source": briefing["source"],
        }
        Initiative.objects.get_or_create(acronym=initiative["acronym"], defaults=values)


def load_funder(row: dict[str, str]) -> None:
    """One funder row: an agency under its acronym, a category under its kind (``US-PRIVATE``)."""
    suffix = row["acronym"] or {"private": "PRIVATE", "public_institution": "PUBLIC"}[row["kind"]]
    columns = ("acronym", "label_as_printed", "name_en", "name_ja", "kind", "ror_id", "crossref_funder_id", "note")
    values: dict[str, Any] = {column: row[column] for column in columns}
    values["country"] = Country.objects.get(alpha2=row["country_alpha2"])
    Funder.objects.get_or_create(code=f"{row['country_alpha2']}-{suffix}", defaults=values)


def load_calls(briefing: dict[str, Any]) -> None:
    """Fields, programmes, and the two calls with their fields in printed order and their terms."""
    labels = {}
    for field in briefing["fields"]:
        labels[field["code"]] = field.pop("label_as_printed")
        Field.objects.get_or_create(code=field["code"], defaults=field)
    for programme in briefing["programmes"]:
        Programme.objects.get_or_create(code=programme["code"], defaults=programme)
    for call in briefing["calls"]:
        load_call(call, labels, sources={name: briefing[name] for name in ("source", "source_en")})


def load_call(values: dict[str, Any], labels: dict[str, str], *, sources: dict[str, str]) -> None:
    fields, terms = values.pop("fields"), values.pop("terms")
    for key in ("opens_at", "closes_at"):
        values[key] = values[key] and datetime.datetime.fromisoformat(values[key])
    values["programme"] = Programme.objects.get(code=values["programme"])
    call, is_new = Call.objects.get_or_create(code=values["code"], defaults=values)
    if not is_new:
        return
    for position, code in enumerate(fields, start=1):
        field = Field.objects.get(code=code)
        CallField.objects.create(call=call, field=field, position=position, label_as_printed=labels[code])
    stated = {name: f"{source}: {terms[name]}" for name, source in sources.items()}
    Terms.objects.create(call=call, **terms | stated)


def load_published_figures(figures: Figures, *, sources: dict[str, str]) -> None:
    """Every printed figure, with its label as printed and the row it speaks of."""
    for position, row in enumerate(figures, start=1):
        call = Call.objects.get(code=row["call"])
        values = published_values(call, row) | {"location": row["source"], "status": row["status"]}
        PublishedFigure.objects.get_or_create(call=call, position=position, defaults=values | sources)


def published_values(call: Call, row: dict[str, str]) -> dict[str, Any]:
    """The figure's measure, dimension and value; a total row names no country, funder or field."""
    dimension = "country_funder" if row["dimension2"] else row["dimension1"]
    label = row["label2_as_printed"] or row["label1_as_printed"]
    is_total = row["label1_as_printed"] in ("", TOTAL_LABEL)
    values: dict[str, Any] = {"measure": row["measure"], "dimension": dimension, "is_total": is_total}
    values |= {"label_as_printed": label, "value": int(row["value"])}
    if is_total:
        return values
    if dimension == "field":
        return values | {"field": call.call_fields.get(label_as_printed=label).field}
    country = Country.objects.get(name_ja=row["label1_as_printed"])
    funder = Funder.objects.get(country=country, label_as_printed=label) if dimension == "country_funder" else None
    return values | {"country": country, "funder": funder}


TOTAL_LABEL = next(row["label1_as_printed"] for row in read_csv("published_figures.csv") if "total" in row["source"])


def load_reconstructed_proposals(figures: Figures) -> None:
    """As many proposals as were published, so that every published margin is met.

    Which field belongs to which funder was not published: the pairing is arbitrary and never shown as a figure.
    """
    call = Call.objects.get(code=TRIAL)
    if call.proposals.filter(is_reconstructed=True).exists():
        return
    terms = call.terms.get()
    published = call.published_figures.filter(is_total=False)
    by_funder = published.filter(measure="proposals", dimension="country_funder").order_by("position")
    by_field = published.filter(measure="proposals", dimension="field").order_by("position")
    awards = dict(published.filter(measure="awards", dimension="field").values_list("field", "value"))
    funders = chain.from_iterable(repeat(figure.funder, figure.value or 0) for figure in by_funder)
    for sequence, (funder, (field, is_awarded)) in enumerate(zip(funders, outcomes(by_field, awards), strict=True), 1):
        proposal = Proposal.objects.create(
            call=call,
            terms=terms,
            number=f"{TRIAL}-R{sequence:02}",
            field=field,
            primary_funder=cast(Funder, funder),
            is_reconstructed=True,
            status=Status.AWARDED if is_awarded else Status.DECLINED,
        )
        if is_awarded:
            Award.objects.create(proposal=proposal)


def outcomes(by_field: Iterable[PublishedFigure], awards: Mapping[int, int | None]) -> Iterator[tuple[Held, bool]]:
    """For each published proposal of a field: the field, and whether it is one of those awarded there (the last)."""
    for figure in by_field:
        declined = (figure.value or 0) - (awards.get(figure.field_id or 0) or 0)
        for place in range(figure.value or 0):
            yield figure.field, place >= declined
