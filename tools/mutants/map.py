"""Which tests run which lines of the package: the suite is run once under coverage, until the package changes."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from coverage import CoverageData

from tools.mutants import contexts
from tools.mutants.places import CACHE, PACKAGE, ROOT, TESTS, sources

# Servers, builds and other programs, which know nothing of a mutant in this process; and what no request enters.
LEFT_OUT = ("browser", "kratos", "management", "project", "servers", "shared_cache")
# What pytest returns then. On a busy machine one may fail, and none is believed that fails without a mutant.
SOME_FAILED = 1
OPTIONS = ["-m", "not kratos and not browser", "-q", "--no-header", "-p", "no:cacheprovider"]


class Map:
    """The tests, by file and line."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.seconds: dict[str, float] = json.loads((folder / "seconds.json").read_text())

    @cached_property
    def _data(self) -> CoverageData:
        data = CoverageData(str(self._folder / "coverage"))
        data.read()
        return data

    def tests_of(self, file: str, lines: Iterable[int]) -> set[str]:
        """The ids of the tests that run one of these ``lines`` of ``file``; of any, if there are none."""
        by_line = self._data.contexts_by_lineno(str(PACKAGE / file))
        wanted = [by_line.get(line, []) for line in lines] or by_line.values()
        return {test for tests in wanted for test in tests if test in self.seconds}

    @property
    def files(self) -> set[str]:
        """The files of tests that it knows."""
        return {test.partition("::")[0] for test in self.seconds}

    def changed_tests(self) -> list[str]:
        """The files of tests that were written after the map was made."""
        made = (self._folder / "map-of").stat().st_mtime
        return [str(path.relative_to(ROOT)) for path in TESTS.rglob("test_*.py") if path.stat().st_mtime > made]


@contextmanager
def using_map(tests: Sequence[str] = ()) -> Iterator[Map]:
    """The map of the package as it is, by the suite or only these ``tests``; made anew if the package has changed."""
    folder = CACHE / folder_name(tests)
    with made_once(folder, _digest(), lambda: _make(folder, tests)):
        yield Map(folder)


def folder_name(tests: Sequence[str]) -> str:
    """Return the name of the folder of the map by these ``tests``, which is no longer than a file's may be."""
    name = "-".join(["map", *(test.strip("/").replace("/", ".") for test in tests)])
    return name if len(name) < 100 else f"{name[:80]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


@contextmanager
def made_once(
    folder: Path, digest: str, make: Callable[[], None], say: Callable[[str], None] = print
) -> Iterator[None]:
    """Have ``make`` fill ``folder`` with what ``digest`` names, unless it is there.

    Within this block no other process makes it anew: it waits, and says so.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "map-of"
    with Path(f"{folder}.lock").open("a") as lock:

        def locked(kind: int) -> None:
            try:
                fcntl.flock(lock, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Another run makes or uses the map of these tests; waiting for it.")
                fcntl.flock(lock, kind)

        locked(fcntl.LOCK_SH)
        while not _is_made(stamp, digest):
            locked(fcntl.LOCK_EX)
            # Another process may have made it in the meantime.
            if not _is_made(stamp, digest):
                stamp.unlink(missing_ok=True)
                make()
                stamp.write_text(digest)
            locked(fcntl.LOCK_SH)
        yield


def _is_made(stamp: Path, digest: str) -> bool:
    return stamp.is_file() and stamp.read_text() == digest


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sources():
        digest.update(f"{path}\0".encode() + (PACKAGE / path).read_bytes())
    return digest.hexdigest()


def _make(folder: Path, tests: Sequence[str]) -> None:
    print("Running the tests once, to see which of them run which lines.", flush=True)
    for old in folder.iterdir():
        old.unlink()
    environment = os.environ | {
        "COVERAGE_FILE": str(folder / "coverage"),
        contexts.SECONDS: str(folder / "seconds.json"),
    }
    left_out = [f"--ignore-glob={TESTS / name}" for name in LEFT_OUT]
    suite = ["coverage", "run", "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-p", "tools.mutants.contexts"]
    suite += [*OPTIONS, *left_out, *tests]
    run = subprocess.run([sys.executable, "-m", *suite], cwd=ROOT, env=environment, check=False)
    if run.returncode not in (0, SOME_FAILED):
        raise SystemExit(f"pytest ended with {run.returncode}, so it is not known which tests run which lines.")
    subprocess.run([sys.executable, "-m", "coverage", "combine", "--quiet"], cwd=ROOT, env=environment, check=True)
