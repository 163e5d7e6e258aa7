"""The clock. Code that decides by the time reads it here, so that tests can replace it in one place.

``ory/deadline.py`` reads the system clock itself, because it really has to wait.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.utils.timezone import localtime


class SystemClock:
    """The clocks of this machine."""

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that only ever increase, from an unknown start."""
        return time.monotonic()


_clock = SystemClock()


def now() -> datetime:
    """Return the current time, aware and in UTC."""
    return _clock.now()


def monotonic() -> float:
    """Return seconds that only ever increase, from an unknown start; for measuring durations."""
    return _clock.monotonic()


def local(moment: datetime) -> datetime:
    """Return ``moment`` in the time zone that the site shows to the visitor."""
    return localtime(moment)


def use_clock(clock: SystemClock) -> SystemClock:
    """Replace the clock by ``clock``, and return the old one. For tests."""
    global _clock
    before, _clock = _clock, clock
    return before
