"""Reads files completely or not at all: a part of a file could pass for all of it."""

from __future__ import annotations

from pathlib import Path

from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.shown import clean

LONGEST_CONFIGURATION = 4 * 1024 * 1024  # bytes


def read_whole(path: Path, *, limit: int, kind: str) -> bytes:
    """Return the content of the file; ``kind`` is what it should be, for the error.

    Raises ``ControlError`` if it cannot be read or has more than ``limit`` bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise ControlError(f"{clean(path)} cannot be read: {error.strerror}.") from error
    if len(content) > limit:
        raise ControlError(f"{clean(path)} is too large for {kind}: it has more than {limit:,} bytes.")
    return content
