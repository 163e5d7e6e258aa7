"""Drive steps (generators that yield calls), blocking or awaiting, so that each rule is written once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import closing
from inspect import isawaitable
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from asgiref.sync import async_to_sync, sync_to_async
from django.utils.asyncio import async_unsafe

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Call(Protocol[T_co]):
    """Something to wait for, in blocking code or in an event loop."""

    def run(self) -> T_co:
        """Block until it is done, and return the result."""

    def arun(self) -> Awaitable[T_co]:
        """Return an awaitable of the result."""


# A generator that yields calls, is sent their results, and returns a result of its own.
Steps = Generator[Call[Any], Any, T]


@async_unsafe(
    "Blocking code cannot fetch the Ory session inside an event loop: use `await request.aory_session()`, "
    "`aevaluate` or `arequire_aal`."
)
def run(steps: Steps[T]) -> T:
    """Run ``steps`` in blocking code and return their result; raises ``SynchronousOnlyOperation`` in an event loop."""
    try:
        call = next(steps)
        while True:
            try:
                answer = call.run()
            except Exception as error:
                call = steps.throw(error)
            else:
                call = steps.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result


async def arun(steps: Steps[T]) -> T:
    """Run ``steps`` in an event loop and return their result; if the task is cancelled, they end where they are."""
    with closing(steps):
        return await _adrive(steps)


async def _adrive(steps: Steps[T]) -> T:
    try:
        call = next(steps)
        while True:
            try:
                answer = await call.arun()
            except Exception as error:
                call = steps.throw(error)
            else:
                call = steps.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result


def wait_for(call: Call[T]) -> Steps[T]:
    """Return the result of ``call``, with its type, inside other steps."""
    result: T = yield call
    return result


async def await_if_needed(value: Any) -> Any:
    """Return ``value``, awaited if it is awaitable: views and hooks may be plain or coroutine functions."""
    return await value if isawaitable(value) else value


def block_if_needed(value: Any) -> Any:
    """Return ``value``; if it is awaitable, block until it is done and return its result."""
    return async_to_sync(await_if_needed)(value) if isawaitable(value) else value


class Hook(Generic[T]):
    """A call of a function of the site, which may be a coroutine function."""

    def __init__(self, function: Callable[..., T | Awaitable[T]], *args: Any) -> None:
        self._function = function
        self._args = args

    def run(self) -> T:
        """Call it in blocking code."""
        result: T = block_if_needed(self._function(*self._args))
        return result

    async def arun(self) -> T:
        """Call it in an event loop."""
        result: T = await await_if_needed(self._function(*self._args))
        return result


class Blocking(Generic[T]):
    """A call of a function that blocks: it may use the database, or load a template that does."""

    def __init__(self, function: Callable[..., T], *args: Any) -> None:
        self._function = function
        self._args = args

    def run(self) -> T:
        """Call it in this thread."""
        return self._function(*self._args)

    def arun(self) -> Awaitable[T]:
        """Call it in Django's thread for blocking code."""
        return sync_to_async(self._function)(*self._args)


class Shielded:
    """Steps that run to completion even if the awaiting task is cancelled."""

    # The event loop keeps only weak references to its tasks.
    _tasks: ClassVar[set[asyncio.Task[None]]] = set()

    def __init__(self, steps: Callable[[], Steps[None]]) -> None:
        self._steps = steps

    def run(self) -> None:
        """Run them in blocking code."""
        run(self._steps())

    async def arun(self) -> None:
        """Run them in an event loop."""
        task = asyncio.ensure_future(arun(self._steps()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)
