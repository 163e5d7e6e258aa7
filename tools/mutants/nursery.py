"""A process that has collected the tests, and runs some of them against a mutant in a copy of itself.

To import the package and the tests takes longer than most tests do: here that is done once for all mutants.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from multiprocessing.connection import Connection
from types import CodeType, FunctionType
from typing import Any

import pytest

from tools.mutants.changes import NeedsImportError, functions_of, replacements
from tools.mutants.places import PACKAGE, ROOT
from tools.mutants.trial import Verdict, pytest_options

FORK = multiprocessing.get_context("fork")
NEEDS_IMPORT = "needs import"
Answer = tuple[str, str]


class Nursery:
    """The tests of ``files``, ready to run."""

    def __init__(self, files: Iterable[str]) -> None:
        self._pipe, there = FORK.Pipe()
        self._process = FORK.Process(target=_serve, args=(there, sorted(files)))
        self._process.start()
        there.close()
        self.tests: list[str] = self._pipe.recv()

    def killer(self, file: str, old: str, new: str, tests: Sequence[str], *, seconds: float) -> tuple[Verdict, str]:
        """Return what becomes of the mutant ``new`` of ``old``, and the first of ``tests`` that failed.

        Raise ``NeedsImportError`` if the mutant changes what runs when its module is imported.
        """
        self._pipe.send((str(PACKAGE / file), old, new, list(tests), seconds))
        verdict, test = self._pipe.recv()
        if verdict == NEEDS_IMPORT:
            raise NeedsImportError
        return Verdict(verdict), test

    def close(self) -> None:
        """End the process."""
        self._pipe.send(None)
        self._process.join()


class _Plugin:
    """Waits for mutants in the place where pytest would run the tests that it has collected."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        items = {item.nodeid: item for item in session.items}
        self._pipe.send(list(items))
        while wanted := self._pipe.recv():
            path, old, new, tests, seconds = wanted
            chosen = [items[test] for test in tests if test in items]
            self._pipe.send(self._try(session, path, old, new, chosen, seconds))
        os._exit(0)

    def _try(
        self, session: pytest.Session, path: str, old: str, new: str, items: list[pytest.Item], seconds: float
    ) -> Answer:
        functions, code = _before(path, old)
        try:
            changed = replacements(functions, code, compile(new, path, "exec"))
        except NeedsImportError:
            return NEEDS_IMPORT, ""
        here, there = FORK.Pipe(duplex=False)
        process = FORK.Process(target=_run, args=(there, session, changed, items))
        process.start()
        there.close()
        answer = _answer(here, seconds)
        assert process.pid is not None
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError):
                # With all that its tests have started.
                kill(process.pid, signal.SIGKILL)
        process.join()
        here.close()
        return answer


@lru_cache(maxsize=1)
def _before(path: str, source: str) -> tuple[dict[CodeType, list[FunctionType]], CodeType]:
    return functions_of(path), compile(source, path, "exec")


def _answer(pipe: Connection, seconds: float) -> Answer:
    if not pipe.poll(seconds):
        return Verdict.TIMEOUT, ""
    try:
        answer: Answer = pipe.recv()
    except EOFError:
        # The mutant has ended its process.
        return Verdict.KILLED, ""
    return answer


def _run(
    pipe: Connection,
    session: pytest.Session,
    changed: list[tuple[FunctionType, CodeType]],
    items: list[pytest.Item],
) -> None:
    os.setsid()
    for function, code in changed:
        function.__code__ = code
    for item, following in pairwise([*items, None]):
        if item is not None and _fails(session, item, following) and _fails(session, item, following):
            # Twice: a test that has too little time on a busy machine has seen no mutant.
            pipe.send((Verdict.KILLED, item.nodeid))
            os._exit(0)
    pipe.send((Verdict.SURVIVED, ""))
    os._exit(0)


def _fails(session: pytest.Session, item: Any, following: pytest.Item | None) -> bool:
    session.testsfailed, session.shouldfail = 0, False
    # As pytest itself does before it runs a test.
    item._initrequest()
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    return bool(session.testsfailed)


def _serve(pipe: Connection, files: list[Any]) -> None:
    os.setsid()
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.chdir(ROOT)
    os._exit(int(pytest.main([*pytest_options(), *files], plugins=[_Plugin(pipe)])))
