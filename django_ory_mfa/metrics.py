"""Events to count: register a listener to export them to a metrics system."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from django_ory_mfa.runtime import limited_log


class Event(StrEnum):
    """What can be counted. The value of an event is 1; that of ``CALL`` is the seconds that the call took."""

    CALL = "call"
    TIMEOUT = "timeout"
    QUEUE_TIMEOUT = "queue_timeout"
    RATE_LIMITED = "rate_limited"
    HELD_BACK = "held_back"
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
    """Call ``listener`` with every event of this process, in the thread where it happens; return a function to stop.

    The listener should return quickly. Exceptions that it raises are logged.
    """
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def count(event: Event, value: float = 1) -> None:
    """Call every listener with ``event`` and ``value``."""
    for listener in tuple(_listeners):
        try:
            listener(event, value)
        except Exception as error:
            limited_log.exception("A metrics listener of django_ory_mfa failed.", error)
