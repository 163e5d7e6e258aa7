"""Runs steps that ask for calls to Ory, blocking or awaiting, so that the rules between the calls exist once."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from django.utils.asyncio import async_unsafe

from django_ory_mfa.conf import conf
from django_ory_mfa.core.answer import Answer

T = TypeVar("T")
Call = Callable[[], Answer]
# A generator that yields calls, is sent their answers, and returns what came of them.
Steps = Generator[Call, Answer, T]

_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}
_pools_lock = threading.Lock()


@async_unsafe(
    "The Ory session cannot be fetched by blocking code inside an event loop: use `await request.aory_session()`, "
    "`aevaluate` or `arequire_aal`."
)
def run(steps: Steps[T]) -> T:
    """Drives ``steps`` in blocking code; raises ``SynchronousOnlyOperation`` inside an event loop."""
    resume = partial(next, steps)
    while True:
        try:
            call = resume()
        except StopIteration as stop:
            result: T = stop.value
            return result
        try:
            resume = partial(steps.send, call())
        except Exception as error:
            resume = partial(steps.throw, error)


async def arun(steps: Steps[T]) -> T:
    """Drives ``steps`` in an event loop; the calls block in the package's own threads."""
    resume = partial(next, steps)
    while True:
        try:
            call = resume()
        except StopIteration as stop:
            result: T = stop.value
            return result
        try:
            resume = partial(steps.send, await _in_pool(call))
        except Exception as error:
            resume = partial(steps.throw, error)


async def _in_pool(call: Call) -> Answer:
    loop = asyncio.get_running_loop()
    try:
        return await asyncio.wait_for(loop.run_in_executor(_pool(), call), conf.timeout.total)
    except TimeoutError:
        return Answer.failed("timeout")


def _pool() -> ThreadPoolExecutor:
    # Per process, since threads do not survive a fork.
    key = (os.getpid(), conf.max_concurrency)
    with _pools_lock:
        if key not in _pools:
            _pools[key] = ThreadPoolExecutor(key[1], thread_name_prefix="ory-mfa")
        return _pools[key]
