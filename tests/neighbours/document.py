"""Writes ``docs/reference/neighbours.rst`` from what the trials found."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django_ory_mfa
from tests.neighbours.table import BY_NAME, Neighbour

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "neighbours.rst"
INTRODUCTION = """\
.. This page is made by ``make neighbours``.

Other packages on the same site
===============================

Much-used Django packages stand in the way of a request, as this one does. Each of these was installed by itself, in the
newest version that pip found, on a small site with ``OrySessionMiddleware``, the site-wide policy,
``OryUserMiddleware`` and ``@aal_required("aal2")``; last on {date}, with django-ory-mfa {version} and Python {python}.

A package **works** if, in sync and in async code,

- nobody, and somebody at ``aal1``, gets the public page (200) and is sent to Ory (302) by a guarded page and by the
  policy;
- two people, one after the other in one browser, at ``aal2`` see their own pages, made for their own ``request.user``;
- while Ory is down, the public page is 200 and the others are 503;
- the package does what the second table says.

It **needs a line** if that takes something that the package's own manual does not ask for. *In a thread*: Django runs a
middleware of the package in a thread, since it is not written for async code. Django is the newest that the package
allows. The site has sessions, messages and an admin, and its middleware stands in the order that the checks want.
"""


def write(found: dict[str, dict[str, Any]]) -> None:
    """Write the page."""
    today = datetime.now(UTC).date()
    introduction = INTRODUCTION.format(
        date=f"{today.day} {today:%B} {today.year}",
        version=django_ory_mfa.__version__,
        python=platform.python_version(),
    )
    rows = [row(BY_NAME[name], result) for name, result in found.items()]
    asked = [[f"``{name}``", BY_NAME[name].asked] for name in found]
    results = table("20 10 10 36 12 12", ["Package", "Version", "Django", "Result", "Sync", "Async"], rows)
    duties = table("25 75", ["Asked of", "What it does itself, if it works"], asked)
    PAGE.write_text("\n".join([introduction, *results, *duties]))


def row(neighbour: Neighbour, result: dict[str, Any]) -> list[str]:
    """The cells of one neighbour."""
    name = f"``{neighbour.package}``"
    if "untried" in result:
        return [name, "unknown", "unknown", f"**not tried**: ``{result['untried']}``", *["not tried"] * 2]
    in_thread = "yes, in a thread" if result["threads"] else "yes"
    cells = ["no" if result["sync"] else "yes", "no" if result["async"] else in_thread]
    return [name, result["version"], result["django"], verdict(neighbour, result), *cells]


def verdict(neighbour: Neighbour, result: dict[str, Any]) -> str:
    """Whether it works, and what it needs or why not."""
    wrongs = list(dict.fromkeys(result["sync"] + result["async"]))
    if wrongs:
        guards = "Guards hold. " if not any(wrong.startswith("guards: ") for wrong in wrongs) else ""
        found = "; ".join(f"``{wrong}``" for wrong in wrongs)
        return f"**does not work**: {neighbour.reason} {guards}Found: {found}."
    if neighbour.lines:
        return f"**needs a line**: {'; '.join(neighbour.lines)}."
    return "works"


def table(widths: str, columns: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield from (".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", "")
    for cells in (columns, *rows):
        yield from (f"   {' ' if at else '*'} - {cell}" for at, cell in enumerate(cells))
    yield ""
