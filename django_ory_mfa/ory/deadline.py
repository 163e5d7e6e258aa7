"""A total time-out for a call. A socket's time-out restarts with every byte, so a slow server could outlast it."""

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
    """A context in which the calling thread can read from a covered socket for at most ``seconds`` from now.

    If ``wants_new_connection`` is true, the thread uses no kept-alive connection. ``is_over``: the context was left.
    """

    def __init__(self, seconds: float) -> None:
        self.wants_new_connection = False
        self.is_over = False
        self.at = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._duplicate: socket.socket | None = None

    @property
    def seconds_left(self) -> float:
        """The seconds until the deadline; below 0 after it."""
        return self.at - time.monotonic()

    @property
    def has_passed(self) -> bool:
        """Whether the deadline has passed."""
        return self.seconds_left <= 0

    def cover(self, covered: socket.socket, *, is_duplicate: bool = False) -> None:
        """Shut ``covered`` down at the deadline, which ends every read from it.

        ``is_duplicate``: the socket was made for this only, and is closed when it is no longer covered.
        """
        with self._lock:
            self._let_go()
            self._socket = covered
            self._duplicate = covered if is_duplicate else None
        if self.has_passed:
            self.expire()

    def expire(self) -> None:
        """Shut the covered socket down; called at the deadline."""
        with self._lock, suppress(OSError):
            if self._socket is not None:
                # Not SSLSocket.shutdown(), which must not be called while another thread reads from the socket.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def __enter__(self) -> Deadline:
        _thread.deadline = self
        _watchdog().watch(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _thread.deadline = None
        self.is_over = True
        with self._lock:
            # The connection goes back to its pool, and may be used for the next call.
            self._let_go()

    def _let_go(self) -> None:
        if self._duplicate is not None:
            self._duplicate.close()
        self._socket = self._duplicate = None


def current_deadline() -> Deadline | None:
    """Return the deadline of the calling thread; None if it has none."""
    deadline: Deadline | None = getattr(_thread, "deadline", None)
    return deadline


def cover(covered: Any) -> None:
    """Put ``covered`` under the deadline of the calling thread, if there is one."""
    deadline = current_deadline()
    # TLS inside TLS, as through an https proxy, is not a socket but has one.
    plain = covered if isinstance(covered, socket.socket) else getattr(covered, "socket", None)
    if deadline is not None and isinstance(plain, socket.socket):
        deadline.cover(plain)


class Watchdog(threading.Thread):
    """The one thread per process that expires all deadlines."""

    def __init__(self) -> None:
        super().__init__(name="ory-mfa-deadlines", daemon=True)
        self._condition = threading.Condition()
        self._numbers = itertools.count()
        self._deadlines: list[tuple[float, int, Deadline]] = []

    def watch(self, deadline: Deadline) -> None:
        """Expire ``deadline`` in time, unless it is left before."""
        with self._condition:
            heapq.heappush(self._deadlines, (deadline.at, next(self._numbers), deadline))
            if self._deadlines[0][2] is deadline:
                self._condition.notify()

    def run(self) -> None:
        """Expire deadlines for ever."""
        while True:
            self._next().expire()

    def _next(self) -> Deadline:
        with self._condition:
            while (seconds := self._seconds_to_next()) is None or seconds > 0:
                self._condition.wait(seconds)
            return heapq.heappop(self._deadlines)[2]

    def _seconds_to_next(self) -> float | None:
        # Most calls end long before, and are dropped together here: waking up for each would slow down busy threads.
        while self._deadlines and self._deadlines[0][2].is_over:
            heapq.heappop(self._deadlines)
        return self._deadlines[0][2].seconds_left if self._deadlines else None


@once_per_process
def _watchdog() -> Watchdog:
    watchdog = Watchdog()
    watchdog.start()
    return watchdog
