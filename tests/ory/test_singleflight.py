from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from django_ory_mfa.core.answer import LATE, QUEUED, Answer
from django_ory_mfa.core.decision import Outcome
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.guard.evaluation import evaluation_steps
from django_ory_mfa.metrics import Event, listen
from django_ory_mfa.ory.service import get_ory
from django_ory_mfa.ory.singleflight import FINISHED_FOR, Call, Group, SharedCall
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.resolver import attach

GOOD = Answer(200)
GROUP = Group()
# Long enough for any thread here, and never waited for in a run that passes.
PATIENCE = 60


class Ory:
    """A call that lasts until it is released, and counts how often it was made."""

    def __init__(self, answer: Answer | BaseException = GOOD) -> None:
        self.answer = answer
        self.calls = 0
        self.threads: list[str] = []
        self.busy = threading.Event()
        self.release = threading.Event()

    def __call__(self) -> Answer:
        self.calls += 1
        self.threads.append(threading.current_thread().name)
        self.busy.set()
        self.release.wait(PATIENCE)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture(autouse=True)
def _nothing_to_join() -> None:
    GROUP._calls.clear()
    GROUP._finished.clear()


@pytest.fixture
def ory() -> Iterator[Ory]:
    ory = Ory()
    yield ory
    ory.release.set()


@pytest.fixture
def followers() -> Iterator[threading.Semaphore]:
    """Counts those who wait for a call that somebody else makes."""
    joined = threading.Semaphore(0)

    def hear(event: Event, value: float) -> None:
        if event is Event.SHARED:
            joined.release()

    stop = listen(hear)
    yield joined
    stop()


def wait_until(joined: threading.Semaphore, count: int) -> None:
    for _ in range(count):
        assert joined.acquire(timeout=PATIENCE)


def answers(results: list[tuple[Answer, float]]) -> list[Answer]:
    return [answer for answer, _ in results]


def test_threads_share_one_call(ory: Ory, followers: threading.Semaphore) -> None:
    with ThreadPoolExecutor(16) as threads:
        results = [threads.submit(SharedCall(GROUP, "key", ory).run) for _ in range(16)]
        wait_until(followers, 15)
        ory.release.set()
        found = [result.result(PATIENCE) for result in results]

    assert (answers(found), ory.calls) == ([GOOD] * 16, 1)


def test_tasks_share_one_call(ory: Ory, followers: threading.Semaphore) -> None:
    async def main() -> list[tuple[Answer, float]]:
        tasks = [asyncio.ensure_future(SharedCall(GROUP, "key", ory).arun()) for _ in range(200)]
        await asyncio.to_thread(wait_until, followers, 199)
        ory.release.set()
        return await asyncio.gather(*tasks)

    assert (answers(asyncio.run(main())), ory.calls) == ([GOOD] * 200, 1)


def test_threads_and_event_loops_share_one_call(ory: Ory, followers: threading.Semaphore) -> None:
    def loop(_: int) -> tuple[Answer, float]:
        return asyncio.run(SharedCall(GROUP, "key", ory).arun())

    with ThreadPoolExecutor(6) as threads:
        results = [threads.submit(loop, number) for number in range(3)]
        results += [threads.submit(SharedCall(GROUP, "key", ory).run) for _ in range(3)]
        wait_until(followers, 5)
        ory.release.set()
        found = [result.result(PATIENCE) for result in results]

    assert (answers(found), ory.calls) == ([GOOD] * 6, 1)


def test_different_keys_share_nothing(ory: Ory) -> None:
    ory.release.set()

    SharedCall(GROUP, "one", ory).run()
    SharedCall(GROUP, "other", ory).run()

    assert ory.calls == 2


def test_call_that_is_over_is_not_shared(ory: Ory) -> None:
    ory.release.set()

    for _ in range(2):
        SharedCall(GROUP, "key", ory).run()
        asyncio.run(SharedCall(GROUP, "key", ory).arun())

    assert ory.calls == 4


