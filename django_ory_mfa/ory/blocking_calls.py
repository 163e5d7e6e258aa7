"""Limit how many threads of the server one network can occupy with invalid credentials while Ory is slow.

A blocking call occupies a thread of the server, and the number of those threads is unknown. So the limit is per
network: after ``MISSES_IN_A_ROW`` calls that found no session, a network gets one slow call at a time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from django.views.decorators.debug import sensitive_variables

from django_ory_mfa.core.answer import QUEUED, Answer
from django_ory_mfa.metrics import Event, count
from django_ory_mfa.ory.lanes import Caller, network_of
from django_ory_mfa.runtime.clock import monotonic
from django_ory_mfa.runtime.per_process import once_per_process

T = TypeVar("T")

SLOW = 0.5  # seconds; a healthy Ory answers sooner
# A miss is a call that found no session. Expired sessions in one network cause fewer misses in a row.
MISSES_IN_A_ROW = 8
MOST_NETWORKS = 10_000


@dataclass(slots=True, eq=False)
class Network:
    """The calls of one network for credentials that are not known to be valid: those in flight, and past results."""

    started_at: list[float] = field(default_factory=list)
    last_took: float = 0.0
    misses: int = 0

    def is_full(self, now: float) -> bool:
        """Whether no further call may start now."""
        if self.misses < MISSES_IN_A_ROW or not self.started_at:
            return False
        return max(self.last_took, now - min(self.started_at)) > SLOW


class BlockingCalls:
    """The blocking calls of this process for credentials that are not known to be valid, by network."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._networks: OrderedDict[str, Network] = OrderedDict()

    def __len__(self) -> int:
        return len(self._networks)

    def begin(self, name: str) -> Slot | None:
        """Return a slot for a call of the network ``name``; None if the call may not be made now."""
        with self._lock:
            network, now = self._networks.setdefault(name, Network()), monotonic()
            self._networks.move_to_end(name)
            if len(self._networks) > MOST_NETWORKS:
                self._networks.popitem(last=False)
            if network.is_full(now):
                return None
            network.started_at.append(now)
            return Slot(network, now, self._lock)

    def recognise(self, name: str) -> None:
        """Note that Ory recognised a credential of the network ``name`` in a call without a slot."""
        with self._lock:
            network = self._networks.get(name)
            if network is not None:
                network.misses = 0


class Slot:
    """A call in flight, until ``end``."""

    def __init__(self, network: Network, started_at: float, lock: threading.Lock) -> None:
        self._network, self._started_at, self._lock = network, started_at, lock

    def end(self, *, is_recognised: bool) -> None:
        """Record that the call has ended, and whether Ory recognised the credential."""
        with self._lock:
            self._network.started_at.remove(self._started_at)
            self._network.last_took = monotonic() - self._started_at
            self._network.misses = 0 if is_recognised else self._network.misses + 1


@once_per_process
def blocking_calls() -> BlockingCalls:
    """Return the one object of this process."""
    return BlockingCalls()


@sensitive_variables()
def ask(call: Callable[[Caller], Answer], caller: Caller, *, recognised: Container[int] = ()) -> Answer:
    """Make ``call`` for ``caller`` in this thread and return its answer; ``QUEUED`` if it may not be made now.

    ``recognised``: the statuses that prove that the visitor has a session at Ory. Nothing is shared with other calls.
    """
    answer = in_slot(partial(call, caller), caller, lambda answer: answer.status in recognised)
    return QUEUED if answer is None else answer


def in_slot(call: Callable[[], T], caller: Caller, is_recognised: Callable[[T], bool]) -> T | None:
    """Return the result of ``call``; None if the network of ``caller``, unless that is known, may not call now."""
    if caller.is_known:
        return call()
    slot = blocking_calls().begin(network_of(caller.address))
    if slot is None:
        count(Event.QUEUE_TIMEOUT)
        return None
    has_session = False
    try:
        result = call()
        has_session = is_recognised(result)
    finally:
        slot.end(is_recognised=has_session)
    return result
