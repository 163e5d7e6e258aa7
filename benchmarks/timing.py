"""Times cases beside each other: in one process, in many short rounds, in another order each time."""

from __future__ import annotations

import gc
import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# Given a number of loops, the seconds that they took.
Take = Callable[[int], float]
# Of each case, one figure for each round.
Seconds = dict[str, list[float]]


@dataclass(frozen=True)
class Plan:
    """How much is measured; a quick run only shows that everything can be."""

    quick: bool = False

    def rounds(self, wanted: int) -> int:
        """How often each case is measured."""
        return 1 if self.quick else wanted

    def seconds(self, wanted: float) -> float:
        """How long one measurement lasts."""
        return wanted / 10 if self.quick else wanted

    def number(self, wanted: int, quick: int) -> int:
        """How many there are of something that takes time to make."""
        return quick if self.quick else wanted


def interleave(takes: Mapping[str, Take], *, rounds: int, seconds: float, repeats: int = 5) -> Seconds:
    """Times every case ``rounds`` times, about ``seconds`` each time.

    The figure of a round is the fastest of its ``repeats``: what other programs of the machine took is not the case's.
    """
    series: Seconds = {name: [] for name in takes}
    loops = {name: _calibrate(take, seconds / repeats) for name, take in takes.items()}
    for _ in range(rounds):
        fastest = dict.fromkeys(takes, math.inf)
        for _ in range(repeats):
            for name in random.sample(list(takes), len(takes)):
                fastest[name] = min(fastest[name], takes[name](loops[name]) / loops[name])
        for name, figure in fastest.items():
            series[name].append(figure)
        gc.collect()
    return series


def _calibrate(take: Take, seconds: float) -> int:
    """How many loops take about ``seconds``; warms the case up by the way."""
    loops = 1
    while (taken := take(loops)) < seconds / 2:
        loops = max(loops + 1, min(loops * 10, int(loops * seconds / max(taken, 1e-9))))
    return loops


def looped(function: Callable[[], object]) -> Take:
    """The time of calling ``function``."""

    def take(loops: int) -> float:
        started = time.perf_counter()
        for _ in range(loops):
            function()
        return time.perf_counter() - started

    return take
