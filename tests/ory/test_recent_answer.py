"""An answer of Ory that is fetched in the background."""

from __future__ import annotations

import threading

from django_ory_mfa.core.answer import Answer
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
