"""Networks whose made-up credentials have used up what they may hold of a server's threads."""

from __future__ import annotations

from django_ory_mfa.ory.blocking_calls import MISSES_IN_A_ROW, SLOW, Slot, blocking_calls
from tests.clock import PassingTime

TEST_CLIENT = "127.0.0.1"


def begun(network: str = TEST_CLIENT) -> Slot:
    """A call of this process for ``network``."""
    slot = blocking_calls().begin(network)
    assert slot is not None
    return slot


def crowd(clock: PassingTime, network: str = TEST_CLIENT) -> Slot:
    """The slow call under way of ``network``, after which it may make no other: those before found nobody."""
    for _ in range(MISSES_IN_A_ROW):
        slot = begun(network)
        clock.wait(SLOW + 0.1)
        slot.end(is_recognised=False)
    return begun(network)


def is_limited(network: str = TEST_CLIENT) -> bool:
    """Whether ``network`` may make one call at a time."""
    slots = begun(network), blocking_calls().begin(network)
    return slots[1] is None
