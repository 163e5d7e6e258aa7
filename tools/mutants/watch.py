"""Watches a trial: what has become of the mutant, and whether one of the tests takes too long.

A mistake may make a loop endless, or a lock that nobody opens. Each test has a time of its own, so that is noticed a
minute later, however many tests a trial has.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from enum import StrEnum
from multiprocessing.connection import Connection
from typing import NamedTuple

RUNNING = "running"


class Verdict(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMEOUT = "timeout"
    SURVIVED = "survived"


class Patience(NamedTuple):
    """How many seconds a trial may take as a whole, until its first test begins, and for each test.

    They are many: the machine may be busy, and a test that fails for that reason has seen no mutant.
    """

    whole: float
    first: float
    tests: Mapping[str, float]

    @classmethod
    def of(cls, tests: Iterable[str], seconds: Mapping[str, float]) -> Patience:
        """``seconds`` are those that tests have taken without a mutant; it may know more tests, or fewer."""
        known = {test: seconds.get(test, 0.0) for test in tests}
        return cls(600 + 5 * sum(known.values()), 300, {test: 60 + 10 * taken for test, taken in known.items()})

    def after(self, test: str) -> float:
        """How long nothing may be heard once ``test`` has begun; before the first one its name is empty."""
        return self.tests.get(test, 60) if test else self.first


def last_word(pipe: Connection, patience: Patience) -> tuple[Verdict, str]:
    """Return the verdict that comes through ``pipe``, and the test that it is about.

    Until then each test is announced as ``RUNNING``. A process that ends without a verdict was killed by the mutant.
    """
    ends, test = time.monotonic() + patience.whole, ""
    while pipe.poll(max(0.0, min(patience.after(test), ends - time.monotonic()))):
        try:
            word, test = pipe.recv()
        except EOFError:
            return Verdict.KILLED, ""
        if word != RUNNING:
            return Verdict(word), test
    return Verdict.TIMEOUT, test
