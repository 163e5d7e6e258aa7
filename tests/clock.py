"""Time that passes when a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django_ory_mfa.runtime.clock import SystemClock, use_clock


class PassingTime(SystemClock):
    """Stands still but for ``wait``; the monotonic clock begins at 1000 s."""

    def __init__(self) -> None:
        self._start = SystemClock.now(self)
        self.passed = 0.0

    @property
    def seconds(self) -> float:
        """What the monotonic clock shows."""
        return self.monotonic()

    @seconds.setter
    def seconds(self, shown: float) -> None:
        self.passed = shown - 1000.0

    def wait(self, seconds: float) -> None:
        """Let so much time pass."""
        self.passed += seconds

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return 1000.0 + self.passed


@contextmanager
def passing_time() -> Iterator[PassingTime]:
    """The package asks this clock within the block."""
    clock = PassingTime()
    before = use_clock(clock)
    try:
        yield clock
    finally:
        use_clock(before)
