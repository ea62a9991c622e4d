"""What a spreadsheet row means: one row a proposal, one pair of cost columns a fiscal year."""

import datetime
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import tablib
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from import_export import fields, resources, widgets

from aspire.refusals import from_error
from aspire.spreadsheets import SheetRow, day, read_table, whole_yen
from aspire.wareki import fiscal_years
from calls.models import Call, Field
from partners.models import Funder
from proposals.models import AnnualCost, Proposal
from proposals.querysets import ProposalQuerySet

TEXT_COLUMNS = {
    "title_ja": "title_ja",
    "title_en": "title_en",
    "pi_name": "principal_investigator",
    "pi_reading": "principal_investigator_reading",
    "researcher_number": "researcher_number",
    "institution": "institution",
    "young_researcher_plan": "young_researcher_plan",
}
REQUIRED = ["number", "title_ja", "field", "funder", "starts_on", "ends_on"]
COST_COLUMN = re.compile(r"(direct|indirect)_yen_(\d{4})")


class DayWidget(widgets.Widget):  # type: ignore[misc]
    """A day, strictly."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> datetime.date | None:
        return day(str(value))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.isoformat() if value else ""


class CodeWidget(widgets.ForeignKeyWidget):  # type: ignore[misc]
    """A row named by its code; an unknown code is refused by name."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        try:
            return super().clean(value, row, **kwargs)
        except self.model.DoesNotExist as error:
            raise ValidationError(_("“%(value)s” is not a known code.") % {"value": value}) from error


class ProposalResource(resources.ModelResource):  # type: ignore[misc]
    """Proposals of one call. A known number updates, no number creates, an unknown number is refused."""

    field = fields.Field("field", "field", CodeWidget(Field, "code"))
    funder = fields.Field("primary_funder", "funder", CodeWidget(Funder, "code"))
    starts_on = fields.Field("starts_on", "starts_on", DayWidget())
    ends_on = fields.Field("ends_on", "ends_on", DayWidget())
    title_ja = fields.Field("title_ja", "title_ja")
    title_en = fields.Field("title_en", "title_en")
    pi_name = fields.Field("principal_investigator", "pi_name")
    pi_reading = fields.Field("principal_investigator_reading", "pi_reading")
    researcher_number = fields.Field("researcher_number", "researcher_number")
    institution = fields.Field("institution", "institution")
    young_researcher_plan = fields.Field("young_researcher_plan", "young_researcher_plan")

    class Meta:
        model = Proposal
        fields = [
            *("number", "title_ja", "title_en", "pi_name", "pi_reading", "researcher_number", "institution", "field"),
            *("funder", "starts_on", "ends_on", "young_researcher_plan"),
        ]
        import_id_fields = ["number"]
        use_transactions = True
        clean_model_instances = True

    def __init__(self, call: Call, received_at: datetime.datetime) -> None:
        super().__init__()
        self.call, self.received_at = call, received_at

    def get_or_init_instance(self, instance_loader: Any, row: Any) -> tuple[Proposal, bool]:
        proposals = Proposal.objects.select_related("call", "terms")
        if row["number"]:
            found = proposals.filter(call=self.call, number=row["number"]).first()
            if found is None:
                message = _("Call %(call)s has no proposal %(number)s. Leave the number empty to create one.")
                raise ValidationError(message % {"call": self.call.code, "number": row["number"]})
            return found, False
        terms = self.call.current_terms
        row["number"] = Proposal.objects.next_number(self.call.code)
        return Proposal(call=self.call, terms=terms, received_at=self.received_at), True

    def import_instance(self, instance: Proposal, row: Any, **kwargs: Any) -> None:
        """Only columns that the file has, with something in them, are written."""
        present = {name for name in row if row[name]}
        errors = {}
        for field in self.get_import_fields():
            if field.column_name in present:
                try:
                    self.import_field(field, instance, row, **kwargs)
                except ValidationError as error:
                    errors[field.attribute] = error
        instance.siblings_judged_by = self
        if errors:
            raise ValidationError(errors)

    def after_save_instance(self, instance: Proposal, row: Any, **kwargs: Any) -> None:
        """The costs of the row, each judged with those already written."""
        instance.siblings_judged_by = None
        for year, amounts in sorted(_costs(row).items()):
            cost = AnnualCost.objects.filter(proposal=instance, fiscal_year=year).first()
            cost = cost or AnnualCost(proposal=instance, fiscal_year=year)
            cost.proposal = instance
            cost.direct_yen, cost.indirect_yen = amounts.get("direct", 0), amounts.get("indirect", 0)
            cost.full_clean()
            cost.save()


