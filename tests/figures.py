"""``make figures``: how large the house is and how plain, in numbers that should fall."""

import ast
import re
import sys
from pathlib import Path

from tests.house import HOUSE, ROOT

ANY = re.compile(r"(?::|->|\[|\|) ?Any\b")
NAMED = re.compile(r"^(\w+): TypeAlias = Any", re.M)  # each with its reason, in one module
LONG_FUNCTION, LONG_FILE, MANY = 40, 300, 5


def main() -> None:
    paths = [path for package in HOUSE for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]
    texts = {path: path.read_text() for path in paths}
    rules = [path for package in HOUSE for path in (ROOT / package).rglob("rules/*.sql")]
    functions = [
        (path, node)
        for path, text in texts.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
    ]
    say("lines of Python", sum(text.count("\n") for text in texts.values()))
    say("lines of SQL in rules", sum(path.read_text().count("\n") for path in rules))
    say("modules", len(texts))
    say("functions", len(functions))
    say(f"functions over {LONG_FUNCTION} lines", *told(functions, length, LONG_FUNCTION))
    say(f"functions of more than {MANY} parameters", *told(functions, parameters, MANY))
    long = [f"{name(path)} ({lines})" for path, text in texts.items() if (lines := text.count("\n")) > LONG_FILE]
    say(f"files over {LONG_FILE} lines", len(long), *long)
    # The classes that kinds of sheets are made of give way to django-import-export's.
    plain = [text for path, text in texts.items() if not name(path).startswith("aspire/sheets/")]
    say("uses of Any, sheets aside", sum(len(ANY.findall(text)) for text in plain))
    aliases = NAMED.findall((ROOT / "aspire" / "untyped.py").read_text())
    uses = re.compile(ANY.pattern.replace("Any", f"(?:{'|'.join(aliases)})"))
    say("uses of its named kinds", sum(len(uses.findall(text)) for text in plain), *aliases)
    say("type: ignore", sum(text.count("type: ignore") for text in texts.values()))


def length(function: ast.FunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def parameters(function: ast.FunctionDef) -> int:
    found = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return len([each for each in found if each.arg not in {"self", "cls"}])


def told(functions: list[tuple[Path, ast.FunctionDef]], measure: object, most: int) -> list[object]:
    found = [(measure(function), path, function.name) for path, function in functions]  # type: ignore[operator]
    above = sorted((number, name(path), function) for number, path, function in found if number > most)
    return [len(above), *(f"{path}:{function} ({number})" for number, path, function in reversed(above[-5:]))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def say(what: str, number: object, *examples: object) -> None:
    sys.stdout.write(f"{what:40}{number:>8,}  {', '.join(map(str, examples))}".rstrip() + "\n")


if __name__ == "__main__":
    main()
