"""Log lines that a visitor can cause: one per kind, minute and process, with the number of lines left out."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Hashable

from django_ory_mfa.runtime.clock import monotonic
from django_ory_mfa.runtime.per_process import once_per_process

logger = logging.getLogger("django_ory_mfa")

MINUTE = 60.0  # seconds
MOST_KINDS = 1000


class LineLimit:
    """Allows one log line of each kind per minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By kind: when the next line may be written, and how many were left out since the last one. Oldest line first.
        self._kinds: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kinds)

    def admit(self, kind: Hashable) -> int | None:
        """Return how many lines of ``kind`` were left out since the last one; None if this one is left out, too."""
        with self._lock:
            now = monotonic()
            until, left_out = self._kinds.get(kind, (now, 0))
            if now < until:
                self._kinds[kind] = (until, left_out + 1)
                return None
            if kind not in self._kinds and not self._has_room(now):
                return None
            self._kinds[kind] = (now + MINUTE, 0)
            self._kinds.move_to_end(kind)
            return left_out

    def _has_room(self, now: float) -> bool:
        """Whether another kind can be remembered. Forgets the oldest one if its minute is over."""
        if len(self._kinds) < MOST_KINDS:
            return True
        oldest = next(iter(self._kinds))
        is_over = self._kinds[oldest][0] <= now
        if is_over:
            del self._kinds[oldest]
        return is_over


def warning(message: str, *args: object, kind: Hashable = None) -> None:
    """Log a warning, unless one with the same ``message`` and ``kind`` was logged within the last minute.

    ``message`` and ``kind`` must not contain anything that a visitor chooses; ``args`` may.
    """
    _write(logging.WARNING, message, args, kind, is_with_traceback=False)


def exception(message: str, error: Exception) -> None:
    """Log ``error``, which is being handled, with its traceback; once a minute per class. See ``warning``."""
    _write(logging.ERROR, message, (), type(error).__name__, is_with_traceback=True)


def _write(level: int, message: str, args: tuple[object, ...], kind: Hashable, *, is_with_traceback: bool) -> None:
    left_out = _limit().admit((message, kind)) if logger.isEnabledFor(level) else None
    if left_out is None:
        return
    if left_out:
        message, args = f"{message} (and %d more since the last such line)", (*args, left_out)
    # The record names the file and line of the code that called this module.
    logger.log(level, message, *args, exc_info=is_with_traceback, stacklevel=3)


@once_per_process
def _limit() -> LineLimit:
    return LineLimit()
