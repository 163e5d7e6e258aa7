"""Objects that are made at first use, once per process: threads, sockets and locks do not survive a fork."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Executor
from functools import wraps
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

_made: dict[Hashable, object] = {}
# Reentrant: a function that makes an object may call another one.
_lock = threading.RLock()


def once_per_process(make: Callable[P, T]) -> Callable[P, T]:
    """Decorate ``make``, so that it is called once per process for the same (positional, hashable) arguments."""

    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> T:
        key = (make, args)
        found = _made.get(key)
        if found is None:
            with _lock:
                found = _made.get(key)
                if found is None:
                    found = _made[key] = make(*args, **kwargs)
        return cast("T", found)

    return made


def forget_all() -> None:
    """Forget every object, so that it is made anew at its next use; for a forked child process."""
    global _lock
    _lock = threading.RLock()
    _made.clear()


def forget_ory() -> None:
    """Forget what is known about Ory and the connections to it: every object that is not a thread or an executor.

    For tests, which replace Ory.
    """
    with _lock:
        for key, made in tuple(_made.items()):
            if not isinstance(made, (threading.Thread, Executor)):
                del _made[key]


os.register_at_fork(after_in_child=forget_all)
