"""How a decision about reviews is refused: by a rule, in its one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, transaction

from aspire import refusals
from aspire.refusals import Refusal, from_error


class Refused(refusals.Refused):
    """By one rule, with the values of its sentence."""

    def __init__(self, name: str, **values: object) -> None:
        super().__init__(name)
        self.refusal = Refusal(name, values)


@contextmanager
def decided() -> Iterator[None]:
    """One decision: saved whole, or not at all where PostgreSQL refuses any of it."""
    try:
        with transaction.atomic():
            yield
    except DatabaseError as error:
        refusal = from_error(error)
        if refusal is None:
            raise
        raise Refused(refusal.name, **refusal.values) from None


class AllRefused(refusals.Refused):
    """Of a batch; ``faults`` says why, each beside the proposal it speaks of."""

    def __init__(self, faults: list[tuple[str, Refusal]]) -> None:
        super().__init__(", ".join(refusal.name for _number, refusal in faults))
        self.faults, self.refusal = faults, faults[0][1]
