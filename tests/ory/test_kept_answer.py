"""An answer of Ory that everybody gets."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.metrics import Event, listen
from django_ory_mfa.ory.kept_answer import KEPT_FOR, KeptAnswer
from django_ory_mfa.ory.lanes import Caller
from django_ory_mfa.ory.singleflight import Group
from tests.clock import PassingTime
from tests.ory.networks import crowd

GOOD = Answer(200, body=b"the same for all")
HERE, THERE = Caller(is_known=False, address="127.0.0.1"), Caller(is_known=False, address="198.51.100.1")
PATIENCE = 10


class Ory:
    """Answers ``answer``, and notes for whom it was asked."""

    def __init__(self, answer: Answer = GOOD) -> None:
        self.answer = answer
        self.callers: list[Caller] = []

    def __call__(self, caller: Caller) -> Answer:
        self.callers.append(caller)
        return self.answer


def test_good_answer_is_kept_for_all(clock: PassingTime) -> None:
    ory = Ory()
    kept = KeptAnswer("name", ory, Group())
    first = [kept.get(caller) for caller in (HERE, THERE, Caller())]
    clock.wait(KEPT_FOR - 0.1)
    kept.get(THERE)
    before = ory.callers[:]
    clock.wait(0.1)
    ory.answer = Answer(200, body=b"another")
    later = [kept.get(THERE) for _ in range(2)]

    assert (first, before) == ([GOOD] * 3, [HERE])
    assert (later, ory.callers) == ([ory.answer] * 2, [HERE, THERE])


@pytest.mark.parametrize("answer", [Answer(404), Answer(503), Answer.failed("timeout")], ids=str)
def test_other_answer_is_not_kept(clock: PassingTime, answer: Answer) -> None:
    ory = Ory(answer)
    kept = KeptAnswer("name", ory, Group())

    assert [kept.get(HERE) for _ in range(2)] == [answer] * 2
    assert len(ory.callers) == 2


def test_visitors_at_the_same_time_share_one_call() -> None:
    asked, joined, release = threading.Event(), threading.Semaphore(0), threading.Event()
    callers: list[Caller] = []

    def ask(caller: Caller) -> Answer:
        callers.append(caller)
        asked.set()
        release.wait(PATIENCE)
        return GOOD

    def hear(event: Event, value: float) -> None:
        if event is Event.SHARED:
            joined.release()

    kept, stop = KeptAnswer("name", ask, Group()), listen(hear)
    with ThreadPoolExecutor() as threads:
        answers = [threads.submit(kept.get, HERE)]
        assert asked.wait(PATIENCE)
        answers += [threads.submit(kept.get, THERE) for _ in range(2)]
        assert all(joined.acquire(timeout=PATIENCE) for _ in range(2))
        release.set()
    stop()

    assert ([answer.result(0) for answer in answers], callers) == ([GOOD] * 3, [HERE])


def test_network_at_its_limit_gets_what_is_kept_and_asks_for_nothing(clock: PassingTime) -> None:
    ory = Ory()
    kept, empty = KeptAnswer("kept", ory, Group()), KeptAnswer("empty", ory, Group())
    crowd(clock)
    kept.get(THERE)

    assert (kept.get(HERE), empty.get(HERE).failure, len(ory.callers)) == (GOOD, "queue", 1)


def test_answer_proves_no_session(clock: PassingTime) -> None:
    slot = crowd(clock)
    slot.end(is_recognised=False)
    before = slot._network.misses
    KeptAnswer("name", Ory(), Group()).get(HERE)

    assert slot._network.misses == before + 1
