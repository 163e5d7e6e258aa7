"""Makes mutants of the modules that are named, or of all on the path of a request, and runs the tests against them."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tools.mutants.explained import read_explained
from tools.mutants.map import Map, changed_tests, load_map
from tools.mutants.mutations import Mutant, mutants_of
from tools.mutants.places import CACHE, EXPLAINED, PACKAGE, chosen, own_tests
from tools.mutants.trial import Verdict, preload, try_mutant


def main() -> int:
    """Returns 1 if a mutant survived that nobody explained, or an explanation explains nothing."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help="a module or a folder below django_ory_mfa")
    parser.add_argument("--match", default="", help="only mutants with this in their line")
    parser.add_argument("--again", action="store_true", help="try those, too, that were killed before")
    options = parser.parse_args()
    CACHE.mkdir(exist_ok=True)
    known, explained = load_map(), read_explained(EXPLAINED.read_text())
    preload()
    rows = [
        Run(file, known, explained, again=options.again, match=options.match).report() for file in chosen(options.files)
    ]
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

    def __init__(self, file: str, known: Map, explained: dict[str, str], *, again: bool, match: str) -> None:
        self._file, self._map, self._match = file, known, match
        self._explained = {key: reason for key, reason in explained.items() if key.startswith(f"{file}: ")}
        self._source = (PACKAGE / file).read_text()
        name = hashlib.sha256(f"{file}\0{self._source}".encode()).hexdigest()[:16]
        self._memory = CACHE / f"killed-{name}.jsonl"
        self._killed = set() if again or not self._memory.is_file() else _lines(self._memory)
        self._own = sorted({*own_tests(file), *changed_tests()})

    def report(self) -> Row:
        """Tries every mutant, prints the survivors, and counts."""
        started, count = time.monotonic(), Counter[str]()
        mutants = [mutant for mutant in mutants_of(self._file, self._source) if self._match in mutant.key]
        todo = [mutant for mutant in mutants if _digest(mutant) not in self._killed]
        print(f"{self._file}: {len(mutants)} mutants, {len(mutants) - len(todo)} of them known as killed", flush=True)
        if todo:
            self._check_tests()
        for mutant in todo:
            count[self._outcome(mutant)] += 1
        stale = [] if self._match else sorted(set(self._explained) - {mutant.key for mutant in mutants})
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
        """Tries the tests of the module itself first, and then all others that run its line, the short ones first."""
        tests = sorted(self._map.tests_of(mutant.file, mutant.lines), key=self._map.seconds.__getitem__)
        own = [test for test in tests if test.partition("::")[0] in self._own]
        verdict = self._try(mutant.source, own, self._own)
        others = [test for test in tests if test.partition("::")[0] not in self._own]
        return self._try(mutant.source, others, []) if verdict is Verdict.SURVIVED and others else verdict

    def _try(self, source: str, tests: list[str], whole: list[str]) -> Verdict:
        expected = sum(self._map.seconds[test] for test in tests)
        return try_mutant(self._file, source, tests, whole, seconds=120 + 10 * expected)

    def _check_tests(self) -> None:
        tests = sorted(self._map.tests_of(self._file, ()))
        log = CACHE / "tests.log"
        log.unlink(missing_ok=True)
        if try_mutant(self._file, self._source, tests, self._own, seconds=3600, log=str(log)) is not Verdict.SURVIVED:
            raise SystemExit(f"The tests of {self._file} fail without a mutant; see {log}.")


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