def test_call_that_the_caller_has_not_landed_is_shared(ory: Ory) -> None:
    ory.release.set()
    own = SharedCall(GROUP, "key", ory, is_finished_by_caller=True)
    own.run()

    for _ in range(2):
        SharedCall(GROUP, "key", ory).run()
        asyncio.run(SharedCall(GROUP, "key", ory).arun())

    assert ory.calls == 1


def test_landed_call_is_shared_by_those_who_had_arrived(ory: Ory) -> None:
    ory.release.set()
    earlier = time.monotonic()
    own = SharedCall(GROUP, "key", ory, is_finished_by_caller=True)
    own.run()
    own.finish()

    SharedCall(GROUP, "key", ory, arrived_at=earlier).run()
    shared = ory.calls
    SharedCall(GROUP, "key", ory).run()

    assert (shared, ory.calls) == (1, 2)


def test_call_lands_when_it_is_over_if_the_caller_left_before(ory: Ory) -> None:
    async def main() -> None:
        own = SharedCall(GROUP, "key", ory, is_finished_by_caller=True)
        task = asyncio.ensure_future(own.arun())
        await asyncio.to_thread(ory.busy.wait, PATIENCE)
        task.cancel()
        own.finish()
        follower = asyncio.ensure_future(SharedCall(GROUP, "key", ory).arun())
        await asyncio.sleep(0)
        ory.release.set()
        await follower

    asyncio.run(main())
    shared = ory.calls
    SharedCall(GROUP, "key", ory).run()

    assert (shared, ory.calls) == (1, 2)


def test_follower_lands_nothing(ory: Ory) -> None:
    ory.release.set()
    own = SharedCall(GROUP, "key", ory, is_finished_by_caller=True)
    own.run()
    follower = SharedCall(GROUP, "key", ory, is_finished_by_caller=True)
    follower.run()
    follower.finish()

    SharedCall(GROUP, "key", ory).run()

    assert ory.calls == 1


def test_calls_that_landed_are_forgotten() -> None:
    group = Group()
    first, _ = group.join("first", 0, 0)
    group.finish("first", first)
    first.finished_at -= 2 * FINISHED_FOR
    second, _ = group.join("second", 0, 0)

    group.finish("second", second)

    assert group.join("first", 0, 0)[1]
    assert not group.join("second", 0, 0)[1]


def test_call_that_took_the_place_of_another_is_not_forgotten_with_it() -> None:
    group = Group()
    first, _ = group.join("key", 0, 0)
    group.finish("key", first)
    first.finished_at -= 2 * FINISHED_FOR
    second, is_new = group.join("key", time.monotonic(), 0)

    group.finish("other", Call())

    assert is_new
    assert group.join("key", 0, 0) == (second, False)


def test_everybody_learns_when_the_call_departed(ory: Ory, followers: threading.Semaphore) -> None:
    before = time.monotonic()
    with ThreadPoolExecutor(2) as threads:
        results = [threads.submit(SharedCall(GROUP, "key", ory).run) for _ in range(2)]
        wait_until(followers, 1)
        joined = time.monotonic()
        ory.release.set()
        departures = {result.result(PATIENCE)[1] for result in results}

    assert len(departures) == 1
    assert before <= departures.pop() <= joined


def test_call_that_departed_too_early_is_not_shared(ory: Ory, followers: threading.Semaphore) -> None:
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(SharedCall(GROUP, "key", ory).run)
        ory.busy.wait(PATIENCE)
        since = time.monotonic()
        late = [threads.submit(SharedCall(GROUP, "key", ory, since=since).run) for _ in range(2)]
        wait_until(followers, 1)
        ory.release.set()
        departures = {future.result(PATIENCE)[1] for future in late}
        first.result(PATIENCE)

    # The two who may not share the first call share one of their own.
    assert (ory.calls, len(departures)) == (2, 1)
    assert departures.pop() >= since


