"""Calls to Ory that are shared: who asks what somebody else in this process is asking already gets the same answer.

An event loop waits for a thread of the package's own pool; whoever follows a call, for the call and not for a thread.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor

from django_ory_mfa.conf import conf
from django_ory_mfa.core.answer import LATE, Answer
from django_ory_mfa.metrics import Event, count
from django_ory_mfa.process import once_per_process


class Flight:
    """One call under way, which nobody who waits for it can cancel."""

    def __init__(self) -> None:
        self.departed_at = time.monotonic()
        self.answer: Future[Answer] = Future()
        # A future that is running cannot be cancelled.
        self.answer.set_running_or_notify_cancel()

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
    """The calls under way in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Hashable, Flight] = {}

    def enter(self, key: Hashable, since: float) -> tuple[Flight, bool]:
        """The call under way for ``key`` that did not depart before ``since``, else a new one; whether it is new."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None and flight.departed_at >= since:
                return flight, False
            flight = self._flights[key] = Flight()
        flight.answer.add_done_callback(lambda _: self._leave(key, flight))
        return flight, True

    def _leave(self, key: Hashable, flight: Flight) -> None:
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]


class Shared:
    """A call, or somebody else's for the same ``key`` that did not depart before ``since`` (monotonic seconds).

    Either way it is over within the total time-out of the settings. It returns the answer and when the call departed.
    """

    def __init__(self, key: Hashable, call: Callable[[], Answer], *, since: float = 0) -> None:
        self._key = key
        self._call = call
        self._since = since

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
            return LATE, flight.departed_at

    async def arun(self) -> tuple[Answer, float]:
        """Has a thread of the pool make the call, or waits for the other one."""
        flight, is_new = self._enter()
        if is_new:
            job = _pool(conf.max_concurrency).submit(flight.fly, self._call)
        else:
            count(Event.SHARED)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(flight.answer), conf.timeout.total), flight.departed_at
        except TimeoutError:
            if is_new and job.cancel():
                # It found no thread in time, and now nobody waits for it any more.
                flight.answer.set_result(LATE)
            return LATE, flight.departed_at

    def _enter(self) -> tuple[Flight, bool]:
        # One that should be over is not worth waiting for.
        return _board().enter(self._key, max(self._since, time.monotonic() - conf.timeout.total))


@once_per_process
def _board() -> Board:
    return Board()


@once_per_process
def _pool(size: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(size, thread_name_prefix="ory-mfa")
