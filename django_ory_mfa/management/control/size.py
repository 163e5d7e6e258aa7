"""How large a configuration may be, so that no file fills the memory of whoever reads it."""

from __future__ import annotations

from typing import Any

from django_ory_mfa.management.control.failures import ControlError

# Those of Ory have some hundred values, seven levels deep.
MOST_VALUES = 100_000
MOST_LEVELS = 100
# A long text counts as so many values more: an alias repeats it as cheaply as a short one.
CHARACTERS = 64


class TooLargeError(ControlError):
    """There is too much in it, or it repeats itself by aliases until there is."""


class Size:
    """Adds up values and levels; raises ``TooLargeError`` where there are more than ``most`` or ``MOST_LEVELS``."""

    def __init__(self, most: int = MOST_VALUES) -> None:
        self.values = 0
        self._most = most

    def add(self, count: int) -> None:
        """Count so many more values."""
        self.values += count
        if self.values > self._most:
            message = f"It holds more than {self._most} values, or repeats some until it does: no configuration does."
            raise TooLargeError(message)

    def add_text(self, text: str) -> None:
        """Count what ``text`` is worth beyond the one value that it is."""
        self.add(len(text) // CHARACTERS)

    def descend(self, level: int) -> None:
        """Note values on this level; that of the whole is 1."""
        if level > MOST_LEVELS:
            raise TooLargeError(f"It is nested too deeply: no configuration has more than {MOST_LEVELS} levels.")


def check_size(config: Any) -> None:
    """Raise ``TooLargeError`` if ``config``, a tree of objects, lists and plain values, is too large."""
    size, pending = Size(), [(config, 1)]
    size.add(1)
    while pending:
        value, level = pending.pop()
        size.descend(level)
        if isinstance(value, str):
            size.add_text(value)
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        # Before they are put in line.
        size.add(len(children))
        pending.extend((child, level + 1) for child in children)
