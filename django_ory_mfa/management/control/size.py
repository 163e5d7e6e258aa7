"""Limits the size of configurations, so that no file fills the memory."""

from __future__ import annotations

from typing import Any

from django_ory_mfa.management.control.failures import ControlError

# Configurations of Ory have some hundred values on seven levels.
MOST_VALUES = 100_000
MOST_LEVELS = 100
# So many characters of a text count as one more value, since an alias can repeat a long text too.
CHARACTERS = 64


class TooLargeError(ControlError):
    """The configuration has too many values or levels, also by aliases that repeat a few."""


class Size:
    """Counts values and levels; raises ``TooLargeError`` for more than ``most`` and ``MOST_LEVELS``."""

    def __init__(self, most: int = MOST_VALUES) -> None:
        self.values = 0
        self._most = most

    def add(self, count: int) -> None:
        """Add ``count`` values."""
        self.values += count
        if self.values > self._most:
            message = f"It is too large for a configuration: more than {self._most:,} values, aliases expanded."
            raise TooLargeError(message)

    def add_text(self, text: str) -> None:
        """Add what a long ``text`` counts beyond one value."""
        self.add(len(text) // CHARACTERS)

    def descend(self, level: int) -> None:
        """Check a level; that of the root is 1."""
        if level > MOST_LEVELS:
            raise TooLargeError(f"It is nested too deeply for a configuration: more than {MOST_LEVELS} levels.")


def check_size(config: Any) -> None:
    """Raise ``TooLargeError`` if ``config``, a tree of objects, lists and scalars, is too large."""
    size, pending = Size(), [(config, 1)]
    size.add(1)
    while pending:
        value, level = pending.pop()
        size.descend(level)
        if isinstance(value, str):
            size.add_text(value)
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        # Counted before they are stored.
        size.add(len(children))
        pending.extend((child, level + 1) for child in children)
