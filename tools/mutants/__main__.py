"""Makes mutants of the modules that are named, or of all on the path of a request, and runs the tests against them."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tools.mutants.changes import NeedsImportError
from tools.mutants.explained import read_explained
from tools.mutants.map import Map, using_map
from tools.mutants.mutations import Mutant, mutants_of
from tools.mutants.nursery import Nursery
from tools.mutants.order import in_order
from tools.mutants.places import CACHE, EXPLAINED, PACKAGE, chosen, own_tests
from tools.mutants.trial import preload, try_mutant
from tools.mutants.watch import Patience, Verdict

# So many tests run in the process that has them all, before the mutant is imported by another for those that are near.
AT_FIRST = 400


def main() -> int:
    """Return 1 if a mutant survived that nobody explained, or an explanation explains nothing."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help="a module or a folder below django_ory_mfa")
    parser.add_argument("--match", default="", help="only mutants with this in their line")
    parser.add_argument("--logic", action="store_true", help="only mutants of conditions, results and whole statements")
    parser.add_argument("--again", action="store_true", help="try those, too, that were killed before")
    parser.add_argument("--tests", action="append", default=[], help="run only these, a file or a folder; repeat it")
    parser.add_argument("--quick", action="store_true", help="run at most 400 tests: others may kill a survivor")
    options = parser.parse_args()
    explained = read_explained(EXPLAINED.read_text())
    with using_map(options.tests) as known:
        preload()
        changed = known.changed_tests()
        nursery = Nursery({*known.files, *changed})
        rows = [Run(file, known, explained, nursery, changed, options).report() for file in chosen(options.files)]
        nursery.close()
    print_table(rows)
    return int(any(row.survived or row.stale for row in rows))


class Row(NamedTuple):
    """What became of the mutants of a module; ``stale`` explanations name none of them."""

    file: str
    mutants: int
    killed: int
    survived: int
    explained: int
    stale: int
    minutes: float


