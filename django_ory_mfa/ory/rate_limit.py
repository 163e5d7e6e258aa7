"""Ask an Ory that limits requests (429) for few of the credentials that it never recognised."""

from __future__ import annotations

import threading

from django_ory_mfa.ory.lanes import network_of
from django_ory_mfa.runtime.clock import monotonic

SHARE = 2  # networks a second
# Ory may answer again long before it has said, and new sign-ins must not wait for that.
LONGEST_PAUSE = 5.0  # seconds


class RateLimit:
    """Until when Ory limits requests of one kind, and which networks had their call in this second of it.

    SECURITY: made-up credentials could use up what Ory allows, and keep doing so, at the cost of those that Ory knows.
    So they are held back until the limit resets, for some seconds after each 429 at most. A new sign-in is unknown too,
    so ``SHARE`` networks a second get one call each. Whatever a visitor does, known credentials are asked for, and a
    held-back one is never let in.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._resets_at = 0.0
        self._second_ends_at = 0.0
        self._networks: set[str] = set()

    def begin(self, seconds: float) -> None:
        """Note that Ory limits requests for ``seconds`` from now, of which ``LONGEST_PAUSE`` count."""
        self._resets_at = monotonic() + min(seconds, LONGEST_PAUSE)

    def allow(self, address: str) -> float:
        """Return 0 if Ory may be asked for an unknown visitor from ``address`` now, else the seconds to wait."""
        left = self._resets_at - monotonic()
        return 0 if left <= 0 or self._take_turn(network_of(address)) else left

    def _take_turn(self, network: str) -> bool:
        with self._lock:
            now = monotonic()
            if now >= self._second_ends_at:
                self._second_ends_at, self._networks = now + 1, set()
            has_turn = network not in self._networks and len(self._networks) < SHARE
            if has_turn:
                self._networks.add(network)
            return has_turn
