"""Keep one visitor from holding all threads of a server by credentials that Ory does not know, while Ory is slow.

A blocking call holds a thread of the server, and how many of those there are nobody can ask. So what is limited is the
network that asks: one whose calls all come to nothing waits for one at a time once they take long.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from django_ory_mfa.runtime.clock import monotonic
from django_ory_mfa.runtime.per_process import once_per_process

SLOW = 0.5  # seconds: no healthy Ory takes as long
# So many calls in a row that found nobody; people who come back to an expired session are a few.
IN_VAIN = 8
MOST_NETWORKS = 10_000


@dataclass(slots=True, eq=False)
class Network:
    """The calls of one network for credentials that Ory did not know: those under way, and how the last ones ended."""

    started_at: list[float] = field(default_factory=list)
    last_took: float = 0.0
    in_vain: int = 0

    def is_full(self, now: float) -> bool:
        """Whether no more calls may begin now."""
        if self.in_vain < IN_VAIN or not self.started_at:
            return False
        return max(self.last_took, now - min(self.started_at)) > SLOW


class BlockingCalls:
    """The blocking calls of this process for credentials that Ory did not know, by network."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._networks: OrderedDict[str, Network] = OrderedDict()

    def __len__(self) -> int:
        return len(self._networks)

    def begin(self, name: str) -> Place | None:
        """Return a place for a call of the network ``name``; None if the call may not be made now."""
        with self._lock:
            network, now = self._networks.setdefault(name, Network()), monotonic()
            self._networks.move_to_end(name)
            if len(self._networks) > MOST_NETWORKS:
                self._networks.popitem(last=False)
            if network.is_full(now):
                return None
            network.started_at.append(now)
            return Place(network, now, self._lock)


class Place:
    """A call that is under way, until ``end``."""

    def __init__(self, network: Network, started_at: float, lock: threading.Lock) -> None:
        self._network, self._started_at, self._lock = network, started_at, lock

    def end(self, *, is_recognised: bool) -> None:
        """Note that the call is over, and whether Ory recognised the credential."""
        with self._lock:
            self._network.started_at.remove(self._started_at)
            self._network.last_took = monotonic() - self._started_at
            self._network.in_vain = 0 if is_recognised else self._network.in_vain + 1


@once_per_process
def blocking_calls() -> BlockingCalls:
    """Return those of this process."""
    return BlockingCalls()
