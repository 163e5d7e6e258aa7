"""What is made at first use and once per process: threads, sockets and locks do not survive a fork."""

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
# What is made may need something else that is made here.
_lock = threading.RLock()


def once_per_process(make: Callable[P, T]) -> Callable[P, T]:
    """Has ``make`` called once per process for the same (positional, hashable) arguments, whoever asks."""

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
    """Has everything made anew when it is next used; for a forked child, where threads and locks are of no use."""
    global _lock
    _lock = threading.RLock()
    _made.clear()


def forget_ory() -> None:
    """Forgets what was learned about Ory and the connections to it, so that another one may stand there; for tests."""
    with _lock:
        for key, made in tuple(_made.items()):
            if not isinstance(made, (threading.Thread, Executor)):
                del _made[key]


os.register_at_fork(after_in_child=forget_all)
