"""Circuit breaker: fail fast while a server does not answer, and keep calls away from it while it recovers."""

from __future__ import annotations

import threading

from django_ory_mfa.runtime.clock import monotonic

FAILURES_IN_A_ROW = 3
SHORTEST_PAUSE = 2.0  # seconds
LONGEST_PAUSE = 10.0


class Breaker:
    """Opens after ``failures`` in a row: calls pause, then one half-open probe at a time tests the server.

    A probe that fails doubles the pause. Call ``allow`` before each call, and ``succeeded``, ``failed`` or
    ``inconclusive`` after it.
    """

    def __init__(self, failures: int = FAILURES_IN_A_ROW) -> None:
        self._most_failures = failures
        self._lock = threading.Lock()
        self._failures = 0
        self._pause = 0.0
        self._paused_until = 0.0
        self._pauses = 0

    @property
    def pauses(self) -> int:
        """How many pauses there were; it tells whether a call started before or after the last pause."""
        return self._pauses

    @property
    def is_closed(self) -> bool:
        """Whether the breaker is closed, so that ``allow`` need not be called."""
        return self._failures < self._most_failures

    def allow(self, seconds: float) -> float:
        """Return 0 if a call of at most ``seconds`` may start now, else the seconds until one may."""
        if self.is_closed:
            return 0
        with self._lock:
            left = self._paused_until - monotonic()
            if left > 0:
                return left
            # This call is the half-open probe. All others pause until it can have ended at the latest.
            self._paused_until = monotonic() + seconds
            return 0

    def inconclusive(self, pauses: int) -> None:
        """Note that the outcome of a call says nothing about the server; if it was the probe, the next call probes."""
        with self._lock:
            if pauses == self._pauses and not self.is_closed:
                self._paused_until = monotonic()

    def succeeded(self) -> None:
        """Note that the server answered, which closes the breaker."""
        if self._failures:
            with self._lock:
                self._failures, self._pause = 0, 0.0

    def failed(self, pauses: int) -> bool:
        """Note that a call failed which started after ``pauses`` pauses; return whether a new pause begins."""
        with self._lock:
            if pauses != self._pauses:
                # It started before the last pause, and belongs to the failures that caused that pause.
                return False
            self._failures += 1
            if self._failures < self._most_failures:
                return False
            self._pause = min(max(2 * self._pause, SHORTEST_PAUSE), LONGEST_PAUSE)
            self._paused_until = monotonic() + self._pause
            self._pauses += 1
            return True
