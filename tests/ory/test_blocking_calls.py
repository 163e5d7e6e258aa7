"""What one network may hold of a server's threads while Ory is slow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client, RequestFactory

from django_ory_mfa.core.answer import QUEUED, Answer
from django_ory_mfa.metrics import Event, listen
from django_ory_mfa.ory.blocking_calls import MISSES_IN_A_ROW, MOST_NETWORKS, SLOW, BlockingCalls, Slot, blocking_calls
from django_ory_mfa.ory.lanes import Caller, network_of
from django_ory_mfa.ory.singleflight import Group, SharedCall
from django_ory_mfa.session.resolver import attach
from django_ory_mfa.testing import FakeOry
from tests.clock import PassingTime, passing_time
from tests.ory.networks import crowd, is_limited
from tests.site import LOOP, Site

HERE, THERE = "192.0.2.1", "198.51.100.1"
PATIENCE = 10
UNKNOWN, KNOWN = Caller(is_known=False, address=HERE), Caller(is_known=True, address=HERE)
ELSEWHERE = Caller(is_known=False, address=THERE)


@pytest.fixture
def clock() -> Iterator[PassingTime]:
    with passing_time() as clock:
        yield clock


@pytest.fixture
def calls(clock: PassingTime) -> BlockingCalls:
    return BlockingCalls()


def begun(calls: BlockingCalls, name: str = HERE) -> Slot:
    slot = calls.begin(name)
    assert slot is not None
    return slot


def misses(calls: BlockingCalls, clock: PassingTime, times: int = MISSES_IN_A_ROW, seconds: float = SLOW + 0.1) -> None:
    for _ in range(times):
        slot = begun(calls)
        clock.wait(seconds)
        slot.end(is_recognised=False)


def test_network_whose_slow_calls_find_nobody_has_one_at_a_time(calls: BlockingCalls, clock: PassingTime) -> None:
    misses(calls, clock)

    slot = begun(calls)
    assert calls.begin(HERE) is None
    slot.end(is_recognised=False)

    assert calls.begin(HERE) is not None


def test_another_network_is_not_held_up(calls: BlockingCalls, clock: PassingTime) -> None:
    misses(calls, clock)
    begun(calls)

    assert [calls.begin(THERE) is not None for _ in range(100)] == [True] * 100


def test_calls_at_the_normal_speed_of_ory_are_not_limited(calls: BlockingCalls, clock: PassingTime) -> None:
    misses(calls, clock, 100, seconds=SLOW)

    assert [calls.begin(HERE) is not None for _ in range(100)] == [True] * 100


def test_call_under_way_shows_that_ory_is_slow(calls: BlockingCalls, clock: PassingTime) -> None:
    misses(calls, clock, seconds=0)
    begun(calls)
    clock.wait(SLOW)
    assert calls.begin(HERE) is not None

    clock.wait(0.1)

    assert calls.begin(HERE) is None


def test_quick_call_ends_the_limit(calls: BlockingCalls, clock: PassingTime) -> None:
    misses(calls, clock)
    begun(calls).end(is_recognised=False)

    assert [calls.begin(HERE) is not None for _ in range(100)] == [True] * 100


def test_few_calls_in_vain_are_not_limited(calls: BlockingCalls, clock: PassingTime) -> None:
    misses(calls, clock, MISSES_IN_A_ROW - 1)

    assert [calls.begin(HERE) is not None for _ in range(100)] == [True] * 100


def test_person_whom_ory_recognises_ends_the_limit(calls: BlockingCalls, clock: PassingTime) -> None:
    misses(calls, clock)
    slot = begun(calls)
    clock.wait(SLOW + 0.1)
    slot.end(is_recognised=True)

    assert [calls.begin(HERE) is not None for _ in range(100)] == [True] * 100


def test_session_that_ory_recognises_in_async_code_ends_the_limit_too(
    site: Site, ory: FakeOry, clock: PassingTime
) -> None:
    # Such a call has no slot; the sign-in pages of contrib.ui, which people see before, do.
    slot = crowd(clock)
    clock.wait(SLOW + 0.1)
    slot.end(is_recognised=False)

    ory.login(site)
    assert site.get("class/aal1").status_code == 200

    assert not is_limited()


def test_session_at_another_address_of_a_network_ends_its_limit(ory: FakeOry, clock: PassingTime) -> None:
    network = network_of("2001:db8::1")
    slot = crowd(clock, network)
    clock.wait(SLOW + 0.1)
    slot.end(is_recognised=False)
    cookie = f"{ory.cookie_name}={ory.login(Client()).cookie}"
    request: Any = RequestFactory(headers={"Cookie": cookie}, REMOTE_ADDR="2001:db8::2").get("/")
    attach(request)

    assert LOOP.run(request.aory_session())

    assert not is_limited(network)


def test_network_without_calls_needs_no_end_of_a_limit(calls: BlockingCalls) -> None:
    calls.recognise(HERE)

    assert len(calls) == 0


def test_networks_take_bounded_memory(calls: BlockingCalls) -> None:
    slots = [begun(calls, str(number)) for number in range(MOST_NETWORKS + 1)]

    assert len(calls) == MOST_NETWORKS
    slots[0].end(is_recognised=False)


def test_network_that_came_last_is_remembered(calls: BlockingCalls, clock: PassingTime) -> None:
    for number in range(MOST_NETWORKS):
        begun(calls, str(number))
    misses(calls, clock)
    begun(calls)

    assert calls.begin(HERE) is None


def test_network_that_comes_again_is_not_the_first_to_be_forgotten(calls: BlockingCalls, clock: PassingTime) -> None:
    misses(calls, clock)
    for number in range(MOST_NETWORKS - 1):
        begun(calls, str(number))
    begun(calls)
    begun(calls, "one more")

    assert len(calls) == MOST_NETWORKS
    assert calls.begin(HERE) is None


# Shared calls


@pytest.fixture
def crowded(ory: FakeOry, clock: PassingTime) -> BlockingCalls:
    """This process, where a network has begun a slow call after many in vain."""
    calls = blocking_calls()
    misses(calls, clock)
    begun(calls)
    return calls


@pytest.mark.usefixtures("crowded")
def test_call_that_may_not_be_made_is_answered_at_once() -> None:
    heard: list[Event] = []
    stop = listen(lambda event, seconds: heard.append(event))

    answer, _ = SharedCall(Group(), "whoami", lambda: Answer(200), caller=UNKNOWN).run()
    stop()

    assert answer is QUEUED
    assert heard == [Event.QUEUE_TIMEOUT]


@pytest.mark.usefixtures("crowded")
@pytest.mark.parametrize("caller", [KNOWN, ELSEWHERE])
def test_call_of_others_is_made(caller: Caller) -> None:
    answer, _ = SharedCall(Group(), "whoami", lambda: Answer(200), caller=caller).run()

    assert answer.status == 200


@pytest.mark.usefixtures("clock", "ory")
@pytest.mark.parametrize(("status", "is_limited"), [(401, True), (200, False), (403, False), (500, True)])
def test_answer_says_whether_a_call_was_a_miss(clock: PassingTime, status: int, *, is_limited: bool) -> None:
    def slow() -> Answer:
        clock.wait(SLOW + 0.1)
        return Answer(status)

    for number in range(MISSES_IN_A_ROW):
        SharedCall(Group(), number, slow, caller=UNKNOWN).run()
    begun(blocking_calls())

    assert (blocking_calls().begin(HERE) is None) is is_limited


@pytest.mark.usefixtures("clock", "ory")
def test_call_that_breaks_leaves_its_slot() -> None:
    def breaks() -> Answer:
        raise RuntimeError("a bug")

    for number in range(MISSES_IN_A_ROW + 1):
        with pytest.raises(RuntimeError):
            SharedCall(Group(), number, breaks, caller=UNKNOWN).run()


@pytest.mark.usefixtures("clock", "ory")
def test_threads_that_wait_for_the_call_of_another_count(clock: PassingTime) -> None:
    """The same junk cookie on many connections is one call, and holds as many threads."""
    misses(blocking_calls(), clock)
    group, held, release = Group(), threading.Event(), threading.Event()

    def slow() -> Answer:
        held.set()
        release.wait(PATIENCE)
        return Answer(401)

    with ThreadPoolExecutor() as threads:
        first = threads.submit(SharedCall(group, "same", slow, caller=UNKNOWN).run)
        assert held.wait(PATIENCE)

        second, _ = SharedCall(group, "same", slow, caller=UNKNOWN).run()
        release.set()

        assert (second, first.result(PATIENCE)[0].status) == (QUEUED, 401)


def test_visitor_whose_network_is_at_its_limit_is_told_to_come_back(crowded: BlockingCalls) -> None:
    client = Client(REMOTE_ADDR=HERE)
    client.cookies["ory_kratos_session"] = "junk"

    response = client.get("/sync/aal2")

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
