"""What was measured, held against the targets, as a table."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

Sign = Literal["≤", "≥", "="]
HEADINGS = ("#", "What", "Target", "Measured", "Quartiles", "Verdict")


@dataclass(frozen=True)
class Row:
    """One target, and the figures of one run that are held against it: one figure for each round.

    Of a count, every figure has to meet the target. Without figures, ``left_out`` says why there are none.
    """

    number: str
    what: str
    sign: Sign
    limit: float
    figures: Sequence[float] = field(default_factory=list)
    left_out: str = ""
    is_count: bool = False


@dataclass
class Verdict:
    """One target, and its figures of every run."""

    number: str
    what: str
    sign: Sign
    limit: float
    is_count: bool
    runs: list[Sequence[float]] = field(default_factory=list)
    left_out: str = ""

    @property
    def figure(self) -> float | None:
        """The median over the runs of each run's median, of a count the largest; None if nothing was measured."""
        if self.is_count:
            return max((figure for figures in self.runs for figure in figures), default=None)
        medians = [statistics.median(figures) for figures in self.runs]
        return statistics.median(medians) if medians else None

    @property
    def quartiles(self) -> tuple[float, float] | None:
        """The quartiles of all rounds of all runs; None if there are less than two rounds."""
        rounds = [figure for figures in self.runs for figure in figures]
        if len(rounds) < 2:
            return None
        first, _, third = statistics.quantiles(rounds, n=4, method="inclusive")
        return first, third

    @property
    def is_met(self) -> bool | None:
        """Whether the figure is on the right side; None if nothing was measured."""
        figure = self.figure
        if figure is None:
            return None
        return {"≤": figure <= self.limit, "≥": figure >= self.limit, "=": figure == self.limit}[self.sign]

    def cells(self) -> tuple[str, ...]:
        """What the table says of it."""
        figure, quartiles = self.figure, self.quartiles
        verdict = {True: "met", False: "MISSED", None: f"left out: {self.left_out}"}[self.is_met]
        return (
            self.number,
            self.what,
            f"{self.sign} {short(self.limit)}",
            "-" if figure is None else short(figure),
            "-" if quartiles is None else f"{short(quartiles[0])} to {short(quartiles[1])}",
            verdict,
        )


def verdicts(runs: Iterable[Iterable[Row]]) -> list[Verdict]:
    """The rows of several runs, put together by target, in the order in which they first came."""
    found: dict[tuple[str, str], Verdict] = {}
    for row in (row for rows in runs for row in rows):
        blank = Verdict(row.number, row.what, row.sign, row.limit, row.is_count)
        verdict = found.setdefault((row.number, row.what), blank)
        if row.figures:
            verdict.runs.append(row.figures)
        else:
            verdict.left_out = row.left_out
    return list(found.values())


def ratios(numerator: Sequence[float], denominator: Sequence[float]) -> list[float]:
    """Round by round, since a noisy machine slows what runs at the same time by the same factor."""
    return [above / below for above, below in zip(numerator, denominator, strict=True)]


def added(series: Sequence[float], base: Sequence[float]) -> list[float]:
    """What each round took beyond ``base``."""
    return [whole - part for whole, part in zip(series, base, strict=True)]


def as_text(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that people read in a terminal, and that is a simple table of reStructuredText as well."""
    lines = [tuple(headings), *map(tuple, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    rule = "  ".join("=" * width for width in widths)
    first, *others = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([rule, first, rule, *others, rule])


def short(figure: float) -> str:
    """Three digits that count."""
    if figure == 0 or abs(figure) >= 1000:
        return f"{figure:.0f}"
    return f"{figure:.3g}"


def dumped(rows: Iterable[Row]) -> str:
    """``rows`` as one line of JSON."""
    return json.dumps([asdict(row) for row in rows])


def loaded(line: str) -> list[Row]:
    """The rows of ``dumped``."""
    return [Row(**row) for row in json.loads(line)]
