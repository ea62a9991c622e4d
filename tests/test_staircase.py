"""Four storeys, one staircase: an upper storey may import lower ones, nothing imports upwards."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STOREYS = ["aspire", "partners", "calls", "proposals"]


def imported(source: str, *, package: str) -> Iterator[tuple[int, str]]:
    """The line and top-level package of every import in a module, wherever in the module it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, package if node.level else (node.module or "").partition(".")[0]


def upward(source: str, *, storey: str) -> list[tuple[int, str]]:
    """The imports that a storey may not have: of a storey above it, or of the tests."""
    forbidden = {*STOREYS[STOREYS.index(storey) + 1 :], "tests"}
    return [(line, package) for line, package in imported(source, package=storey) if package in forbidden]


@pytest.mark.parametrize("storey", STOREYS)
def test_storey_imports_nothing_from_above(storey: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} imports {package}"
        for path in sorted((ROOT / storey).rglob("*.py"))
        for line, package in upward(path.read_text(), storey=storey)
    ]

    assert found == []


@pytest.mark.parametrize(
    ("storey", "source", "expected"),
    [
        ("aspire", "from calls.models import Call", [(1, "calls")]),
        ("partners", "def late():\n    import proposals.status as status", [(2, "proposals")]),
        ("calls", "from tests import people", [(1, "tests")]),
        ("proposals", "from calls.models import Call\nfrom . import status", []),
    ],
)
def test_upward_import_is_found(storey: str, source: str, expected: list[tuple[int, str]]) -> None:
    assert upward(source, storey=storey) == expected


def test_there_are_no_other_packages() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/*.py") if not path.parent.name.startswith(".")}

    assert packages == {*STOREYS, "tests"}