@pytest.mark.parametrize("error", [ValueError("odd"), Answer.failed("ConnectionError", is_outage=True)], ids=str)
def test_failure_is_shared(error: Any, followers: threading.Semaphore) -> None:
    ory = Ory(error)

    def ask(_: int) -> object:
        try:
            return SharedCall(GROUP, "key", ory).run()[0]
        except ValueError as raised:
            return raised

    with ThreadPoolExecutor(4) as threads:
        results = threads.map(ask, range(4))
        wait_until(followers, 3)
        ory.release.set()
        found = list(results)

    assert (found, ory.calls) == ([error] * 4, 1)


def test_thread_that_is_ended_in_a_call_is_a_failure_to_the_others(followers: threading.Semaphore) -> None:
    ory, ended = Ory(SystemExit()), []

    def lead() -> None:
        try:
            SharedCall(GROUP, "key", ory).run()
        except SystemExit:
            ended.append(1)

    leader = threading.Thread(target=lead)
    leader.start()
    ory.busy.wait(PATIENCE)
    with ThreadPoolExecutor(1) as threads:
        follower = threads.submit(SharedCall(GROUP, "key", ory).run)
        wait_until(followers, 1)
        ory.release.set()
        answer, _ = follower.result(PATIENCE)
    leader.join()

    assert (answer, ended) == (Answer.failed("interrupted"), [1])


def test_nobody_waits_longer_than_the_time_out(ory: Ory, settings: Any, followers: threading.Semaphore) -> None:
    # All three have to be there before it is over.
    settings.ORY_MFA_TIMEOUT = 2

    async def main() -> list[tuple[Answer, float]]:
        leading = asyncio.ensure_future(SharedCall(GROUP, "key", ory).arun())
        await asyncio.to_thread(ory.busy.wait, PATIENCE)
        blocking = asyncio.to_thread(SharedCall(GROUP, "key", ory).run)
        return list(await asyncio.gather(leading, SharedCall(GROUP, "key", ory).arun(), blocking))

    assert answers(asyncio.run(main())) == [LATE, LATE, LATE]
    assert ory.calls == 1


def test_blocking_code_waits_no_longer_for_a_blocking_call(
    ory: Ory, settings: Any, followers: threading.Semaphore
) -> None:
    settings.ORY_MFA_TIMEOUT = 2

    with ThreadPoolExecutor(2) as threads:
        leading = threads.submit(SharedCall(GROUP, "key", ory).run)
        ory.busy.wait(PATIENCE)
        following = threads.submit(SharedCall(GROUP, "key", ory).run)
        wait_until(followers, 1)
        wait([following], PATIENCE)
        ory.release.set()
        found = answers([following.result(PATIENCE), leading.result(PATIENCE)])

    assert found == [LATE, GOOD]


def test_call_that_should_be_over_is_waited_for_by_nobody(ory: Ory, settings: Any) -> None:
    settings.ORY_MFA_TIMEOUT = 0.1
    second = Ory(Answer(401))
    second.release.set()

    asyncio.run(SharedCall(GROUP, "key", ory).arun())
    answer, _ = SharedCall(GROUP, "key", second).run()

    assert answer == Answer(401)


@pytest.mark.parametrize("cancelled", [0, 1], ids=["who makes the call", "who follows"])
def test_cancelled_asker_does_not_cancel_the_others(ory: Ory, followers: threading.Semaphore, cancelled: int) -> None:
    async def main() -> Answer:
        tasks = [asyncio.ensure_future(SharedCall(GROUP, "key", ory).arun()) for _ in range(2)]
        await asyncio.to_thread(wait_until, followers, 1)
        tasks[cancelled].cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await tasks[cancelled]
        ory.release.set()
        answer, _ = await tasks[1 - cancelled]
        return answer

    assert (asyncio.run(main()), ory.calls) == (GOOD, 1)


