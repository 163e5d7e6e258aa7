"""An answer of Ory's that is asked for at most once a second, and shared by all who want it meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from django_ory_mfa.runtime.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_ory_mfa.core.answer import Answer

LASTS = 1.0  # seconds


class RecentAnswer:
    """The answer to ``ask``, which blocks; others who want it wait for the one who asks."""

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answer: Answer | None = None
        self._known_until = 0.0

    def get(self) -> Answer:
        """Return an answer that is at most a second old."""
        with self._lock:
            if self._answer is None or monotonic() >= self._known_until:
                self._answer = self._ask()
                self._known_until = monotonic() + LASTS
            return self._answer
