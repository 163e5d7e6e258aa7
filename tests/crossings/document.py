"""Writes the table as ``docs/crossings.rst``: ``python -m tests.crossings.document``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.crossings.sections import NO_CROSSINGS, PARTS, SECTIONS
from tests.crossings.table import OLDEST, TESTS, Part, Row

FILE = Path(__file__).parents[2] / "docs" / "crossings.rst"
MARK = ".. Below this line the page is made by ``python -m tests.crossings.document``.\n"


def document() -> str:
    """The page: what people wrote above the mark, and the table."""
    written, mark, _ = FILE.read_text().partition(MARK)
    return written + mark + "\n" + "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield from _heading("The tests")
    yield from _table("20 80", ["Test", "Where it is"], ([name, f"``{where}``"] for name, where in TESTS.items()))
    for title, rows in SECTIONS.items():
        yield from _heading(title)
        columns = ["Crossing", "A guarded page", "A page that shows the session", "Under the site-wide policy", "Test"]
        yield from _table("28 26 18 22 6", columns, (_cells(row) for row in rows))
    yield from _heading("Parts of these")
    parts = sorted(PARTS, key=lambda part: part.name)
    yield from _table("50 50", ["Part", "See"], ([_name(part), f"``{part.whole}``{part.note}"] for part in parts))
    yield from _heading("What only looks like a crossing")
    yield from _table("50 50", ["Name", "What it is"], ([f"``{name}``", what] for name, what in NO_CROSSINGS.items()))


def _heading(title: str) -> Iterator[str]:
    yield from (title, "-" * len(title), "")


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
    FILE.write_text(document())
