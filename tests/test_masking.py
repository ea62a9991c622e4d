"""Small cells are masked so that nothing shown gives them away."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from proposals.boards.masking import masked_cells, with_totals

TABLES = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 4), min_size=width, max_size=width), min_size=1, max_size=3)
)


def others(rows, masked):
    """Tables a reader could believe in: the same where it is shown, anything from nought where it is masked."""
    values = with_totals(rows)
    height, width = len(rows), len(rows[0])
    inner = [cell for cell in itertools.product(range(height), range(width)) if cell in masked]
    for guess in itertools.product(range(7), repeat=len(inner)):
        table = [list(row) for row in rows]
        for (i, j), value in zip(inner, guess, strict=True):
            table[i][j] = value
        found = with_totals(table)
        if all(found[cell] == value for cell, value in values.items() if cell not in masked):
            yield found


@settings(max_examples=60, deadline=None)
@given(rows=TABLES.filter(lambda rows: sum(map(len, rows)) <= 4))
def test_masked_cell_can_always_hold_another_value(rows):
    masked = masked_cells(rows, threshold=3)
    believed = list(others(rows, masked))

    assert {cell for cell in masked if len({table[cell] for table in believed}) < 2} == set()


@given(rows=TABLES)
def test_small_cells_and_totals_are_masked(rows):
    masked, values = masked_cells(rows, threshold=3), with_totals(rows)

    assert {cell for cell, value in values.items() if 0 < value < 3} <= masked


def test_nothing_is_masked_where_nothing_is_small():
    assert masked_cells([[3, 0], [0, 9]], threshold=3) == set()
