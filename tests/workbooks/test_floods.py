"""A small file cannot flood the reader: it is read or refused in time."""

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from aspire.workbooks.reading import read
from tests.workbook_files import number, packed, parts_of, row, sheet, table, text, workbook
from tests.workbooks.samples import with_part
from tests.workbooks.test_any_file import read_soon

MEASURE = """
import re, sys, time
from pathlib import Path
from django.conf import settings
settings.configure(USE_I18N=False)
from aspire.workbooks.faults import Unreadable
from aspire.workbooks.reading import read
data = Path(sys.argv[1]).read_bytes()
begun = time.process_time()
try:
    read(data, file_name="a.xlsx")
    code = "read"
except Unreadable as unreadable:
    code = unreadable.fault.code
seconds = time.process_time() - begun
# Not getrusage: its peak is inherited from the process that started this one.
print(code, seconds, re.search("VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())[1])
"""


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))


def inflated() -> bytes:
    """A workbook whose sheet unpacks to 300 MB."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in parts_of(sheet("")).items():
            if name != "xl/worksheets/sheet1.xml":
                package.writestr(name, part)
        with package.open("xl/worksheets/sheet1.xml", "w") as part:
            for _megabyte in range(300):
                part.write(b"0" * 1_000_000)
    return made.getvalue()


def lying(data: bytes) -> bytes:
    """The workbook whose directory tells one byte for every part."""
    places = [found.start() for found in re.finditer(b"PK\1\2", data)]
    for place in places:
        data = data[: place + 24] + (1).to_bytes(4, "little") + data[place + 28 :]
    return data


BOMBS: dict[str, Callable[[], tuple[bytes, str]]] = {
    "a zip bomb": lambda: (inflated(), "file_unpacks_too_large"),
    "lying sizes": lambda: (lying(inflated()), "file_damaged"),
    "an entity bomb": lambda: (
        with_part("xl/sharedStrings.xml", f"<!DOCTYPE l [{LAUGHS}]><sst><si><t>&l9;</t></si></sst>"),
        "file_damaged",
    ),
    "a cell far out": lambda: (
        workbook(row(1, number("A1", 1)) + row(1_048_576, number("XFD1048576", 1))),
        "columns_too_many",
    ),
    "two million texts": lambda: (
        with_part("xl/sharedStrings.xml", f"<sst>{'<si/>' * 2_000_000}</sst>"),
        "file_unpacks_too_large",
    ),
    "thirty thousand parts": lambda: (packed({f"x{n}": "" for n in range(30_000)}), "file_damaged"),
}


TRUTH, ESCAPED = '<c t="b"><v>1</v></c>', '<c t="inlineStr"><is><t>a&amp;b</t></is></c>'


FLOODS = {
    "truths without places": f"<row>{TRUTH * 60}</row>" * 15_000,
    "escaped texts without places": f"<row>{ESCAPED * 55}</row>" * 8_000,
    "a row of truths": f"<row>{TRUTH * 900_000}</row>",
    "empty rows in two tags": "".join(f'<row r="{n}"></row>' for n in range(1, 700_000)),
    "empty rows in other quotes": "".join(f"<row r='{n}'/>" for n in range(1, 900_000)),
    "empty rows without numbers": '<row a=""/>' * 1_700_000,
    "rows of one empty cell": "".join(f'<row r="{n}"><c/></row>' for n in range(1, 600_000)),
}


@pytest.mark.parametrize("name", FLOODS)
def test_flood_is_read_or_refused_in_time(name: str) -> None:
    read_soon(with_part("xl/worksheets/sheet1.xml", sheet(FLOODS[name] + row(1_000_000))), "a.xlsx")


def test_cells_without_places_stand_where_they_come() -> None:
    odd = '<row r="3"><c/><c t="b"><v>0</v></c><c><v>2</v></c></row><row><c t="b"><v>1</v></c></row>'

    lines = read(workbook(table(text("A2", "x")) + odd), file_name="a.xlsx").lines

    assert [(line.number, [cell.text for cell in line.cells]) for line in lines] == [
        (1, ["a", "", ""]),
        (2, ["x", "", ""]),
        (3, ["", "FALSE", "2"]),
        (4, ["TRUE", "", ""]),
    ]


@pytest.mark.parametrize("said", ['x t="s" t="b" r="A1"', 'x t="s" &lt; "<'])
def test_text_that_looks_like_markup_is_kept(said: str) -> None:
    lines = read(workbook(table(text("A2", escape(said)))), file_name="a.xlsx").lines

    assert [cell.text for cell in lines[1].cells] == [said]


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_refused_at_once(name: str, tmp_path: Path) -> None:
    data, expected = BOMBS[name]()
    bomb = tmp_path / "a.xlsx"
    bomb.write_bytes(data)
    root = Path(__file__).parents[2]

    told = subprocess.run([sys.executable, "-c", MEASURE, bomb], cwd=root, capture_output=True, text=True, check=True)
    code, seconds, kibibytes = told.stdout.split()

    assert code == expected
    assert float(seconds) < 0.2
    assert int(kibibytes) < 150 * 1024
