"""How often a request in an event loop waits for a thread, beside the same request without a guard."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncClient

from django_ory_mfa.testing import FakeOry
from tests.apis import needed

needed("rest_framework", "ninja")

pytestmark = pytest.mark.urls("tests.api_site")

# Asked in the event loop, and by way of a thread.
CACHES = {"local": "locmem.LocMemCache", "elsewhere": "filebased.FileBasedCache"}


class CountingLoop(asyncio.SelectorEventLoop):
    """Counts what goes to threads; ``sync_to_async`` does all of its work there."""

    hops = 0

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]  # of any result
        self.hops += 1
        return super().run_in_executor(executor, func, *args)


@pytest.fixture(autouse=True)
def rest_framework(settings: Any) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework"]
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}


@pytest.fixture
def session(ory: FakeOry) -> Any:
    return ory.add_session(ory.add_identity(second_factors={"totp"}), "password", "totp")


async def hops_of(path: str, **headers: str) -> int:
    """How many hops the second of two requests takes: nothing is loaded any more, and the session is in the cache."""
    client: Any = AsyncClient()
    loop: Any = asyncio.get_running_loop()
    for _ in range(2):
        before = loop.hops
        response = await client.get(path, headers={"Accept": "application/json", **headers})
        assert response.status_code == 200
    hops: int = loop.hops - before
    return hops


def added_hops(adapter: str, token: str) -> int:
    """The hops that a guard adds to those of Django and of the framework."""
    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        free = runner.run(hops_of(f"/{adapter}/async/free"))
        return runner.run(hops_of(f"/{adapter}/async/aal2", **{"X-Session-Token": token})) - free


@pytest.mark.parametrize(
    ("adapter", "cache", "expected"),
    [
        ("plain", "local", 0),
        ("ninja", "local", 0),
        ("drf", "local", 0),
        ("plain", "elsewhere", 1),
        ("ninja", "elsewhere", 1),
        # Its views are blocking code, which Django runs in a thread as it is: no hop from there.
        ("drf", "elsewhere", 0),
    ],
)
def test_guard_in_an_event_loop_takes_no_thread_but_for_the_cache(
    session: Any, settings: Any, tmp_path: Path, adapter: str, cache: str, expected: int
) -> None:
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{CACHES[cache]}", "LOCATION": str(tmp_path)}}
    settings.ORY_MFA_CACHE_TTL = 60

    assert added_hops(adapter, session.token) == expected


@pytest.mark.parametrize("adapter", ["plain", "ninja", "drf"])
def test_middleware_takes_no_thread_if_nobody_asks(ory: FakeOry, settings: Any, adapter: str) -> None:
    found = []
    for middleware in ([], ["django_ory_mfa.middleware.OrySessionMiddleware"]):
        settings.MIDDLEWARE = middleware
        with asyncio.Runner(loop_factory=CountingLoop) as runner:
            found.append(runner.run(hops_of(f"/{adapter}/async/free")))

    assert found[0] == found[1]


def test_loop_counts_a_view_in_a_thread() -> None:
    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        by_coroutine, in_a_thread = (runner.run(hops_of(f"/plain/{mode}/free")) for mode in ("async", "sync"))

    assert in_a_thread == by_coroutine + 1
