"""Small cells are masked so that nothing shown gives them away."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from proposals.boards.masked import Edge, Masking
from tests.effort import tries

TABLES = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 4), min_size=width, max_size=width), min_size=1, max_size=3)
)


def with_totals(rows):
    """Every cell by its place, with the totals of rows and columns after the last."""
    full = [[*row, sum(row)] for row in rows]
    full.append([sum(column) for column in zip(*full, strict=True)])
    return {(i, j): value for i, row in enumerate(full) for j, value in enumerate(row)}


def masked_cells(rows, *, threshold, least=0):
    """The places to mask in a table; ``least`` is what is known of every row's total."""
    height, width = len(rows), len(rows[0])
    edges = {}
    for (i, j), value in with_totals(rows).items():
        ends = ("row", str(i)), ("column", str(j))
        is_total = (i == height) != (j == width)
        is_row_total = j == width and i < height
        edges["", str(i), j] = Edge(*(reversed(ends) if is_total else ends), value, least if is_row_total else 0)
    return {(int(i), j) for _table, i, j in Masking(edges, threshold=threshold).complete()}


def others(rows, masked, least):
    """Tables a reader could believe in: the same where it is shown, anything from nought where it is masked."""
    values = with_totals(rows)
    height, width = len(rows), len(rows[0])
    inner = [cell for cell in itertools.product(range(height), range(width)) if cell in masked]
    for guess in itertools.product(range(7), repeat=len(inner)):
        table = [list(row) for row in rows]
        for (i, j), value in zip(inner, guess, strict=True):
            table[i][j] = value
        found = with_totals(table)
        is_like = all(found[cell] == value for cell, value in values.items() if cell not in masked)
        if is_like and all(sum(row) >= least for row in table):
            yield found


@settings(max_examples=tries(20, sweep=60))
@given(rows=TABLES.filter(lambda rows: sum(map(len, rows)) <= 4), least=st.integers(0, 1))
def test_masked_cell_can_always_hold_another_value(rows, least):
    rows = [row for row in rows if sum(row) >= least] or [[1]]
    masked = masked_cells(rows, threshold=3, least=least)
    believed = list(others(rows, masked, least))

    assert {cell for cell in masked if len({table[cell] for table in believed}) < 2} == set()


@given(rows=TABLES)
def test_small_cells_and_totals_are_masked(rows):
    masked, values = masked_cells(rows, threshold=3), with_totals(rows)

    assert {cell for cell, value in values.items() if 0 < value < 3} <= masked


def test_nothing_is_masked_where_nothing_is_small():
    assert masked_cells([[3, 0], [0, 9]], threshold=3) == set()


def test_a_row_known_to_hold_something_does_not_give_itself_away():
    plain, known = (masked_cells([[10], [8], [1], [1]], threshold=3, least=least) for least in (0, 1))

    assert plain == {(2, 0), (2, 1), (3, 0), (3, 1)}
    assert plain < known
