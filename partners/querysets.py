"""Which countries and funders, in the order they are printed."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Case, Count, Value, When

if TYPE_CHECKING:
    from partners.models import Country, Funder  # noqa: F401 - named in strings, read by mypy


class CountryQuerySet(models.QuerySet["Country"]):
    def in_gojuon_order(self) -> "CountryQuerySet":
        """By reading, as the briefing prints them."""
        return self.order_by("sort_key", "alpha2")

    def for_index(self) -> "CountryQuerySet":
        """In printed order, with the number of dialogues."""
        return self.in_gojuon_order().annotate(dialogue_count=Count("dialogues"))


def funder_order(prefix: str = "") -> list[Any]:
    """Order of funders: countries in gojuon order; inside one A to Z, the categories last."""
    is_category = Case(When(**{f"{prefix}kind": "agency"}, then=Value(0)), default=Value(1))
    return [f"{prefix}country__sort_key", is_category, f"{prefix}code"]


class FunderQuerySet(models.QuerySet["Funder"]):
    def in_printed_order(self) -> "FunderQuerySet":
        """By country in gojuon order, agencies A to Z, categories such as private funders last."""
        return self.order_by(*funder_order())
