"""The documents of the project as the tests read them: the README and every page of the site."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
# The README, and the pages that people write by their names in the site, such as "how-to/users".
PAGES = {"README": (ROOT / "README.rst").read_text()} | {
    file.relative_to(DOCS).with_suffix("").as_posix(): file.read_text()
    for file in sorted(DOCS.rglob("*.rst"))
    if "_build" not in file.parts and (file.parent.name != "crossings" or file.name == "index.rst")
}
EVERYTHING = "\n".join(PAGES.values())
REFERENCE = {name: text for name, text in PAGES.items() if name.startswith("reference/")}


def cells(row: str) -> list[str]:
    return [" ".join(cell.split()) for cell in re.split(r"^(?:   \* -|     -) ?", row, flags=re.MULTILINE)[1:]]


def tables(text: str) -> list[list[list[str]]]:
    """The tables of a page, as rows of cells."""
    found = re.findall(r"^\.\. list-table::\n(?:   .*\n|\n)+", text + "\n", re.MULTILINE)
    return [[cells(row) for row in re.split(r"^(?=   \* - )", block, flags=re.MULTILINE)[1:]] for block in found]


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the one table, on any page, whose first column is called ``heading``, by their first cells."""
    (rows,) = (rows for text in PAGES.values() for rows in tables(text) if rows[0][0] == heading)
    return {row[0]: row[1:] for row in rows[1:]}


def literals(text: str) -> list[str]:
    return re.findall(r"``(.+?)``", text)


def blocks(language: str, page: str | None = None) -> list[str]:
    """The code blocks of a language, of one page or of all, each without its indentation."""
    text = EVERYTHING if page is None else PAGES[page]
    pattern = rf"^( *)\.\. code-block:: {re.escape(language)}\n(?:\1   :.*\n)*\n((?:\1   +.*\n|\n)+)"
    return [textwrap.dedent(code) for _, code in re.findall(pattern, text + "\n", re.MULTILINE)]


def block_with(language: str, text: str, page: str) -> str:
    """The one block of a page with ``text`` in it."""
    (block,) = (block for block in blocks(language, page) if text in block)
    return block


def documented_policy(ory: str) -> str:
    """The Content Security Policy of the documents as a header, with ``ory`` as Ory's origin."""
    policy = run_block("how-to/deploy", "frame-ancestors")["POLICY"]
    text = "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items())
    assert "https://ory.example.com" in text
    return text.replace("https://ory.example.com", ory)


def run_block(page: str, text: str, namespace: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the Python block of a page with ``text`` in it defines."""
    namespace = {"__name__": "documents"} if namespace is None else namespace
    exec(block_with("python", text, page), namespace)  # noqa: S102 - a document of this checkout
    return namespace
