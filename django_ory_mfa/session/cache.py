"""Sessions in Django's cache. A cache that fails or is slow is as good as an empty one, and left alone for a while."""

from __future__ import annotations

import asyncio
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any

from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache

from django_ory_mfa.conf import conf, fingerprint_key
from django_ory_mfa.core.stored import VERSION, from_store, seconds_to_keep, to_store
from django_ory_mfa.metrics import Event, count
from django_ory_mfa.ory.breaker import Breaker
from django_ory_mfa.runtime import limited_log
from django_ory_mfa.runtime.clock import monotonic, now
from django_ory_mfa.runtime.per_process import once_per_process
from django_ory_mfa.runtime.steps import Steps, Whole

if TYPE_CHECKING:
    from django_ory_mfa.core.answer import Answer
    from django_ory_mfa.core.session import OrySession

PREFIX = f"ory_mfa:{VERSION}:"
SLOW = 0.5  # seconds
SIGNED_OUT_FOR = 60  # seconds
NOT_ASKED = object()


class Entry:
    """The place of one credential in the cache, by its fingerprint; ``ttl`` is ``ORY_MFA_CACHE_TTL`` in seconds."""

    def __init__(self, name: str, ttl: float) -> None:
        self._name = name
        self._ttl = ttl
        self._key = f"{PREFIX}{name}"
        self._signed_out_key = f"{self._key}:signed-out"
        alias = conf.cache
        self._operation = partial(Operation, caches[alias], _breaker(alias))

    def read(self) -> Steps[OrySession | None]:
        """The session that is kept, if there is one."""
        stored = yield self._operation("get", self._key)
        session = from_store(stored, now=now(), name=self._name, key=fingerprint_key())
        count(Event.CACHE_MISS if session is None else Event.CACHE_HIT)
        return session

    def keep(self, session: OrySession, answer: Answer, *, age: float) -> Steps[None]:
        """Keeps ``session``, read from ``answer``, for as long as settings, Ory and the session itself allow.

        ``age`` is how many seconds ago Ory was asked.
        """
        moment = now()
        seconds = seconds_to_keep(session, answer, ttl=self._ttl, now=moment) - age
        if seconds > 0:
            stored = to_store(session, answer, seconds=seconds, now=moment, name=self._name, key=fingerprint_key())
            yield Whole(lambda: self._set(stored, ceil(seconds)))

    def _set(self, stored: str, seconds: int) -> Steps[None]:
        if (yield self._operation("set", self._key, stored, seconds)) is NOT_ASKED:
            return
        # After the other: whoever signs out from now on drops what was kept here. SECURITY: where the cache does not
        # tell, somebody may have signed out.
        if (yield self._operation("get", self._signed_out_key, 0)) != 0:
            yield from self.drop()

    def drop(self) -> Steps[None]:
        """Forgets the session."""
        yield self._operation("delete", self._key, is_vital=True)

    def sign_out(self) -> Steps[None]:
        """Forgets the session, and has none kept until the browser had the time to end it at Ory."""
        seconds = ceil(max(SIGNED_OUT_FOR, self._ttl) + conf.timeout.total)
        yield self._operation("set", self._signed_out_key, 1, seconds, is_vital=True)
        yield from self.drop()


class Operation:
    """A method of ``cache``; None where it fails, ``NOT_ASKED`` where it did lately, unless the call is vital."""

    def __init__(self, cache: Any, breaker: Breaker, method: str, *args: Any, is_vital: bool = False) -> None:
        self._cache = cache
        self._breaker = breaker
        self._method = method
        self._args = args
        self._is_vital = is_vital

    def run(self) -> Any:
        """Calls it."""
        if self._is_paused():
            return NOT_ASKED
        started, pauses = monotonic(), self._breaker.pauses
        try:
            result = getattr(self._cache, self._method)(*self._args)
        except Exception as error:
            return self._fail(pauses, type(error).__name__)
        self._judge(pauses, started)
        return result

    async def arun(self) -> Any:
        """Awaits it, for as long as a call to Ory may take."""
        if isinstance(self._cache, LocMemCache):
            # It never waits, so that a thread of its own would only cost time.
            return self.run()
        if self._is_paused():
            return NOT_ASKED
        started, pauses = monotonic(), self._breaker.pauses
        try:
            async with asyncio.timeout(conf.timeout.total):
                result = await getattr(self._cache, f"a{self._method}")(*self._args)
        except Exception as error:
            return self._fail(pauses, type(error).__name__)
        self._judge(pauses, started)
        return result

    def _is_paused(self) -> bool:
        # Most often there is nothing to ask, and no setting to be read for it.
        return not self._breaker.is_closed and not self._is_vital and self._breaker.allow(conf.timeout.total) > 0

    def _judge(self, pauses: int, started: float) -> None:
        if monotonic() - started > SLOW:
            count(Event.CACHE_ERROR)
            self._spare(pauses, "slow")
        elif self._method == "get":
            # Only this one is waited for by every request.
            self._breaker.succeeded()

    def _fail(self, pauses: int, reason: str) -> None:
        count(Event.CACHE_ERROR)
        if self._is_vital:
            limited_log.warning("A session could not be dropped from the cache: %s", reason)
        else:
            self._spare(pauses, reason)

    def _spare(self, pauses: int, reason: str) -> None:
        if self._breaker.failed(pauses):
            limited_log.warning("The cache of Ory sessions fails and is not asked for a while: %s", reason)


@once_per_process
def _breaker(alias: str) -> Breaker:
    # One hiccup is forgiven: the first call of a process may have a library to load.
    return Breaker(failures=2)
