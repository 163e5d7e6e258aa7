"""Cache backends as they are on a bad day."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache

calls: list[str] = []


class FailingCache(BaseCache):
    """Cannot be reached."""

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def _fail(self, *args: Any, **kwargs: Any) -> Any:
        calls.append("failed")
        raise ConnectionError("c00kie")

    get = set = delete = _fail


class SlowCache(LocMemCache):
    """Answers late."""

    def get(self, *args: Any, **kwargs: Any) -> Any:
        calls.append("slow")
        time.sleep(0.2)
        return super().get(*args, **kwargs)


class RemoteCache(BaseCache):
    """Keeps things well, but is no cache of this process that never waits."""

    kept: ClassVar[dict[str, Any]] = {}

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self.kept.get(key, default)

    def set(self, key: str, value: Any, timeout: float | None = None, version: int | None = None) -> None:
        self.kept[key] = value

    def delete(self, key: str, version: int | None = None) -> bool:
        return self.kept.pop(key, None) is not None


class BusyCache(RemoteCache):
    """Has something happen before it keeps anything."""

    meanwhile: ClassVar[list[Callable[[], object]]] = []

    def set(self, key: str, value: Any, timeout: float | None = None, version: int | None = None) -> None:
        while self.meanwhile:
            happening = threading.Thread(target=self.meanwhile.pop())
            happening.start()
            happening.join()
        super().set(key, value, timeout, version)

    async def aset(self, *args: Any, **kwargs: Any) -> None:
        # In a thread of its own: the one that Django would take is that of what happens meanwhile, too.
        await asyncio.to_thread(self.set, *args, **kwargs)


class StuckCache(RemoteCache):
    """Answers nothing before it is ``released``, or ten seconds are over."""

    released = threading.Event()

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        if not self.released.wait(10):
            calls.append("never released")
        return default


class ForgetfulCache(RemoteCache):
    """Keeps sessions, and fails when it is asked who signed out."""

    kept: ClassVar[dict[str, Any]] = {}

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        if key.endswith(":signed-out"):
            raise ConnectionError
        return super().get(key, default, version)


class LateCache(RemoteCache):
    """Writes what it was told a while later."""

    kept: ClassVar[dict[str, Any]] = {}

    async def aset(self, key: str, value: Any, *args: Any, **kwargs: Any) -> None:
        if not key.endswith(":signed-out"):
            await asyncio.shield(asyncio.to_thread(time.sleep, 0.2))
        self.set(key, value)


class BlockingCache:
    """Keeps things well, and has blocking methods only: like that of django-valkey, it is not derived from Django's."""

    kept: ClassVar[dict[str, Any]] = {}

    def __init__(self, name: str, params: dict[str, Any]) -> None: ...

    def get(self, key: str, default: Any = None) -> Any:
        return self.kept.get(key, default)

    def set(self, key: str, value: Any, timeout: float | None = None) -> None:
        self.kept[key] = value

    def delete(self, key: str) -> bool:
        return self.kept.pop(key, None) is not None

    def close(self, **kwargs: Any) -> None: ...
