"""One small hook for whoever counts what the package does with Ory: a listener hears every event."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from django_ory_mfa.runtime import limited_log


class Event(StrEnum):
    """What can be counted. The value of an event is 1, that of ``CALL`` the seconds that it took."""

    CALL = "call"
    TIMEOUT = "timeout"
    QUEUE_TIMEOUT = "queue_timeout"
    RATE_LIMITED = "rate_limited"
    RETRY = "retry"
    BREAKER_OPENED = "breaker_opened"
    BREAKER_REFUSED = "breaker_refused"
    SHARED = "shared"
    CACHE_HIT = "cache_hit"
    CACHE_MISS = "cache_miss"
    CACHE_ERROR = "cache_error"


Listener = Callable[[Event, float], None]

_listeners: list[Listener] = []


def listen(listener: Listener) -> Callable[[], None]:
    """Has ``listener`` called with every event of this process, in the thread where it happens; returns the way out.

    It should return at once; what it raises is logged.
    """
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def count(event: Event, value: float = 1) -> None:
    """Tells the listeners."""
    for listener in tuple(_listeners):
        try:
            listener(event, value)
        except Exception as error:
            limited_log.exception("A listener to the metrics of django_ory_mfa failed.", error)
