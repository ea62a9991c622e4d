"""The order of all rooms: the one list, which the staircase test reads and the picture of the house is drawn from.

A room is a sub-package or a loose module. It imports rooms of lower rows and of packages below, and none beside or
above. ``python -m tests.house`` draws docs/rooms.svg.
"""

from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "rooms.svg"
# From the ground up: packages, and in each its rows of brothers.
HOUSE: dict[str, list[list[str]]] = {
    "aspire": [
        ["environment", "headers", "untyped"],
        [
            "choices",
            "entries",
            "history",
            "kana",
            "keyset",
            "people",
            "refusals",
            "roles",
            "wareki",
            "yen",
            "embedded",
        ],
        ["constraints", "telling", "text"],
        ["logs", "models", "workbooks"],
        ["typed"],
        ["records"],
        ["operations", "permissions"],
        ["navigation", "tasks"],
        ["accounts", "sheets"],
        ["admin", "management", "templatetags"],
    ],
    "partners": [
        ["models", "permissions", "refusals"],
        ["admin", "sheets"],
    ],
    "calls": [
        ["refusals", "terms"],
        ["models", "permissions"],
        ["hidden", "lacking"],
        ["admin", "forms", "sheets"],
        ["views"],
    ],
    "proposals": [
        ["permissions", "refusals", "record"],
        ["models", "review", "tallies"],
        ["assignment", "finding", "fund", "pack", "partnerships"],
        ["filters"],
        ["explore", "intake"],
        ["awards"],
        ["boards"],
        ["briefings", "home"],
        ["admin", "keeping", "templatetags", "views"],
        ["demo"],
        ["management"],
    ],
}
# What puts the house together: it names every room, and no room names it.
ROOF = ["aspire.settings", "aspire.urls", "aspire.wsgi", "calls.urls", "proposals.urls"]
ROOF += [f"{package}.apps" for package in HOUSE]

PLACE = {
    f"{package}.{room}": (storey, row)
    for storey, (package, rows) in enumerate(HOUSE.items())
    for row, rooms in enumerate(rows)
    for room in rooms
}
WIDTH, HEIGHT, GAP, NAME = 960, 26, 6, 110


def drawn() -> str:
    """The house as a picture, the roof at the top."""
    parts, y = [], 16 + HEIGHT + GAP * 2
    for package, rows in reversed(HOUSE.items()):
        high = len(rows) * (HEIGHT + GAP) + GAP
        parts.append(f'<rect x="16" y="{y}" width="{WIDTH - 32}" height="{high}" fill="#e8f1fe" stroke="#1a1a1c"/>')
        parts.append(f'<text x="28" y="{y + high / 2 + 5}" font-weight="bold">{package}</text>')
        for place, rooms in enumerate(reversed(rows)):
            top, wide = y + GAP + place * (HEIGHT + GAP), (WIDTH - 32 - NAME - GAP) / len(rooms)
            for number, room in enumerate(rooms):
                x = 16 + NAME + number * wide
                parts.append(f'<rect x="{x:.1f}" y="{top}" width="{wide - GAP:.1f}" height="{HEIGHT}" fill="#fff"/>')
                parts.append(
                    f'<text x="{x + (wide - GAP) / 2:.1f}" y="{top + 18}" text-anchor="middle">{escape(room)}</text>'
                )
        y += high + GAP
    roof = f'<text x="{WIDTH / 2}" y="34" text-anchor="middle">{escape(", ".join(ROOF))}</text>'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 10}" role="img" aria-labelledby="title" '
        'font-family="\'Noto Sans\', sans-serif" font-size="13">'
        '\n<title id="title">The rooms of ASPIRE: each imports rooms of lower rows and of packages below</title>'
        f'\n<rect width="{WIDTH}" height="{y + 10}" fill="#fff"/>'
    )
    return "\n".join([head, roof, *parts, "</svg>", ""])


if __name__ == "__main__":
    PICTURE.write_text(drawn())
