"""What the documents say can be done can be done, and no file tells where it was written."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands

from aspire.management.commands import demo
from proposals.demo.cast import rows
from proposals.demo.loading import PASSWORD

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
REGISTRY = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(org|com)|crates\.io|//[^\s/]+/simple\b|file:///")
MACHINE_PATH = re.compile(r"(?<![\w./>}-])/(work|root|home|Users)/\w")


def code_of(document: str) -> list[str]:
    """What a document sets as code: fenced blocks line by line, and spans."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", document)


def unknown_commands(document: str) -> list[str]:
    """The commands of a document that neither the Makefile nor Django has."""
    code = code_of(document)
    targets = {target for line in code for target in re.findall(r"^make ([a-z]+)", line)}
    commands = {command for line in code for command in re.findall(r"manage\.py ([a-z_]+)", line)}
    return sorted(targets - TARGETS) + sorted(commands - set(get_commands()))


def missing_files(document: str, *, beside: Path) -> list[str]:
    links = re.findall(r"\]\(([^)#\s]+)", document)
    return [link for link in links if "://" not in link and not (beside / link).exists()]


def told_places(text: str) -> list[str]:
    """The addresses of package registries and the paths of somebody's machine that a text holds."""
    lines = text.splitlines()
    return [line.strip()[:200] for line in lines if REGISTRY.search(line) or MACHINE_PATH.search(line)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_document_names_existing_commands_and_files(path: Path) -> None:
    document = path.read_text()

    assert unknown_commands(document) == []
    assert missing_files(document, beside=path.parent) == []


def test_unknown_command_and_missing_file_are_found() -> None:
    document = "```sh\nmake demo\nmake coffee\n```\n`manage.py migrate`, `manage.py fly`, [map](no/such.md)"

    assert unknown_commands(document) == ["coffee", "fly"]
    assert missing_files(document, beside=ROOT) == ["no/such.md"]


def test_readme_names_every_target() -> None:
    code = code_of((ROOT / "README.md").read_text())

    assert {target for line in code for target in re.findall(r"^make ([a-z]+)", line)} == TARGETS


@pytest.mark.parametrize(("arguments", "is_covered"), [("", True), ("ARGUMENTS=tests/aspire/test_yen.py", False)])
def test_coverage_is_asked_of_a_whole_run_alone(arguments: str, is_covered: bool) -> None:
    """Some tests cover little, and would fail by the share that all of them must cover."""
    asked = ["make", "--dry-run", "test", arguments or "PORT=8000"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "ARGUMENTS"))}
    said = subprocess.run(asked, cwd=ROOT, env=alone, capture_output=True, text=True, check=True).stdout

    assert ("ASPIRE_COVERAGE=1 " in said) == is_covered
    assert ("tests/aspire/test_yen.py" in said) != is_covered


def test_demo_announces_the_accounts_that_it_makes() -> None:
    readme = (ROOT / "README.md").read_text()

    assert [row["username"] for row in rows("accounts")] == demo.ACCOUNTS
    assert demo.PASSWORD == PASSWORD
    assert all(f"`{word}`" in readme for word in [*demo.ACCOUNTS, demo.PASSWORD])


def test_no_file_tells_where_it_was_written() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    found = {}
    for path in [ROOT / name for name in listed if name != "tests/whole/test_readme.py"]:
        try:
            lines = told_places(path.read_text())
        except (FileNotFoundError, UnicodeDecodeError):
            continue
        if lines:
            found[str(path.relative_to(ROOT))] = lines

    assert found == {}


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("--index-url https://pypi.org/simple", True),
        ("--find-links file:///opt/wheels", True),
        ("cd /home/aoki/aspire", True),
        ("open('/root/x')", True),
        ("https://example.jp/home/news", False),
        ("such as /root, whose", False),
    ],
)
def test_told_place_is_found(text: str, is_told: bool) -> None:
    assert bool(told_places(text)) == is_told
