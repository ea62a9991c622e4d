"""Small cells are masked so that nothing shown gives them away."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from proposals.boards.masking import masked_cells, masked_in_list, with_totals

TABLES = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 4), min_size=width, max_size=width), min_size=1, max_size=3)
)


def others(rows, masked):
    """Tables a reader could believe in: the same where it is shown, at least 1 where it is masked."""
    values = with_totals(rows)
    height, width = len(rows), len(rows[0])
    inner = [cell for cell in itertools.product(range(height), range(width)) if cell in masked]
    for guess in itertools.product(range(1, 7), repeat=len(inner)):
        table = [list(row) for row in rows]
        for (i, j), value in zip(inner, guess, strict=True):
            table[i][j] = value
        found = with_totals(table)
        if all(found[cell] == value for cell, value in values.items() if cell not in masked):
            yield found


@settings(max_examples=60, deadline=None)
@given(rows=TABLES.filter(lambda rows: sum(value > 0 for row in rows for value in row) <= 5))
def test_masked_cell_can_always_hold_another_value(rows):
    masked = masked_cells(rows, threshold=3)
    believed = list(others(rows, masked))

    assert {cell for cell in masked if len({table[cell] for table in believed}) < 2} == set()


@given(rows=TABLES)
def test_small_cells_and_totals_are_masked_and_zero_stays_zero(rows):
    masked, values = masked_cells(rows, threshold=3), with_totals(rows)

    assert {cell for cell, value in values.items() if 0 < value < 3} <= masked
    assert {cell for cell in masked if values[cell] == 0} == set()


@settings(deadline=None)
@given(values=st.lists(st.integers(0, 6), min_size=1, max_size=6))
def test_list_never_masks_a_single_value_beside_its_total(values):
    masked = masked_in_list(values, threshold=3)
    small = {place for place, value in enumerate([*values, sum(values)]) if 0 < value < 3}
    hidden = sum([*values, sum(values)][place] for place in masked if place < len(values))

    assert small <= masked
    assert len(masked) != 1
    assert len(values) in masked or not masked or hidden > len(masked)


def test_nothing_is_masked_where_nothing_is_small():
    assert masked_cells([[3, 0], [0, 9]], threshold=3) == set()


def test_two_ones_take_a_third_with_them():
    assert masked_in_list([1, 1, 5, 9], threshold=3) == {0, 1, 2}
