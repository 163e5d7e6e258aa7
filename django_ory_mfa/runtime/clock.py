"""The clock: everything that asks for the time asks here, so that a test can replace it in one place.

``ory/deadline.py`` alone reads the clock of the system, since it waits for it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """The clocks of this machine."""

    def now(self) -> datetime:
        """Return this moment, aware and in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that only ever increase, from an unknown start."""
        return time.monotonic()


_clock = SystemClock()


def now() -> datetime:
    """Return this moment, aware and in UTC."""
    return _clock.now()


def monotonic() -> float:
    """Return seconds that only ever increase, from an unknown start; for how long something takes."""
    return _clock.monotonic()


def use_clock(clock: SystemClock) -> SystemClock:
    """Take the time from ``clock`` from now on; return the one before. For tests."""
    global _clock
    before, _clock = _clock, clock
    return before
