"""Calls to Ory that are shared: who asks what somebody else in this process is asking already gets the same answer.

An event loop waits for a thread of the package's own pool; whoever follows a call, for the call and not for a thread.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from django_ory_mfa.conf import conf
from django_ory_mfa.core.answer import LATE, QUEUED, Answer
from django_ory_mfa.metrics import Event, count
from django_ory_mfa.ory.lanes import Caller, Job, SharedThreads
from django_ory_mfa.runtime.per_process import once_per_process

LANDED_FOR = 1.0  # seconds


class Flight:
    """One call, which nobody who waits for it can cancel. It is under way until it has landed."""

    def __init__(self) -> None:
        self.departed_at = time.monotonic()
        self.landed_at = math.inf
        self.answer: Future[Answer] = Future()
        self.waiting = 0
        self.job: Job | None = None
        # A future that is running cannot be cancelled.
        self.answer.set_running_or_notify_cancel()

    @property
    def overdue(self) -> Answer:
        """The answer for those whose time is over: Ory is late only if the call did not queue for a thread first."""
        if self.job is None or not self.job.has_waited:
            return LATE
        count(Event.QUEUE_TIMEOUT)
        return QUEUED

    def fly(self, call: Callable[[], Answer]) -> None:
        """Makes the call, and tells everybody how it ended; an end of this thread is a failure to the others."""
        try:
            answer = call()
        except Exception as error:
            self.answer.set_exception(error)
        except BaseException:
            self.answer.set_result(Answer.failed("interrupted"))
            raise
        else:
            self.answer.set_result(answer)


class Board:
    """The calls under way in this process, and those that landed a moment ago."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Hashable, Flight] = {}
        self._landed: deque[tuple[Hashable, Flight]] = deque()

    def enter(self, key: Hashable, since: float, arrived_at: float) -> tuple[Flight, bool]:
        """The call for ``key`` that departed at ``since`` or later and landed after ``arrived_at``, or not yet.

        Else a new one; and whether it is new.
        """
        with self._lock:
            flight = self._flights.get(key)
            landed_after = max(arrived_at, time.monotonic() - LANDED_FOR)
            is_new = flight is None or flight.departed_at < since or flight.landed_at <= landed_after
            if flight is None or is_new:
                flight = self._flights[key] = Flight()
            flight.waiting += 1
            return flight, is_new

    def leave(self, flight: Flight) -> None:
        """Notes that somebody does not wait any more; a call that nobody waits for is not begun."""
        with self._lock:
            flight.waiting -= 1
            is_abandoned = not flight.waiting and flight.job is not None and flight.job.withdraw()
            if is_abandoned:
                # Nobody who comes later may share a call that is never made.
                flight.departed_at = -math.inf
        if is_abandoned:
            flight.answer.set_result(QUEUED)

    def land(self, key: Hashable, flight: Flight) -> None:
        """Notes that the call is over, and forgets those of which that was noted long ago."""
        with self._lock:
            flight.landed_at = time.monotonic()
            self._landed.append((key, flight))
            while self._landed[0][1].landed_at < flight.landed_at - LANDED_FOR:
                forgotten, landed = self._landed.popleft()
                if self._flights.get(forgotten) is landed:
                    del self._flights[forgotten]


class Shared:
    """A call, or somebody else's for the same ``key`` that did not depart before ``since`` (monotonic seconds).

    Either way it is over within the total time-out of the settings. It returns the answer and when the call departed.
    One that has landed is shared by those who had arrived before, at ``arrived_at`` (now, if left out). With
    ``is_landed_by_caller`` it is under way until ``land``, so that whoever comes later finds what the caller kept.
    ``caller`` decides when an async call gets a thread; a blocking call runs in the caller's own thread at once.
    """

    def __init__(
        self,
        key: Hashable,
        call: Callable[[], Answer],
        *,
        since: float = 0,
        arrived_at: float | None = None,
        is_landed_by_caller: bool = False,
        caller: Caller = Caller(),  # noqa: B008 - frozen
    ) -> None:
        self._key = key
        self._call = call
        self._caller = caller
        self._since = since
        self._arrived_at = time.monotonic() if arrived_at is None else arrived_at
        self._is_landed_by_caller = is_landed_by_caller
        self._own: Flight | None = None

    def run(self) -> tuple[Answer, float]:
        """Makes the call in this thread, or waits for the other one."""
        flight, is_new = self._enter()
        if is_new:
            flight.fly(self._call)
        else:
            count(Event.SHARED)
        try:
            return flight.answer.result(conf.timeout.total), flight.departed_at
        except TimeoutError:
            return flight.overdue, flight.departed_at
        finally:
            _board().leave(flight)

    async def arun(self) -> tuple[Answer, float]:
        """Has a thread of the pool make the call, or waits for the other one."""
        flight, is_new = self._enter()
        if is_new:
            flight.job = _threads(conf.max_concurrency).submit(partial(flight.fly, self._call), self._caller)
        else:
            count(Event.SHARED)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(flight.answer), conf.timeout.total), flight.departed_at
        except TimeoutError:
            return flight.overdue, flight.departed_at
        finally:
            _board().leave(flight)

    def land(self) -> None:
        """Says that the caller needs its call no more; nothing if it shared that of another."""
        if self._own is not None:
            board, flight = _board(), self._own
            # At once if it is answered, else when it will be.
            flight.answer.add_done_callback(lambda _: board.land(self._key, flight))

    def _enter(self) -> tuple[Flight, bool]:
        # One that should be over is not worth waiting for.
        oldest = max(self._since, time.monotonic() - conf.timeout.total)
        flight, is_new = _board().enter(self._key, oldest, self._arrived_at)
        if is_new:
            self._own = flight
            if not self._is_landed_by_caller:
                self.land()
        return flight, is_new


@once_per_process
def _board() -> Board:
    return Board()


@once_per_process
def _threads(size: int) -> SharedThreads:
    return SharedThreads(_pool(size), size)


@once_per_process
def _pool(size: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(size, thread_name_prefix="ory-mfa")
