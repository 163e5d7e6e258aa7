"""Makes texts fit for a terminal: no control characters, and no values that must not be shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django_ory_mfa.management.control.document import MISSING, is_presentable, leaves
from django_ory_mfa.management.control.keys import KEYS, SETTINGS_AAL, WHOAMI_AAL

SHORTEST_SECRET = 5
WORDS_OF_CONSOLE = {"aal1": "Lax", "highest_available": "Strict"}


def clean(text: object) -> str:
    """Return ``text`` with spaces instead of control and formatting characters."""
    # SECURITY: a terminal obeys such characters.
    return "".join(sign if sign.isprintable() else " " for sign in str(text))


def shown(value: object) -> str:
    """Return a value of a known key on one line."""
    if value is MISSING:
        return "(not set)"
    return json.dumps(value) if is_presentable(value) else "(not shown)"


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table with aligned columns, as the Ory CLI prints it."""
    cells = [list(headings), *([clean("" if cell is None else cell) for cell in row] for row in rows)]
    widths = [max(len(row[number]) for row in cells) for number in range(len(headings))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def values(part: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return name, value and source of every known key."""
    rows = []
    for name, key in KEYS.items():
        value = part.get(name, key.default)
        source = "set" if name in part else "default"
        words = WORDS_OF_CONSOLE.get(str(value), "") if name in (WHOAMI_AAL, SETTINGS_AAL) else ""
        rows.append((name, "-" if value is None else shown(value), f"{source}, {words}" if words else source))
    return rows


class Redactor:
    """Removes from texts of the API the ``secrets`` and all values of a configuration but those of known keys."""

    def __init__(self, config: Mapping[str, Any], *secrets: str) -> None:
        known = {key.path for key in KEYS.values()}
        visible = [value for path, value in leaves(config) if path in known and is_presentable(value)]
        hidden = [value for path, value in leaves(config) if path not in known or not is_presentable(value)]
        texts = {text for value in hidden for text in _texts(value)}
        parts = {part for text in texts for part in _parts(text)}
        kept = {str(value) for value in visible} | {name for path in known for name in path}
        found = {text for text in {*parts, *secrets} if len(text) >= SHORTEST_SECRET} - kept
        self._secrets = sorted(found, key=len, reverse=True)

    def __call__(self, text: object) -> str:
        """Return the text on one line, with ``…`` for what must not be shown."""
        line = str(text)
        for secret in self._secrets:
            line = line.replace(secret, "…")
        return clean(line)


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for inner in value.values() for text in _texts(inner))
    elif isinstance(value, list):
        yield from (text for inner in value for text in _texts(inner))


def _parts(text: str) -> Iterable[str]:
    """Yield the text, and in a URL the user information, the user and the password."""
    yield text
    _, slashes, rest = text.partition("://")
    user, at, _ = rest.rpartition("@")
    if slashes and at:
        yield from (user, *user.split(":"))
