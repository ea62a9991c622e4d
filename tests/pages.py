"""Where a page comes from: its address, view, template and tests. ``python -m tests.pages`` writes docs/pages.md."""

import ast
import inspect
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

ROOT = Path(__file__).parent.parent
FILE = ROOT / "docs" / "pages.md"
OURS = ("aspire.", "partners.", "calls.", "proposals.")
HEAD = """# Pages

Which view answers an address, which templates it draws, which tests ask for it. The name of a page begins with its
room: package, page folder and URL names are called the same. Written by `python -m tests.pages`; a test holds it
against the code.

| address | view | templates | tests |
|---|---|---|---|
"""


def pages() -> Iterator[tuple[str, str, Any]]:
    """Address, name and view of every page of ours."""

    def walk(resolver: URLResolver, before: str, namespace: str) -> Iterator[tuple[str, str, Any]]:
        for pattern in resolver.url_patterns:
            written = str(pattern.pattern) if isinstance(pattern.pattern, RoutePattern) else ""
            if isinstance(pattern, URLResolver):
                inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                yield from walk(pattern, before + written, inner)
            elif isinstance(pattern, URLPattern):
                yield before + written, f"{namespace}{pattern.name}", inspect.unwrap(pattern.callback)

    for address, name, view in walk(get_resolver(), "/", ""):
        if isinstance(view, FunctionType) and view.__module__.startswith(OURS):
            yield address, name, view


def templates(view: FunctionType) -> list[str]:
    """The templates that a view, or what it calls in its own module, names."""
    module = inspect.getmodule(view)
    assert module is not None
    found, todo, seen = set(), [view.__name__], set()
    functions = {
        node.name: node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.FunctionDef)
    }
    while todo:
        name = todo.pop()
        if name in seen or name not in functions:
            continue
        seen.add(name)
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".html"):
                found.add(node.value)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                todo.append(node.func.id)
    return sorted(found)


@cache
def sources() -> dict[str, str]:
    return {path.stem: path.read_text() for path in sorted((ROOT / "tests").rglob("test_*.py"))}


def asked_by(address: str, name: str) -> list[str]:
    """The modules of tests that name the page or its address most often."""
    pattern = re.compile(
        re.escape(f'"{name}"') + "|" + re.sub(r"\\<[^>]*\\>", r"[^/\"'\\\\s]+", re.escape(address)) + r"[?\"'#]"
    )
    counted = Counter({stem: len(pattern.findall(text)) for stem, text in sources().items()})
    return [stem for stem, number in counted.most_common(2) if number]


def written() -> str:
    lines = []
    for address, name, view in sorted(pages(), key=lambda page: page[0]):
        place = f"{view.__module__}.{view.__name__}"
        drawn = ", ".join(f"`{each}`" for each in templates(view)) or "―"
        asked = ", ".join(f"`{each}`" for each in asked_by(address, name)) or "`test_permissions`"
        lines.append(f"| `{address.replace('|', '∣')}` | `{place}` | {drawn} | {asked} |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    import django

    import tests.environment  # noqa: F401 - declares a local instance before the settings are read

    django.setup()
    FILE.write_text(written())
