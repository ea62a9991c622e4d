"""Four storeys, one staircase: an upper storey may import lower ones, nothing imports upwards."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from aspire.operations.rules import files
from tests.house import HOUSE, PICTURE, PLACE, ROOF, ROOT, drawn

STOREYS = list(HOUSE)


def imported(source: str, *, package: str) -> Iterator[tuple[int, str]]:
    """The line and dotted name of all that a module imports, wherever in it and also for types alone."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = package if node.level else node.module or ""
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def upward(source: str, *, storey: str) -> list[tuple[int, str]]:
    """The imports that a storey may not have: of a storey above it, or of the tests."""
    forbidden = {*STOREYS[STOREYS.index(storey) + 1 :], "tests"}
    tops = [(line, name.partition(".")[0]) for line, name in imported(source, package=storey)]
    return [(line, package) for line, package in tops if package in forbidden]


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
        ("partners", "def late():\n    import proposals.record.status as status", [(2, "proposals")]),
        ("calls", "from tests import people", [(1, "tests")]),
        ("proposals", "from calls.models import Call\nfrom . import status", []),
    ],
)
def test_upward_import_is_found(storey: str, source: str, expected: list[tuple[int, str]]) -> None:
    assert upward(source, storey=storey) == expected


def test_there_are_no_other_packages() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/*.py") if not path.parent.name.startswith(".")}

    assert packages == {*STOREYS, "tests"}


# --- rooms -----------------------------------------------------------------------------------------------------------


def room_of(module: str) -> str:
    """A sub-package, or a loose module of a package."""
    return ".".join(module.split(".")[:2])


def modules() -> dict[str, Path]:
    paths = [path for storey in STOREYS for path in (ROOT / storey).rglob("*.py") if "migrations" not in path.parts]
    names = (path.relative_to(ROOT).with_suffix("").parts for path in paths)
    return {".".join(parts).removesuffix(".__init__"): path for parts, path in zip(names, paths, strict=True)}


def imports() -> dict[str, set[str]]:
    """Module → the modules of ours that it imports, wherever in it, also for types alone."""
    known = modules()
    found: dict[str, set[str]] = {}
    for module, path in known.items():
        names = {name for _line, name in imported(path.read_text(), package=module.partition(".")[0])}
        others = {name if name in known else name.rpartition(".")[0] for name in names}
        found[module] = (others & known.keys()) - {module}
    return found


def ring(arrows: dict[str, set[str]]) -> list[str]:
    """A way that leads back to where it began; none where all arrows point one way."""
    done: set[str] = set()

    def walk(place: str, way: list[str]) -> list[str]:
        if place in way:
            return [*way[way.index(place) :], place]
        if place in done:
            return []
        found = next(filter(None, (walk(other, [*way, place]) for other in sorted(arrows.get(place, ())))), [])
        done.add(place)
        return found

    return next(filter(None, (walk(place, []) for place in sorted(arrows))), [])


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert ring(imports()) == []


def named(source: str, known: Iterable[str]) -> set[str]:
    """The modules of ours that a module names in strings, by which Django or another imports them."""
    texts = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    words = {text for text in texts if isinstance(text, str) and "." in text}
    return {module for module in known for text in words if text == module or text.startswith(f"{module}.")}


def arrows_up(arrows: Iterable[tuple[str, str]]) -> list[str]:
    """The arrows that do not lead to a lower row of the same package or into a package below."""
    found = []
    for room, other in arrows:
        if room in ROOF or room == other:
            continue
        here, there = PLACE[room], PLACE.get(other, (len(HOUSE), 0))
        if not (there[0] < here[0] or (there[0] == here[0] and there[1] < here[1])):
            found.append(f"{room} → {other}")
    return sorted(set(found))


def test_every_room_has_its_place_in_the_order() -> None:
    assert {room_of(module) for module in modules()} - {*STOREYS} == PLACE.keys() | {*ROOF}


def test_room_imports_only_what_stands_below_it() -> None:
    arrows = [(room_of(module), room_of(other)) for module, others in imports().items() for other in others]

    assert arrows_up((room, other) for room, other in arrows if not {room, other} & {*STOREYS}) == []


def test_room_names_in_strings_only_what_stands_below_it() -> None:
    known = {module for module in modules() if "." in module}
    arrows = [
        (room_of(module), room_of(other))
        for module, path in modules().items()
        for other in named(path.read_text(), known)
    ]

    assert arrows_up((room, other) for room, other in arrows if room not in STOREYS) == []


@pytest.mark.parametrize("storey", STOREYS)
def test_sql_names_no_table_from_above(storey: str) -> None:
    """In the files of rules as in the strings of Python."""
    above = STOREYS[STOREYS.index(storey) + 1 :]
    tables = re.compile(rf"\b({'|'.join(above) or 'none'})_[a-z]+\b(?!\s*=)")
    texts = {path: path.read_text() for path in files(storey)}
    for module, path in modules().items():
        if module.startswith(f"{storey}."):
            texts[path] = "\n".join(
                node.value
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            )
    named = {f"{path.relative_to(ROOT)}: {found[0]}" for path, text in texts.items() for found in tables.finditer(text)}

    assert named == set()


def test_an_arrow_up_or_to_a_brother_is_found() -> None:
    arrows = [
        ("calls.models", "proposals.record"),
        ("proposals.fund", "proposals.pack"),
        ("calls.hidden", "calls.models"),
    ]

    assert arrows_up(arrows) == ["calls.models → proposals.record", "proposals.fund → proposals.pack"]


def test_picture_of_the_house_is_drawn_from_the_order() -> None:
    assert PICTURE.read_text() == drawn(), "docs/rooms.svg is out of date: run python -m tests.house"


def test_a_ring_is_found() -> None:
    assert ring({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert ring({"a": {"b", "c"}, "b": {"c"}}) == []
