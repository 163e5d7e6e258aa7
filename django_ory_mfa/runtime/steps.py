"""Drives steps that yield calls, blocking or awaiting, so that the rules between the calls are written once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import closing
from functools import partial
from inspect import isawaitable
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from asgiref.sync import async_to_sync, sync_to_async
from django.utils.asyncio import async_unsafe

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Call(Protocol[T_co]):
    """Something to wait for, in either way."""

    def run(self) -> T_co:
        """Blocks until it is done."""

    def arun(self) -> Awaitable[T_co]:
        """Is done when awaited."""


# A generator that yields calls, is sent what they return, and returns what came of them.
Steps = Generator[Call[Any], Any, T]


@async_unsafe(
    "The Ory session cannot be fetched by blocking code inside an event loop: use `await request.aory_session()`, "
    "`aevaluate` or `arequire_aal`."
)
def run(steps: Steps[T]) -> T:
    """Drives ``steps`` in blocking code; raises ``SynchronousOnlyOperation`` inside an event loop."""
    resume: Callable[[], Call[Any]] = partial(next, steps)
    while True:
        try:
            call = resume()
        except StopIteration as stop:
            result: T = stop.value
            return result
        try:
            resume = partial(steps.send, call.run())
        except Exception as error:
            resume = partial(steps.throw, error)


async def arun(steps: Steps[T]) -> T:
    """Drives ``steps`` in an event loop; if that is cancelled, they end where they are."""
    with closing(steps):
        return await _adrive(steps)


async def _adrive(steps: Steps[T]) -> T:
    resume: Callable[[], Call[Any]] = partial(next, steps)
    while True:
        try:
            call = resume()
        except StopIteration as stop:
            result: T = stop.value
            return result
        try:
            resume = partial(steps.send, await call.arun())
        except Exception as error:
            resume = partial(steps.throw, error)


def wait_for(call: Call[T]) -> Steps[T]:
    """What ``call`` returns, with its type, inside of other steps."""
    result: T = yield call
    return result


async def awaited(value: Any) -> Any:
    """Return ``value``, awaited if it is awaitable: views and hooks may be coroutine functions or plain ones."""
    return await value if isawaitable(value) else value


def waited_for(value: Any) -> Any:
    """``awaited`` for blocking code."""
    return async_to_sync(awaited)(value) if isawaitable(value) else value


class Hook(Generic[T]):
    """A call of a function of the site, which may be a coroutine function."""

    def __init__(self, function: Callable[..., T | Awaitable[T]], *args: Any) -> None:
        self._function = function
        self._args = args

    def run(self) -> T:
        """Call it in blocking code."""
        result: T = waited_for(self._function(*self._args))
        return result

    async def arun(self) -> T:
        """Call it in an event loop."""
        result: T = await awaited(self._function(*self._args))
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
        """Call it in a thread where blocking code may run."""
        return sync_to_async(self._function)(*self._args)


class Whole:
    """Steps that a task which is cancelled in the midst of them leaves to run to their end."""

    # The event loop itself would forget a task that nobody waits for.
    _under_way: ClassVar[set[asyncio.Task[None]]] = set()

    def __init__(self, steps: Callable[[], Steps[None]]) -> None:
        self._steps = steps

    def run(self) -> None:
        """Drives them in blocking code."""
        run(self._steps())

    async def arun(self) -> None:
        """Drives them in an event loop."""
        task = asyncio.ensure_future(arun(self._steps()))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.shield(task)
