from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import SynchronousOnlyOperation

from django_ory_mfa.runtime.steps import Hook, Shielded, Steps, arun, run, wait_for


class Returning:
    """A call that returns something, or raises it."""

    def __init__(self, result: object, note: Callable[[str], None] = lambda how: None) -> None:
        self.result = result
        self.note = note

    def run(self) -> Any:
        self.note("blocking")
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    async def arun(self) -> Any:
        self.note("awaited")
        await asyncio.sleep(0)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


class Endless(Returning):
    """A call that never returns."""

    def __init__(self) -> None:
        super().__init__(None)

    async def arun(self) -> Any:
        await asyncio.Event().wait()


def steps_of(*calls: Returning) -> Steps[list[Any]]:
    answers = []
    for call in calls:
        answers.append((yield call))
    return answers


def careful(call: Returning) -> Steps[str]:
    try:
        answer = yield from wait_for(call)
    except ValueError as error:
        return f"caught {error}"
    return f"answered {answer}"


def drive(mode: str, steps: Steps[Any]) -> Any:
    return run(steps) if mode == "sync" else async_to_sync(arun)(steps)


def test_steps_are_sent_the_answers_in_order(mode: str) -> None:
    assert drive(mode, steps_of(Returning(1), Returning(2))) == [1, 2]


def test_steps_end_with_the_task_that_drives_them() -> None:
    ended: list[str] = []

    def steps() -> Steps[None]:
        try:
            yield Endless()
        finally:
            ended.append("ended")

    async def main() -> None:
        task = asyncio.ensure_future(arun(steps()))
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert ended == ["ended"]

    asyncio.run(main())


def test_call_is_made_in_the_way_of_the_code(mode: str) -> None:
    ways: list[str] = []

    drive(mode, steps_of(Returning(1, ways.append)))

    assert ways == ["blocking" if mode == "sync" else "awaited"]


def test_steps_without_a_call_return(mode: str) -> None:
    assert drive(mode, steps_of()) == []


def test_error_of_a_call_is_raised_where_it_was_asked(mode: str) -> None:
    assert drive(mode, careful(Returning(ValueError("this")))) == "caught this"


def test_steps_go_on_with_an_answer(mode: str) -> None:
    assert drive(mode, careful(Returning("that"))) == "answered that"


def test_error_that_steps_do_not_catch_leaves_them(mode: str) -> None:
    with pytest.raises(LookupError):
        drive(mode, careful(Returning(LookupError())))


def test_error_of_the_steps_themselves_leaves_them(mode: str) -> None:
    def broken() -> Steps[None]:
        yield Returning(1)
        raise LookupError

    with pytest.raises(LookupError):
        drive(mode, broken())


def test_blocking_steps_are_refused_in_an_event_loop() -> None:
    called: list[str] = []

    async def main() -> None:
        run(steps_of(Returning(1, called.append)))

    with pytest.raises(SynchronousOnlyOperation, match="aory_session"):
        asyncio.run(main())
    assert called == []


def test_plain_function_needs_no_event_loop_of_its_own() -> None:
    """In a notebook, ``DJANGO_ALLOW_ASYNC_UNSAFE`` lets blocking code run inside of one."""

    async def main() -> str:
        return Hook(lambda: "plain").run()

    assert asyncio.run(main()) == "plain"


class Gate:
    """A call that waits until it is opened, and keeps alive neither its task nor what that waits for."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()

    async def arun(self) -> None:
        opened = asyncio.get_running_loop().create_future()
        self.opened, self.task = weakref.ref(opened), weakref.ref(asyncio.current_task())
        self.reached.set()
        await opened


def test_shielded_steps_end_although_nobody_waits_for_them_any_more_and_leave_nothing_behind() -> None:
    """An event loop keeps only weak references to its tasks."""
    gate, done = Gate(), list[str]()

    def steps() -> Any:
        yield gate
        done.append("all of it")

    async def main() -> None:
        waiting = asyncio.ensure_future(Shielded(steps).arun())
        await gate.reached.wait()
        waiting.cancel()
        await asyncio.wait([waiting])
        del waiting
        gc.collect()
        opened = gate.opened()
        assert opened is not None
        opened.set_result(None)
        del opened
        while gate.task() is not None:
            await asyncio.sleep(0)
            gc.collect()

    asyncio.run(asyncio.wait_for(main(), 10))
    assert done == ["all of it"]