def test_event_loop_that_ends_leaves_the_call_to_the_others(ory: Ory, followers: threading.Semaphore) -> None:
    async def give_up() -> None:
        task = asyncio.ensure_future(SharedCall(GROUP, "key", ory).arun())
        await asyncio.to_thread(ory.busy.wait, PATIENCE)
        task.cancel()

    asyncio.run(give_up())
    with ThreadPoolExecutor(1) as threads:
        follower = threads.submit(SharedCall(GROUP, "key", ory).run)
        wait_until(followers, 1)
        ory.release.set()

        assert follower.result(PATIENCE)[0] == GOOD


def test_followers_hold_no_slot_of_the_pool(settings: Any, ory: Ory, followers: threading.Semaphore) -> None:
    settings.ORY_MFA_MAX_CONCURRENCY = 2
    other = Ory(Answer(401))
    other.release.set()

    async def main() -> tuple[Answer, list[tuple[Answer, float]]]:
        tasks = [asyncio.ensure_future(SharedCall(GROUP, "key", ory).arun()) for _ in range(20)]
        await asyncio.to_thread(wait_until, followers, 19)
        # Twenty wait for one call, and the second of the two slots is free.
        answer, _ = await SharedCall(GROUP, "other", other).arun()
        ory.release.set()
        return answer, await asyncio.gather(*tasks)

    answer, found = asyncio.run(main())

    assert (answer, answers(found)) == (Answer(401), [GOOD] * 20)


def test_calls_of_async_code_run_in_threads_of_the_package(ory: Ory) -> None:
    ory.release.set()

    asyncio.run(SharedCall(GROUP, "key", ory).arun())

    assert ory.threads[0].startswith("ory-mfa")


def test_call_that_finds_no_slot_in_time_is_never_made(settings: Any, ory: Ory) -> None:
    settings.ORY_MFA_TIMEOUT = 0.2
    settings.ORY_MFA_MAX_CONCURRENCY = 1
    second = Ory()
    second.release.set()

    async def main() -> Answer:
        blocker = asyncio.ensure_future(SharedCall(GROUP, "first", ory).arun())
        await asyncio.to_thread(ory.busy.wait, PATIENCE)
        waited, _ = await SharedCall(GROUP, "second", second).arun()
        ory.release.set()
        await blocker
        # The slot is free again, and what waited in vain does not come back for it.
        await SharedCall(GROUP, "third", lambda: GOOD).arun()
        return waited

    assert (asyncio.run(main()), second.calls) == (QUEUED, 0)


@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_calls_at_once_than_allowed(settings: Any, limit: int) -> None:
    settings.ORY_MFA_MAX_CONCURRENCY = limit
    lock, full, now, most = threading.Lock(), threading.Barrier(limit), 0, 0

    def call() -> Answer:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        full.wait(PATIENCE)
        with lock:
            now -= 1
        return GOOD

    async def main() -> None:
        await asyncio.gather(*(SharedCall(GROUP, number, call).arun() for number in range(limit * 3)))

    asyncio.run(main())

    assert most == limit


def test_blocking_call_is_made_by_the_thread_that_asks(ory: Ory) -> None:
    ory.release.set()

    SharedCall(GROUP, "key", ory).run()

    assert ory.threads == [threading.current_thread().name]


def test_shared_failure_is_not_asked_about_again(rf: Any) -> None:
    """It may not refuse, being somebody else's, and so every follower asked anew and waited twice as long."""
    request = rf.get("/", headers={"X-Session-Token": "ory_st_t0ken"})
    attach(request)
    # That Ory recognised it before spares the question whether Ory is ready, which is a call as well.
    get_ory().known_credentials.note(state_of(request).fingerprint)
    steps = evaluation_steps(state_of(request), Requirement("aal1"))
    departed_at_once = (LATE, 0.0)
    calls = []
    with pytest.raises(StopIteration) as stop:  # noqa: PT012 - the steps end when they end
        call = next(steps)
        while True:
            calls.append(type(call))
            call = steps.send(departed_at_once)

    assert stop.value.value.outcome is Outcome.UNAVAILABLE
    assert calls.count(SharedCall) == 1
