"""A total time for a call. The time-outs of a socket start anew with every byte, so that slow bytes outlast them."""

from __future__ import annotations

import heapq
import itertools
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any

from django_ory_mfa.runtime.per_process import once_per_process

_thread = threading.local()


class Deadline:
    """While it lasts, what the calling thread reads from a covered socket ends ``seconds`` from now at the latest.

    Setting ``wants_new_connection`` has the thread use no connection that was kept alive.
    """

    def __init__(self, seconds: float) -> None:
        self.wants_new_connection = False
        self.at = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._duplicate: socket.socket | None = None

    @property
    def seconds_left(self) -> float:
        """How long it lasts; below 0 afterwards."""
        return self.at - time.monotonic()

    @property
    def has_passed(self) -> bool:
        """Whether the time is over."""
        return self.seconds_left <= 0

    def cover(self, covered: socket.socket, *, is_duplicate: bool = False) -> None:
        """Has ``covered`` shut down when the time is over, which ends every read from it.

        A duplicate was made for this alone, and is closed when it is covered no more.
        """
        with self._lock:
            self._let_go()
            self._socket = covered
            self._duplicate = covered if is_duplicate else None
        if self.has_passed:
            self.expire()

    def expire(self) -> None:
        """Called when the time is over."""
        with self._lock, suppress(OSError):
            if self._socket is not None:
                # Not the method of SSLSocket, which another thread must not call while this one reads.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def __enter__(self) -> Deadline:
        _thread.deadline = self
        _watchdog().watch(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _thread.deadline = None
        with self._lock:
            # The connection goes back to its pool and may serve the next call.
            self._let_go()

    def _let_go(self) -> None:
        if self._duplicate is not None:
            self._duplicate.close()
        self._socket = self._duplicate = None


def current_deadline() -> Deadline | None:
    """The deadline of the calling thread."""
    deadline: Deadline | None = getattr(_thread, "deadline", None)
    return deadline


def cover(covered: Any) -> None:
    """Puts ``covered`` under the deadline of the calling thread, if there is one."""
    deadline = current_deadline()
    # TLS through a TLS proxy is no socket, but has one.
    plain = covered if isinstance(covered, socket.socket) else getattr(covered, "socket", None)
    if deadline is not None and isinstance(plain, socket.socket):
        deadline.cover(plain)


class Watchdog(threading.Thread):
    """One thread per process that wakes up for the deadlines of all."""

    def __init__(self) -> None:
        super().__init__(name="ory-mfa-deadlines", daemon=True)
        self._condition = threading.Condition()
        self._numbers = itertools.count()
        self._deadlines: list[tuple[float, int, Deadline]] = []

    def watch(self, deadline: Deadline) -> None:
        """Expires ``deadline`` when its time is over; those that ended before stay in line and cost nothing."""
        with self._condition:
            heapq.heappush(self._deadlines, (deadline.at, next(self._numbers), deadline))
            if self._deadlines[0][2] is deadline:
                self._condition.notify()

    def run(self) -> None:
        """The life of the thread."""
        while True:
            self._next().expire()

    def _next(self) -> Deadline:
        with self._condition:
            while not self._deadlines or self._deadlines[0][0] > time.monotonic():
                self._condition.wait(self._deadlines[0][0] - time.monotonic() if self._deadlines else None)
            return heapq.heappop(self._deadlines)[2]


@once_per_process
def _watchdog() -> Watchdog:
    watchdog = Watchdog()
    watchdog.start()
    return watchdog
