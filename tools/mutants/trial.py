"""Runs tests against one mutant, in a process of its own that has everything imported but the package and its tests."""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import hypothesis
import pytest

from tools.mutants.map import OPTIONS
from tools.mutants.places import PACKAGE, ROOT
from tools.mutants.watch import RUNNING, Patience, Verdict, last_word

# What tests import takes longer than most of them.
PRELOADED = (
    "asgiref.sync", "concurrent.futures", "django.conf", "django.core.handlers.asgi", "django.core.handlers.wsgi",
    "django.core.signing", "django.http", "django.template", "django.test", "django.urls", "django.views",
    "hypothesis.strategies", "pytest_django", "requests", "xdist",
)  # fmt: skip
PROFILE = "mutants"


class _MutantLoader(importlib.machinery.SourceFileLoader):
    """Loads a module from other source than that of its file, and keeps no bytecode of it."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source.encode()

    def get_data(self, path: str) -> bytes:
        return self._source if path == self.path else super().get_data(path)

    def path_stats(self, path: str) -> Any:
        raise OSError(path)


class _MutantFinder(importlib.abc.MetaPathFinder):
    def __init__(self, file: str, source: str) -> None:
        self._path = str(PACKAGE / file)
        name = ".".join((PACKAGE.name, *file.removesuffix(".py").split("/")))
        self._name, self._source = name.removesuffix(".__init__"), source

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        loader = _MutantLoader(fullname, self._path, self._source)
        return importlib.util.spec_from_file_location(fullname, self._path, loader=loader)


class _Chosen:
    """Has pytest run the tests that were chosen, in their order, and all of some files; says which one begins."""

    def __init__(self, tests: Sequence[str], whole: Sequence[str], pipe: Connection) -> None:
        self._pipe = pipe
        self._places = {test: place for place, test in enumerate(tests)}
        self._whole = tuple(f"{file}::" for file in whole)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self._places or item.nodeid.startswith(self._whole)]
        items.sort(key=lambda item: self._places.get(item.nodeid, -1))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._pipe.send((RUNNING, nodeid))


def preload() -> None:
    """Imports what every process needs, so that those which are forked have it."""
    for name in PRELOADED:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    phases = [phase for phase in hypothesis.Phase if phase.name in ("explicit", "generate")]
    hypothesis.settings.register_profile(PROFILE, phases=phases, database=None)
    gc.freeze()


def try_mutant(
    file: str, source: str, tests: Sequence[str], whole: Sequence[str], *, patience: Patience, log: str = os.devnull
) -> Verdict:
    """Whether one of ``tests``, or of the tests of the files ``whole``, fails with this ``source`` of ``file``."""
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe(duplex=False)
    process = fork.Process(target=_run, args=(there, file, source, list(tests), list(whole), log))
    process.start()
    there.close()
    verdict, _ = last_word(here, patience)
    end(process)
    here.close()
    return verdict


def end(process: BaseProcess) -> None:
    """End the process of a trial, with all that its tests have started."""
    assert process.pid is not None
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            kill(process.pid, signal.SIGKILL)
    process.join()


def _run(pipe: Connection, file: str, source: str, tests: list[str], whole: list[str], log: str) -> None:
    os.setsid()
    with open(log, "ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.chdir(ROOT)
    sys.meta_path.insert(0, _MutantFinder(file, source))
    files = sorted({test.partition("::")[0] for test in tests} | set(whole))
    traceback = "no" if log == os.devnull else "short"
    code = pytest.main([*pytest_options(traceback), *files], plugins=[_Chosen(tests, whole, pipe)])
    passed = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    pipe.send((Verdict.SURVIVED if code in passed else Verdict.KILLED, ""))
    os._exit(0)


def pytest_options(traceback: str = "no") -> list[str]:
    """Return what pytest is told in every trial."""
    # Rewriting assertions would load the package past the finder, and take time; so does looking for a simpler example.
    hypothesis = ["--hypothesis-seed=0", f"--hypothesis-profile={PROFILE}"]
    return [*OPTIONS, "-x", f"--tb={traceback}", "--assert=plain", *hypothesis]
