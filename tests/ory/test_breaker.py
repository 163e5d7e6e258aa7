from __future__ import annotations

from django_ory_mfa.ory.breaker import Breaker
from tests.clock import PassingTime

CALL = 3.0  # seconds that a call may take


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        assert breaker.allow(CALL) == 0
        breaker.failed(breaker.pauses)


def test_calls_are_admitted_until_the_third_failure_in_a_row(clock: PassingTime) -> None:
    breaker = Breaker()
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    open_still = breaker.allow(CALL)
    fail(breaker)

    assert (open_still, breaker.allow(CALL)) == (0, 2)


def test_seconds_of_the_pause_are_told(clock: PassingTime) -> None:
    breaker = Breaker()
    fail(breaker, 3)
    clock.seconds += 1.5

    assert breaker.allow(CALL) == 0.5


def test_pause_doubles_with_every_failed_test_up_to_ten_seconds(clock: PassingTime) -> None:
    breaker, pauses = Breaker(), []
    fail(breaker, 3)
    for _ in range(5):
        pauses.append(breaker.allow(CALL))
        clock.seconds += pauses[-1]
        fail(breaker)

    assert pauses == [2, 4, 8, 10, 10]


def test_one_call_at_a_time_tests_the_server(clock: PassingTime) -> None:
    breaker = Breaker()
    fail(breaker, 3)
    clock.seconds += 2
    first, second = breaker.allow(CALL), breaker.allow(CALL)
    clock.seconds += 1
    third = breaker.allow(CALL)

    assert (first, second, third) == (0, CALL, CALL - 1)


def test_test_that_never_ends_gives_way_to_another(clock: PassingTime) -> None:
    breaker = Breaker()
    fail(breaker, 3)
    clock.seconds += 2
    breaker.allow(CALL)
    clock.seconds += CALL

    assert breaker.allow(CALL) == 0


def test_success_ends_the_pause_and_its_growth(clock: PassingTime) -> None:
    breaker = Breaker()
    fail(breaker, 3)
    clock.seconds += 2
    fail(breaker)
    clock.seconds += 4
    breaker.allow(CALL)
    breaker.succeeded()
    free = [breaker.allow(CALL) for _ in range(3)]
    fail(breaker, 3)

    assert (free, breaker.allow(CALL)) == ([0, 0, 0], 2)


def test_failures_of_calls_that_started_before_the_pause_do_not_prolong_it(clock: PassingTime) -> None:
    breaker = Breaker()
    begins = [breaker.failed(0) for _ in range(20)]

    assert begins == [False, False, True] + [False] * 17
    assert breaker.allow(CALL) == 2


def test_late_failure_does_not_spoil_the_test(clock: PassingTime) -> None:
    breaker = Breaker()
    fail(breaker, 3)
    clock.seconds += 2
    breaker.allow(CALL)
    breaker.failed(0)

    assert breaker.allow(CALL) == CALL


def test_pauses_are_counted(clock: PassingTime) -> None:
    breaker = Breaker()
    fail(breaker, 3)
    clock.seconds += 2
    fail(breaker)

    assert breaker.pauses == 2


def test_call_that_says_nothing_leaves_the_test_to_the_next_one(clock: PassingTime) -> None:
    breaker = Breaker()
    fail(breaker, 3)
    clock.seconds += 2
    breaker.allow(CALL)
    breaker.inconclusive(breaker.pauses)

    assert breaker.allow(CALL) == 0


def test_call_from_before_the_pause_that_says_nothing_does_not_end_it(clock: PassingTime) -> None:
    breaker = Breaker()
    fail(breaker, 3)
    breaker.inconclusive(0)

    assert breaker.allow(CALL) == 2


def test_number_of_failures_can_be_chosen(clock: PassingTime) -> None:
    breaker = Breaker(failures=1)
    fail(breaker)

    assert breaker.allow(CALL) == 2
