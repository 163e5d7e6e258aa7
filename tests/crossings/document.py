"""Writes the table as the pages of ``docs/reference/crossings``: ``python -m tests.crossings.document``.

A person writes the introduction, ``index.rst``; every other page of the folder is made here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.crossings.sections import NO_CROSSINGS, PARTS, SECTIONS
from tests.crossings.table import OLDEST, TESTS, Part, Row

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "crossings"
MARK = ".. This page is made by ``python -m tests.crossings.document``.\n"
PAGES = {
    "middleware": "Middleware",
    "decorators": "Decorators for views",
    "generic-views": "Generic views and mixins",
    "contrib-views": "Views of Django's contrib packages",
    "handlers": "Error handlers, pages for developers, and servers",
}


def documents() -> dict[Path, str]:
    """Every page that is made, by its file."""
    pages = {name: _section(title, SECTIONS[title]) for name, title in PAGES.items()}
    pages |= {"parts": _parts(), "tests": _tests()}
    return {FOLDER / f"{name}.rst": MARK + "\n" + "\n".join(lines) for name, lines in pages.items()}


def _section(title: str, rows: list[Row]) -> Iterator[str]:
    yield from _heading(title)
    columns = ["Crossing", "A guarded page", "A page that shows the session", "Under the site-wide policy", "Test"]
    yield from _table("28 26 18 22 6", columns, (_cells(row) for row in rows))


def _parts() -> Iterator[str]:
    yield from _heading("Parts of other crossings")
    parts = sorted(PARTS, key=lambda part: part.name)
    yield from _table("50 50", ["Part", "See"], ([_name(part), f"``{part.whole}``{part.note}"] for part in parts))
    yield from _heading("What only looks like a crossing", "-")
    yield from _table("50 50", ["Name", "What it is"], ([f"``{name}``", what] for name, what in NO_CROSSINGS.items()))


def _tests() -> Iterator[str]:
    yield from _heading("The tests of the crossings")
    yield from _table("20 80", ["Test", "Where it is"], ([name, f"``{where}``"] for name, where in TESTS.items()))


def _heading(title: str, line: str = "=") -> Iterator[str]:
    yield from (title, line * len(title), "")


def _table(widths: str, columns: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield from (".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", "")
    for cells in (columns, *rows):
        yield from (f"   {'*' if not at else ' '} - {cell}" for at, cell in enumerate(cells))
    yield ""


def _cells(row: Row) -> list[str]:
    return [_name(row), row.guarded, row.shown, row.policy, row.test]


def _name(entry: Row | Part) -> str:
    return f"``{entry.name}``" + ("" if entry.since == OLDEST else f" (since Django {entry.since[0]}.{entry.since[1]})")


if __name__ == "__main__":
    for file, text in documents().items():
        file.write_text(text)
