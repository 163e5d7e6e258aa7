"""Keep sessions in Django's cache. A cache that fails or is slow is treated as empty, and then not used for a while."""

from __future__ import annotations

import asyncio
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache

from django_ory_mfa.conf import conf, fingerprint_key
from django_ory_mfa.core.stored import VERSION, from_store, seconds_to_keep, to_store
from django_ory_mfa.metrics import Event, count
from django_ory_mfa.ory.breaker import Breaker
from django_ory_mfa.runtime import limited_log
from django_ory_mfa.runtime.clock import monotonic, now
from django_ory_mfa.runtime.per_process import once_per_process
from django_ory_mfa.runtime.steps import Shielded, Steps

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from django_ory_mfa.core.answer import Answer
    from django_ory_mfa.core.session import OrySession

PREFIX = f"ory_mfa:{VERSION}:"
SLOW = 0.5  # seconds
# Memcached stores at most 1 MiB, and refusing more looks like a failure.
LONGEST = 200_000  # characters
SIGNED_OUT_FOR = 60  # seconds
SKIPPED = object()


class Entry:
    """The cache entry of one credential, named by its keyed hash; ``ttl`` is ``ORY_MFA_CACHE_TTL`` in seconds."""

    def __init__(self, name: str, ttl: float) -> None:
        self._name = name
        self._ttl = ttl
        self._key = f"{PREFIX}{name}"
        alias = conf.cache
        self._operation = partial(Operation, caches[alias], _breaker(alias))

    @property
    def _signed_out_key(self) -> str:
        return f"{self._key}:signed-out"

    def read(self) -> Steps[OrySession | None]:
        """Return the cached session, or None."""
        stored = yield self._operation("get", self._key)
        session = from_store(stored, now=now(), name=self._name, key=fingerprint_key())
        count(Event.CACHE_MISS if session is None else Event.CACHE_HIT)
        return session

    def keep(self, session: OrySession, answer: Answer, *, age: float) -> Steps[None]:
        """Store ``session``, read from ``answer``, for as long as the settings, Ory and its expiry allow.

        ``age`` is how many seconds ago the call to Ory started.
        """
        moment = now()
        seconds = seconds_to_keep(session, answer, ttl=self._ttl, now=moment) - age
        if seconds > 0:
            stored = to_store(session, answer, seconds=seconds, now=moment, name=self._name, key=fingerprint_key())
            if len(stored) <= LONGEST:
                yield Shielded(lambda: self._set(stored, ceil(seconds)))

    def _set(self, stored: str, seconds: int) -> Steps[None]:
        if (yield self._operation("set", self._key, stored, seconds)) is SKIPPED:
            return
        # Checked after storing, since a later sign-out deletes this entry. SECURITY: if the cache gives no answer,
        # assume that the visitor has signed out.
        if (yield self._operation("get", self._signed_out_key, 0)) != 0:
            yield from self.drop()

    def drop(self) -> Steps[None]:
        """Delete the session from the cache."""
        yield self._operation("delete", self._key, is_vital=True)

    def sign_out(self) -> Steps[None]:
        """Delete the session, and store none again until the browser has had time to end it at Ory."""
        seconds = ceil(max(SIGNED_OUT_FOR, self._ttl) + conf.timeout.total)
        yield self._operation("set", self._signed_out_key, 1, seconds, is_vital=True)
        yield from self.drop()


class Operation:
    """A call of a cache method: None if it fails, ``SKIPPED`` during a pause after failures.

    A vital call is made even during a pause.
    """

    def __init__(self, cache: Any, breaker: Breaker, method: str, *args: Any, is_vital: bool = False) -> None:
        self._cache = cache
        self._breaker = breaker
        self._method = method
        self._args = args
        self._is_vital = is_vital

    def run(self) -> Any:
        """Make the call in blocking code."""
        if self._is_paused():
            return SKIPPED
        started, pauses = monotonic(), self._breaker.pauses
        try:
            result = getattr(self._cache, self._method)(*self._args)
        except Exception as error:
            return self._fail(pauses, type(error).__name__)
        self._count_result(pauses, started)
        return result

    async def arun(self) -> Any:
        """Make the call in an event loop; it fails after the total time-out of a call to Ory."""
        if isinstance(self._cache, LocMemCache):
            # It does no I/O, so a thread would only add overhead.
            return self.run()
        if self._is_paused():
            return SKIPPED
        started, pauses = monotonic(), self._breaker.pauses
        try:
            async with asyncio.timeout(conf.timeout.total):
                result = await self._awaitable()
        except Exception as error:
            return self._fail(pauses, type(error).__name__)
        self._count_result(pauses, started)
        return result

    def _awaitable(self) -> Awaitable[Any]:
        method = getattr(self._cache, f"a{self._method}", None)
        # Caches that are not derived from Django's may have blocking methods only, such as that of django-valkey.
        return (sync_to_async(getattr(self._cache, self._method)) if method is None else method)(*self._args)

    def _is_paused(self) -> bool:
        # The cheap test comes first: most of the time there is no pause, and no setting has to be read.
        return not self._breaker.is_closed and not self._is_vital and self._breaker.allow(conf.timeout.total) > 0

    def _count_result(self, pauses: int, started: float) -> None:
        if monotonic() - started > SLOW:
            count(Event.CACHE_ERROR)
            self._count_failure(pauses, "slow")
        elif self._method == "get":
            # Only reads show that the cache has recovered: every request waits for one.
            self._breaker.succeeded()

    def _fail(self, pauses: int, reason: str) -> None:
        count(Event.CACHE_ERROR)
        if self._is_vital:
            limited_log.warning(
                "A cached session could not be removed, and may be accepted until ORY_MFA_CACHE_TTL ends: %s", reason
            )
        else:
            self._count_failure(pauses, reason)

    def _count_failure(self, pauses: int, reason: str) -> None:
        if self._breaker.failed(pauses):
            limited_log.warning("The cache for Ory sessions is failing and will not be used for a while: %s", reason)


@once_per_process
def _breaker(alias: str) -> Breaker:
    # A single failure is tolerated: the first call of a process may be slow because a library is imported.
    return Breaker(failures=2)
