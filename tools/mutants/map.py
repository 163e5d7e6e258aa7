"""Which tests run which lines of the package: the suite is run once under coverage, until the package changes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from coverage import CoverageData

from tools.mutants import contexts
from tools.mutants.places import CACHE, PACKAGE, ROOT, TESTS, sources

# Servers, builds and other programs, which know nothing of a mutant in this process; and what no request enters.
LEFT_OUT = ("browser", "kratos", "management", "project", "servers", "shared_cache")
OPTIONS = ["-m", "not kratos and not browser", "-q", "--no-header", "-p", "no:cacheprovider"]
COVERAGE, SECONDS, STAMP = CACHE / "coverage", CACHE / "seconds.json", CACHE / "map-of"


@dataclass(frozen=True)
class Map:
    """The tests, by file and line."""

    seconds: dict[str, float]

    @cached_property
    def _data(self) -> CoverageData:
        data = CoverageData(str(COVERAGE))
        data.read()
        return data

    def tests_of(self, file: str, lines: Iterable[int]) -> set[str]:
        """The ids of the tests that run one of these ``lines`` of ``file``; of any, if there are none."""
        by_line = self._data.contexts_by_lineno(str(PACKAGE / file))
        wanted = [by_line.get(line, []) for line in lines] or by_line.values()
        return {test for tests in wanted for test in tests if test in self.seconds}


def load_map() -> Map:
    """The map of the package as it is; made anew, in some minutes, if that has changed."""
    stamp = _digest()
    if not STAMP.is_file() or STAMP.read_text() != stamp:
        _make()
        STAMP.write_text(stamp)
    return Map(json.loads(SECONDS.read_text()))


def changed_tests() -> list[str]:
    """The files of tests that were written after the map was made."""
    made = STAMP.stat().st_mtime
    return [str(path.relative_to(ROOT)) for path in TESTS.rglob("test_*.py") if path.stat().st_mtime > made]


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sources():
        digest.update(f"{path}\0".encode() + (PACKAGE / path).read_bytes())
    return digest.hexdigest()


def _make() -> None:
    print("Running the suite once, to see which tests run which lines.", flush=True)
    STAMP.unlink(missing_ok=True)
    for old in CACHE.glob("coverage*"):
        old.unlink()
    environment = os.environ | {"COVERAGE_FILE": str(COVERAGE), contexts.SECONDS: str(SECONDS)}
    left_out = [f"--ignore-glob={TESTS / name}" for name in LEFT_OUT]
    suite = ["coverage", "run", "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-p", "tools.mutants.contexts"]
    subprocess.run([sys.executable, "-m", *suite, *OPTIONS, *left_out], cwd=ROOT, env=environment, check=True)
    subprocess.run([sys.executable, "-m", "coverage", "combine", "--quiet"], cwd=ROOT, env=environment, check=True)