class Run:
    """The mutants of one module. What was killed is remembered for as long as the module stays as it is."""

    def __init__(
        self,
        file: str,
        known: Map,
        explained: dict[str, str],
        nursery: Nursery,
        changed: list[str],
        options: argparse.Namespace,
    ) -> None:
        self._file, self._map, self._nursery, self._options = file, known, nursery, options
        self._explained = {key: reason for key, reason in explained.items() if key.startswith(f"{file}: ")}
        self._source = (PACKAGE / file).read_text()
        name = hashlib.sha256(f"{file}\0{self._source}".encode()).hexdigest()[:16]
        self._memory = CACHE / f"killed-{name}.jsonl"
        self._killed = set() if options.again or not self._memory.is_file() else _lines(self._memory)
        self._whole = sorted({*own_tests(file), *changed} & {test.partition("::")[0] for test in nursery.tests})
        self._kills = Counter[str]()
        self._untrue: set[str] = set()
        self._passing: set[frozenset[str]] = set()

    def report(self) -> Row:
        """Try every mutant, print the survivors, and count."""
        started, count = time.monotonic(), Counter[str]()
        found = mutants_of(self._file, self._source, logic=self._options.logic)
        mutants = [mutant for mutant in found if self._options.match in mutant.key]
        todo = [mutant for mutant in mutants if _digest(mutant) not in self._killed]
        print(f"{self._file}: {len(mutants)} mutants, {len(mutants) - len(todo)} of them known as killed", flush=True)
        for mutant in todo:
            count[self._outcome(mutant)] += 1
        is_whole = not self._options.match and not self._options.logic
        stale = sorted(set(self._explained) - {mutant.key for mutant in mutants}) if is_whole else []
        for key in stale:
            print(f"  explains nothing: {key}")
        survived, explained = count["survived"], count["explained"]
        killed, minutes = len(mutants) - survived - explained, round((time.monotonic() - started) / 60, 1)
        return Row(self._file, len(mutants), killed, survived, explained, len(stale), minutes)

    def _outcome(self, mutant: Mutant) -> str:
        verdict = self._verdict(mutant)
        if verdict is not Verdict.SURVIVED:
            with self._memory.open("a") as memory:
                memory.write(json.dumps(_digest(mutant)) + "\n")
            return "killed"
        if mutant.key in self._explained:
            return "explained"
        print(f"  survived: {mutant.key}", flush=True)
        return "survived"

    def _verdict(self, mutant: Mutant) -> Verdict:
        """Change the functions that the mutant changes; if no test notices, have a new process import the mutant."""
        tests = self._tests(mutant)
        near = {*self._whole, *self._deadly()}
        close = [test for test in tests if test.partition("::")[0] in near] or tests[:AT_FIRST]
        others = [test for test in tests if test not in {*close}]
        # What decorators do happens when tests are imported, so the second trial comes before the tests that are left.
        trials: list[Callable[[], Verdict]] = [
            lambda: self._try_here(mutant, tests[:AT_FIRST]),
            lambda: self._try(mutant.source, close, self._whole),
            lambda: self._try_here(mutant, tests[AT_FIRST:]),
            lambda: self._try(mutant.source, others, []),
        ]
        for trial in trials[:2] if self._options.quick else trials:
            with suppress(NeedsImportError):
                verdict = trial()
                if verdict is not Verdict.SURVIVED or self._options.quick:
                    return verdict
        return Verdict.SURVIVED

    def _deadly(self) -> list[str]:
        """The files whose tests have killed most mutants of this module."""
        kills = Counter[str]()
        for test, number in self._kills.items():
            kills[test.partition("::")[0]] += number
        return [file for file, _ in kills.most_common(3)]

    def _tests(self, mutant: Mutant) -> list[str]:
        """The tests of the module and all others that run the line: first those that killed often and are short."""
        running = self._map.tests_of(mutant.file, mutant.lines)
        wanted = [test for test in self._nursery.tests if test in running or test.partition("::")[0] in self._whole]
        wanted = [test for test in wanted if test not in self._untrue]
        # What was written after the map was made may run the line, and is likely to have been written for it.
        running |= {test for test in wanted if test not in self._map.seconds}
        return in_order(wanted, self._file, running=running, kills=self._kills, seconds=self._map.seconds)

    def _try_here(self, mutant: Mutant, tests: list[str]) -> Verdict:
        while True:
            verdict, killer = self._ask(mutant.source, tests)
            if not killer:
                return verdict
            if self._is_true(verdict, killer, mutant):
                self._kills[killer] += 1
                return verdict
            tests = tests[tests.index(killer) + 1 :]

    def _is_true(self, verdict: Verdict, test: str, mutant: Mutant) -> bool:
        """Whether ``test`` passes without a mutant; and too slow it has to be twice, as it has to fail twice."""
        if not self._passes(test):
            return False
        return verdict is not Verdict.TIMEOUT or self._ask(mutant.source, [test])[0] is not Verdict.SURVIVED

    def _passes(self, test: str) -> bool:
        """Whether ``test`` passes without a mutant; else it is never asked again."""
        if not self._kills[test] and self._ask(self._source, [test])[0] is not Verdict.SURVIVED:
            print(f"  fails without a mutant: {test}", flush=True)
            self._untrue.add(test)
        return test not in self._untrue

    def _ask(self, source: str, tests: list[str]) -> tuple[Verdict, str]:
        return self._nursery.killer(self._file, self._source, source, tests, self._patience(tests))

    def _patience(self, tests: Iterable[str]) -> Patience:
        return Patience.of(tests, self._map.seconds)

    def _try(self, source: str, tests: list[str], whole: list[str]) -> Verdict:
        """The verdict of a new process; before it is believed that tests fail, they have to pass without a mutant."""
        if not tests and not whole:
            return Verdict.SURVIVED
        of_whole = (test for test in self._nursery.tests if test.partition("::")[0] in whole)
        patience = self._patience({*tests, *of_whole})
        verdict = try_mutant(self._file, source, tests, whole, patience=patience)
        if verdict is not Verdict.SURVIVED and (known := frozenset(tests)) not in self._passing:
            log = CACHE / f"tests-{self._file.replace('/', '.')}.log"
            log.unlink(missing_ok=True)
            # Twice, as everything that fails on a busy machine.
            passes = (
                try_mutant(self._file, self._source, tests, whole, patience=patience, log=str(log)) for _ in range(2)
            )
            if Verdict.SURVIVED not in passes:
                raise SystemExit(f"The tests of {self._file} fail without a mutant; see {log}.")
            self._passing.add(known)
        return verdict


def print_table(rows: Iterable[Row]) -> None:
    """One line a module."""
    for row in (Row._fields, *rows):
        print(f"{row[0]!s:24}" + "".join(f"{value!s:>11}" for value in row[1:]))


def _digest(mutant: Mutant) -> str:
    return hashlib.sha256(mutant.source.encode()).hexdigest()[:16]


def _lines(path: Path) -> set[str]:
    return {json.loads(line) for line in path.read_text().splitlines()}


if __name__ == "__main__":
    sys.exit(main())
