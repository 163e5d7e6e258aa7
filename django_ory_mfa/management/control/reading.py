"""Files that are read whole or not at all: a text that is cut would be taken for all that somebody wrote."""

from __future__ import annotations

from pathlib import Path

from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.shown import clean

LONGEST_CONFIGURATION = 4 * 1024 * 1024  # bytes


def read_whole(path: Path, *, limit: int, kind: str) -> bytes:
    """Return what the file holds, at most ``limit`` bytes; ``kind`` says in the error what it should be.

    Raises ``ControlError`` if it cannot be read or is longer.
    """
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise ControlError(f"{clean(path)} cannot be read: {error.strerror}.") from error
    if len(content) > limit:
        raise ControlError(f"{clean(path)} is too large to be {kind}: it has more than {limit} bytes.")
    return content
