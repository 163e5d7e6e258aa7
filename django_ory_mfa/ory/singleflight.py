"""Single flight: concurrent identical calls to Ory share one call and its answer.

An async call runs in a thread of the package's own pool; joining a call in flight needs no thread.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections import deque
from collections.abc import Callable, Container, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from django_ory_mfa.conf import conf
from django_ory_mfa.core.answer import LATE, QUEUED, Answer
from django_ory_mfa.metrics import Event, count
from django_ory_mfa.ory.blocking_calls import in_slot
from django_ory_mfa.ory.lanes import Caller, Job, SharedThreads
from django_ory_mfa.runtime.clock import monotonic
from django_ory_mfa.runtime.per_process import once_per_process

FINISHED_FOR = 1.0  # seconds
# Statuses of whoami for a valid credential: a session, or one that still needs its second factor.
RECOGNISED = (200, 403)


class Call:
    """A call in flight. Waiters cannot cancel it, and others may join it until ``Group.finish``.

    ::

        join() -> in flight --answer--> answered --finish()--> finished --FINISHED_FOR--> forgotten
                      |
                      `- no waiter is left, and no thread has started it: withdrawn
    """

    def __init__(self) -> None:
        self.started_at = monotonic()
        self.finished_at = math.inf
        self.answer: Future[Answer] = Future()
        self.waiting = 0
        self.job: Job | None = None
        # A running future cannot be cancelled.
        self.answer.set_running_or_notify_cancel()

    @property
    def overdue(self) -> Answer:
        """The answer after the time-out of a waiter: ``QUEUED`` if the call had to wait for a thread, else ``LATE``."""
        if self.job is None or not self.job.has_waited:
            return LATE
        count(Event.QUEUE_TIMEOUT)
        return QUEUED

    def run(self, call: Callable[[], Answer]) -> None:
        """Make the call and hand its answer to every waiter; if this thread is interrupted, they get a failure."""
        try:
            answer = call()
        except Exception as error:
            self.answer.set_exception(error)
        except BaseException:
            self.answer.set_result(Answer.failed("interrupted"))
            raise
        else:
            self.answer.set_result(answer)


class Group:
    """The calls that may be joined: those in flight, and those that finished within ``FINISHED_FOR``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[Hashable, Call] = {}
        self._finished: deque[tuple[Hashable, Call]] = deque()

    def join(self, key: Hashable, since: float, arrived_at: float) -> tuple[Call, bool]:
        """Return a call for ``key``, and whether it is new, so that the caller has to make it.

        An existing call is joined only if it started at ``since`` or later and did not finish before ``arrived_at``
        (monotonic seconds).
        """
        with self._lock:
            call = self._calls.get(key)
            finished_after = max(arrived_at, monotonic() - FINISHED_FOR)
            is_new = call is None or call.started_at < since or call.finished_at <= finished_after
            if call is None or is_new:
                call = self._calls[key] = Call()
            call.waiting += 1
            return call, is_new

    def leave(self, call: Call) -> None:
        """Stop waiting for ``call``; it is withdrawn if nobody else waits and no thread has started it."""
        with self._lock:
            call.waiting -= 1
            is_abandoned = not call.waiting and call.job is not None and call.job.withdraw()
            if is_abandoned:
                # A call that is never made must not be joined.
                call.started_at = -math.inf
        if is_abandoned:
            call.answer.set_result(QUEUED)

    def finish(self, key: Hashable, call: Call) -> None:
        """Mark ``call`` as finished, and forget calls that finished more than ``FINISHED_FOR`` earlier."""
        with self._lock:
            call.finished_at = monotonic()
            self._finished.append((key, call))
            while self._finished[0][1].finished_at < call.finished_at - FINISHED_FOR:
                old_key, old = self._finished.popleft()
                if self._calls.get(old_key) is old:
                    del self._calls[old_key]


class SharedCall:
    """A new call, or one for the same ``key`` that started at ``since`` or later (monotonic seconds).

    It returns the answer and when the call started, within the configured total time-out. A finished call is shared
    with requests that arrived before it finished; ``arrived_at`` is when this one did (now if left out). With
    ``is_finished_by_caller`` the call may be joined until ``finish``, so that a later request finds its result in the
    cache. ``caller`` decides when an async call gets a thread. A blocking call runs at once in the thread of its
    caller, or fails with ``QUEUED`` if its network has no slot for it; ``recognised`` are the statuses that prove that
    the caller has a session.
    """

    def __init__(
        self,
        group: Group,
        key: Hashable,
        call: Callable[[], Answer],
        *,
        since: float = 0,
        arrived_at: float | None = None,
        is_finished_by_caller: bool = False,
        caller: Caller = Caller(),  # noqa: B008 - frozen
        recognised: Container[int] = RECOGNISED,
    ) -> None:
        self._group = group
        self._key = key
        self._call = call
        self._caller = caller
        self._recognised = recognised
        self._since = since
        self._arrived_at = monotonic() if arrived_at is None else arrived_at
        self._is_finished_by_caller = is_finished_by_caller
        self._own: Call | None = None

    def run(self) -> tuple[Answer, float]:
        """Make the call in this thread, or wait for the one in flight."""
        made = in_slot(self._run, self._caller, lambda made: made[0].status in self._recognised)
        return (QUEUED, monotonic()) if made is None else made

    def _run(self) -> tuple[Answer, float]:
        call, is_new = self._join()
        if is_new:
            call.run(self._call)
        else:
            count(Event.SHARED)
        try:
            return call.answer.result(conf.timeout.total), call.started_at
        except TimeoutError:
            return call.overdue, call.started_at
        finally:
            self._group.leave(call)

    async def arun(self) -> tuple[Answer, float]:
        """Make the call in a thread of the pool, or wait for the one in flight."""
        call, is_new = self._join()
        if is_new:
            call.job = _threads(conf.max_concurrency).submit(partial(call.run, self._call), self._caller)
        else:
            count(Event.SHARED)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(call.answer), conf.timeout.total), call.started_at
        except TimeoutError:
            return call.overdue, call.started_at
        finally:
            self._group.leave(call)

    def finish(self) -> None:
        """Finish the call if this object made it, so that it can no longer be joined."""
        if self._own is not None:
            call = self._own
            # Runs at once if the answer is there, else when it arrives.
            call.answer.add_done_callback(lambda _: self._group.finish(self._key, call))

    def _join(self) -> tuple[Call, bool]:
        # Do not join a call whose total time-out is over.
        oldest = max(self._since, monotonic() - conf.timeout.total)
        call, is_new = self._group.join(self._key, oldest, self._arrived_at)
        if is_new:
            self._own = call
            if not self._is_finished_by_caller:
                self.finish()
        return call, is_new


# One limit of concurrent calls for the whole process, for every Ory.
@once_per_process
def _threads(size: int) -> SharedThreads:
    return SharedThreads(_pool(size), size)


@once_per_process
def _pool(size: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(size, thread_name_prefix="ory-mfa")
