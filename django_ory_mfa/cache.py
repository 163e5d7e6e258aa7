"""Sessions in Django's cache. A cache that fails or is slow is as good as an empty one, and left alone for a while."""

from __future__ import annotations

import asyncio
import logging
import time
from math import ceil
from typing import TYPE_CHECKING, Any

from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache

from django_ory_mfa.breaker import Breaker
from django_ory_mfa.calls import Steps
from django_ory_mfa.clock import now
from django_ory_mfa.conf import conf, fingerprint_key
from django_ory_mfa.core.stored import VERSION, from_store, seconds_to_keep, to_store
from django_ory_mfa.metrics import Event, count
from django_ory_mfa.process import once_per_process

if TYPE_CHECKING:
    from django_ory_mfa.core.answer import Answer
    from django_ory_mfa.core.session import OrySession

logger = logging.getLogger("django_ory_mfa")

PREFIX = f"ory_mfa:{VERSION}:"
SLOW = 0.5  # seconds
# Stands where the session of somebody who is signing out was, so that a call under way does not bring it back.
SIGNED_OUT = "signed out"
SIGNED_OUT_FOR = 60  # seconds, for a browser to reach Ory's logout


class Entry:
    """The place of one credential in the cache, by its fingerprint."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._key = f"{PREFIX}{name}"
        self._may_be_kept = True

    def read(self) -> Steps[OrySession | None]:
        """The session that is kept, if there is one."""
        stored = yield from self._look()
        session = from_store(stored, now=now(), name=self._name, key=fingerprint_key())
        count(Event.CACHE_MISS if session is None else Event.CACHE_HIT)
        if session is None:
            yield from self._clear(stored)
        return session

    def drop(self) -> Steps[None]:
        """Forgets the session, which somebody is asking Ory for afresh."""
        yield from self._clear((yield from self._look()))

    def keep(self, session: OrySession, answer: Answer) -> Steps[None]:
        """Keeps ``session``, read from ``answer``, for as long as settings, Ory and the session itself allow."""
        moment = now()
        seconds = seconds_to_keep(session, answer, ttl=conf.cache_ttl, now=moment)
        if seconds > 0 and self._may_be_kept:
            stored = to_store(session, answer, seconds=seconds, now=moment, name=self._name, key=fingerprint_key())
            # Not `set`: who signed out in the meantime must not be brought back.
            yield Operation("add", self._key, stored, ceil(seconds))

    def sign_out(self) -> Steps[None]:
        """Forgets the session, and keeps it out until the browser had the time to end it at Ory."""
        yield Operation("set", self._key, SIGNED_OUT, SIGNED_OUT_FOR, is_vital=True)

    def _look(self) -> Steps[object]:
        stored = yield Operation("get", self._key)
        self._may_be_kept = stored != SIGNED_OUT
        return stored

    def _clear(self, stored: object) -> Steps[None]:
        if stored is not None and self._may_be_kept:
            yield Operation("delete", self._key)


class Operation:
    """A method of the cache; None where the cache fails, is slow, or was lately. A vital one is tried all the same."""

    def __init__(self, method: str, *args: Any, is_vital: bool = False) -> None:
        self._method = method
        self._args = args
        self._is_vital = is_vital

    def run(self) -> Any:
        """Calls it."""
        alias = conf.cache
        breaker = _breaker(alias)
        if self._is_refused(breaker):
            return None
        started, pauses = time.monotonic(), breaker.pauses
        try:
            result = getattr(caches[alias], self._method)(*self._args)
        except Exception as error:
            return _failed(breaker, pauses, type(error).__name__)
        return _result(breaker, pauses, result, started)

    async def arun(self) -> Any:
        """Awaits it, for as long as a call to Ory may take."""
        alias = conf.cache
        cache: Any = caches[alias]
        if isinstance(cache, LocMemCache):
            # It never waits, so that a thread of its own would only cost time.
            return self.run()
        breaker = _breaker(alias)
        if self._is_refused(breaker):
            return None
        started, pauses = time.monotonic(), breaker.pauses
        try:
            async with asyncio.timeout(conf.timeout.total):
                result = await getattr(cache, f"a{self._method}")(*self._args)
        except Exception as error:
            return _failed(breaker, pauses, type(error).__name__)
        return _result(breaker, pauses, result, started)

    def _is_refused(self, breaker: Breaker) -> bool:
        # Most often there is nothing to ask, and no setting to be read for it.
        return not breaker.is_at_rest and breaker.admit(conf.timeout.total) > 0 and not self._is_vital


def _result(breaker: Breaker, pauses: int, result: Any, started: float) -> Any:
    if time.monotonic() - started > SLOW:
        return _failed(breaker, pauses, "slow")
    breaker.succeeded()
    return result


def _failed(breaker: Breaker, pauses: int, reason: str) -> None:
    count(Event.CACHE_ERROR)
    if breaker.failed(pauses):
        logger.warning("The cache of Ory sessions fails and is not asked for a while: %s", reason)


@once_per_process
def _breaker(alias: str) -> Breaker:
    return Breaker(failures=1)
