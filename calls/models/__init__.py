"""What we offer: programmes, fields, calls, their terms and criteria, and the figures published about them."""

from calls.models.calls import Call, CallField, Criterion, EligibleFunder
from calls.models.money import PotSlice, Terms
from calls.models.programmes import Field, Programme
from calls.models.published import PublishedFigure

__all__ = [
    "Call",
    "CallField",
    "Criterion",
    "EligibleFunder",
    "Field",
    "PotSlice",
    "Programme",
    "PublishedFigure",
    "Terms",
]
