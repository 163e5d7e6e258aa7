"""Spares callers a wait for a server that does not answer, and the server their calls while it recovers."""

from __future__ import annotations

import threading

from django_ory_mfa.runtime.clock import monotonic

FAILURES_IN_A_ROW = 3
SHORTEST_PAUSE = 2.0  # seconds
LONGEST_PAUSE = 10.0


class Breaker:
    """So many failures in a row make a pause; after it one call at a time tests the server, and a failure doubles it.

    A call is announced by ``allow`` and followed by ``succeeded``, ``failed`` or ``inconclusive``.
    """

    def __init__(self, failures: int = FAILURES_IN_A_ROW) -> None:
        self._most_failures = failures
        self._lock = threading.Lock()
        self._failures = 0
        self._pause = 0.0
        self._paused_until = 0.0
        self._pauses = 0
        self._successes = 0

    @property
    def successes(self) -> int:
        """How many calls succeeded; a call that tells of a failure of its own sees by it that others did not fail."""
        return self._successes

    @property
    def pauses(self) -> int:
        """How many pauses there were; a call is told by it from those of before the last one."""
        return self._pauses

    @property
    def is_closed(self) -> bool:
        """Whether there is neither a pause nor a test, so that ``allow`` need not be asked."""
        return self._failures < self._most_failures

    def allow(self, seconds: float) -> float:
        """0 if a call of at most ``seconds`` may start now, else the seconds until one may."""
        if self.is_closed:
            return 0
        with self._lock:
            left = self._paused_until - monotonic()
            if left > 0:
                return left
            # This call is the test. While it runs, and for no longer than it can, it is the pause of all others.
            self._paused_until = monotonic() + seconds
            return 0

    def inconclusive(self, pauses: int) -> None:
        """The end of a call told nothing; if it was the test, the next call is."""
        with self._lock:
            if pauses == self._pauses and not self.is_closed:
                self._paused_until = monotonic()

    def succeeded(self) -> None:
        """The server answered."""
        self._successes += 1
        if self._failures:
            with self._lock:
                self._failures, self._pause = 0, 0.0

    def failed(self, pauses: int) -> bool:
        """A call that started after so many ``pauses`` failed; whether that begins another one."""
        with self._lock:
            if pauses != self._pauses:
                # It started before the last pause, and its failure is among those that caused it.
                return False
            self._failures += 1
            if self._failures < self._most_failures:
                return False
            self._pause = min(max(2 * self._pause, SHORTEST_PAUSE), LONGEST_PAUSE)
            self._paused_until = monotonic() + self._pause
            self._pauses += 1
            return True
