"""A process that has collected the tests, and runs some of them against a mutant in a copy of itself.

To import the package and the tests takes longer than most tests do: here that is done once for all mutants.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from multiprocessing.connection import Connection
from types import CodeType, FunctionType
from typing import Any

import pytest

from tools.mutants.changes import NeedsImportError, functions_of, replacements
from tools.mutants.places import PACKAGE, ROOT
from tools.mutants.trial import end, pytest_options
from tools.mutants.watch import RUNNING, Patience, Verdict, last_word

FORK = multiprocessing.get_context("fork")
NEEDS_IMPORT = "needs import"
Answer = tuple[str, str]


class Nursery:
    """The tests of ``files``, ready to run."""

    def __init__(self, files: Iterable[str]) -> None:
        self._pipe, there = FORK.Pipe()
        self._process = FORK.Process(target=_serve, args=(there, self._pipe, sorted(files)))
        self._process.start()
        there.close()
        self.tests: list[str] = self._pipe.recv()

    def killer(self, file: str, old: str, new: str, tests: Sequence[str], patience: Patience) -> tuple[Verdict, str]:
        """Return what becomes of the mutant ``new`` of ``old``, and the test that failed or took too long.

        Raise ``NeedsImportError`` if the mutant changes what runs when its module is imported.
        """
        self._pipe.send((str(PACKAGE / file), old, new, list(tests), patience))
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
            path, old, new, tests, patience = wanted
            chosen = [items[test] for test in tests if test in items]
            self._pipe.send(self._try(session, path, old, new, chosen, patience))
        os._exit(0)

    def _try(
        self, session: pytest.Session, path: str, old: str, new: str, items: list[pytest.Item], patience: Patience
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
        answer = last_word(here, patience)
        end(process)
        here.close()
        return answer


@lru_cache(maxsize=1)
def _before(path: str, source: str) -> tuple[dict[CodeType, list[FunctionType]], CodeType]:
    return functions_of(path), compile(source, path, "exec")


def _run(
    pipe: Connection,
    session: pytest.Session,
    changed: list[tuple[FunctionType, CodeType]],
    items: list[pytest.Item],
) -> None:
    os.setsid()
    for function, code in changed:
        function.__code__ = code

    def fails(item: pytest.Item, following: pytest.Item | None) -> bool:
        pipe.send((RUNNING, item.nodeid))
        return _fails(session, item, following)

    for item, following in pairwise([*items, None]):
        if item is not None and fails(item, following) and fails(item, following):
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


def _serve(pipe: Connection, other_end: Connection, files: list[Any]) -> None:
    # Or else it would wait for ever for a process that was killed.
    other_end.close()
    os.setsid()
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.chdir(ROOT)
    os._exit(int(pytest.main([*pytest_options(), *files], plugins=[_Plugin(pipe)])))