def _costs(row: Any) -> dict[int, dict[str, int]]:
    """Yen by fiscal year and kind of the row's filled cost columns."""
    found: dict[int, dict[str, int]] = {}
    for name in row:
        match = COST_COLUMN.fullmatch(name)
        yen = whole_yen(row[name]) if match else None
        if match and yen is not None:
            found.setdefault(int(match[2]), {})[match[1]] = yen
    return found


def columns_of(call: Call) -> list[str]:
    """The columns a file for the call may have: one pair of costs for each fiscal year it can touch."""
    first = call.fiscal_year
    years = range(first, first + 8)
    return [*ProposalResource.Meta.fields, *(f"{kind}_yen_{year}" for year in years for kind in ("direct", "indirect"))]


class Faults(Exception):  # noqa: N818 - the plural of what an officer calls them
    """What is wrong with a file, one sentence each; nothing of it was saved."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self.sentences = list(sentences)
        super().__init__(len(self.sentences))


def import_file(path: Path, *, call: Call, received_at: datetime.datetime, is_trial_run: bool) -> dict[str, int]:
    """Save every row of the file, or none; returns how many were created and changed.

    Raises Faults with the row, the value and the remedy of everything that is wrong.
    """
    try:
        rows = read_table(path, required=REQUIRED, known=columns_of(call))
    except ValidationError as error:
        raise Faults(error.messages) from error
    with transaction.atomic():
        return _import_rows(rows, ProposalResource(call, received_at), is_trial_run=is_trial_run)


def _import_rows(rows: list[SheetRow], resource: ProposalResource, *, is_trial_run: bool) -> dict[str, int]:
    header = list(rows[0].cells) if rows else []
    dataset = tablib.Dataset(*([row.cells[name] for name in header] for row in rows), headers=header)
    result = resource.import_data(dataset, dry_run=is_trial_run, raise_errors=False, rollback_on_validation_errors=True)
    sentences = [
        _("Row %(row)s: %(sentence)s") % {"row": row.number, "sentence": sentence}
        for row, outcome in zip(rows, result.rows, strict=True)
        for sentence in _sentences(outcome)
    ]
    if sentences or result.base_errors:
        raise Faults(sentences or [_("The file could not be imported, and nothing was saved.")])
    return {"created": result.totals["new"], "changed": result.totals["update"]}


def _sentences(outcome: Any) -> Iterator[str]:
    if outcome.validation_error:
        yield from outcome.validation_error.messages
    for error in outcome.errors:
        refusal = from_error(error.error) if isinstance(error.error, DatabaseError) else None
        if refusal:
            yield refusal.sentence
        elif isinstance(error.error, ValidationError):
            yield from error.error.messages
        else:
            yield _("This row cannot be read. Compare it with the template.")


def export_rows(call: Call, proposals: ProposalQuerySet) -> Iterator[list[Any]]:
    """The header and a row for each proposal of the call, in the columns that an import takes."""
    proposals = proposals.filter(call=call).for_list().prefetch_related("costs")
    years = sorted(
        {cost.fiscal_year for proposal in proposals for cost in proposal.costs.all()}
        | {year for p in proposals if p.starts_on and p.ends_on for year in fiscal_years(p.starts_on, p.ends_on)}
    )
    yield [*ProposalResource.Meta.fields, *(f"{kind}_yen_{year}" for year in years for kind in ("direct", "indirect"))]
    for proposal in proposals:
        costs = {cost.fiscal_year: cost for cost in proposal.costs.all()}
        amounts = [
            getattr(costs[year], f"{kind}_yen") if year in costs else ""
            for year in years
            for kind in ("direct", "indirect")
        ]
        yield [*_cells(proposal), *amounts]


def _cells(proposal: Proposal) -> Iterator[str]:
    texts = {column: getattr(proposal, attribute) for column, attribute in TEXT_COLUMNS.items()}
    others = {
        "number": proposal.number,
        "field": proposal.field.code,
        "funder": proposal.primary_funder.code,
        "starts_on": proposal.starts_on.isoformat() if proposal.starts_on else "",
        "ends_on": proposal.ends_on.isoformat() if proposal.ends_on else "",
    }
    cells = texts | others
    return (cells[column] for column in ProposalResource.Meta.fields)
