"""An answer of Ory that is fetched in the background."""

from __future__ import annotations

import threading

import pytest

from django_ory_mfa.core.answer import QUEUED, Answer
from django_ory_mfa.ory.recent_answer import RecentAnswer

READY = Answer(200, {}, b"{}")
PATIENCE = 10


def test_answer_under_way_is_fetched_once_for_all_who_want_it() -> None:
    may_come, came = threading.Event(), threading.Semaphore(0)
    asked: list[None] = []
    told: list[Answer] = []

    def ask() -> Answer:
        asked.append(None)
        may_come.wait(PATIENCE)
        return READY

    def tell(answer: Answer) -> None:
        told.append(answer)
        came.release()

    recent = RecentAnswer(ask)
    for _ in range(3):
        recent.on_answer(tell)
    may_come.set()

    assert all(came.acquire(timeout=PATIENCE) for _ in range(3))
    assert (len(asked), told) == (1, [READY] * 3)


def test_thread_that_waits_for_ory_does_not_keep_the_process_from_ending() -> None:
    threads: list[threading.Thread] = []
    came = threading.Event()

    def ask() -> Answer:
        threads.append(threading.current_thread())
        return READY

    RecentAnswer(ask).on_answer(lambda answer: came.set())

    assert came.wait(PATIENCE)
    assert [thread.daemon for thread in threads] == [True]


def test_whoever_asks_where_no_thread_can_start_is_told_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    came, told = threading.Event(), list[Answer]()

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    def tell(answer: Answer) -> None:
        told.append(answer)
        if answer is READY:
            came.set()

    recent = RecentAnswer(lambda: READY)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        recent.on_answer(tell)
    assert told == [QUEUED]
    recent.on_answer(tell)

    assert came.wait(PATIENCE)
    assert told == [QUEUED, READY]
