"""Remember who has a second factor, so that Ory's settings flow is not opened for every request."""

from __future__ import annotations

import threading
from collections import OrderedDict

from django_ory_mfa.runtime.clock import monotonic

KNOWN_LASTS = 30.0  # seconds
UNKNOWN_LASTS = 5.0
MOST_PEOPLE = 10_000


class EnrolmentMemory:
    """What the probes of this process found, by the keyed hash of a person."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[str, tuple[bool | None, float]] = OrderedDict()
        self._paused_until = 0.0

    def __len__(self) -> int:
        return len(self._found)

    def recall(self, name: str) -> tuple[bool | None, bool]:
        """Return what was found about ``name``, and whether that is recent enough to be used."""
        enrolled, until = self._found.get(name, (None, 0.0))
        return enrolled, monotonic() < until

    def note(self, name: str, *, enrolled: bool | None) -> None:
        """Remember what was found about ``name``."""
        until = monotonic() + (UNKNOWN_LASTS if enrolled is None else KNOWN_LASTS)
        with self._lock:
            self._found[name] = (enrolled, until)
            self._found.move_to_end(name)
            if len(self._found) > MOST_PEOPLE:
                self._found.popitem(last=False)

    def forget(self, name: str) -> None:
        """Forget what was found about ``name``."""
        if name in self._found:
            with self._lock:
                self._found.pop(name, None)

    @property
    def is_paused(self) -> bool:
        """Whether probes are paused, because Ory answered 429."""
        return monotonic() < self._paused_until

    def pause(self, seconds: float) -> bool:
        """Pause probes for ``seconds``; return whether a pause begins."""
        begins = not self.is_paused
        self._paused_until = monotonic() + seconds
        return begins
