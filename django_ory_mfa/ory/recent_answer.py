"""An answer of Ory that is asked for in the background, at most once a second."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from django_ory_mfa.core.answer import QUEUED
from django_ory_mfa.runtime.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_ory_mfa.core.answer import Answer

LASTS = 1.0  # seconds
THREAD = "ory_mfa readiness"


class RecentAnswer:
    """The answer of ``ask``, a function that blocks and does not raise; callers never wait for it."""

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answer: Answer | None = None
        self._known_until = 0.0
        self._listeners: list[Callable[[Answer], None]] = []

    @property
    def known(self) -> Answer | None:
        """The answer, if it is at most a second old."""
        return self._answer if monotonic() < self._known_until else None

    def tell(self, listener: Callable[[Answer], None]) -> None:
        """Call ``listener`` with an answer that is at most a second old: now, or from a thread that asks for it."""
        with self._lock:
            known = self.known
            if known is None:
                self._listeners.append(listener)
                if len(self._listeners) == 1 and not self._starts():
                    self._listeners, known = [], QUEUED
        if known is not None:
            listener(known)

    def _starts(self) -> bool:
        try:
            threading.Thread(target=self._find_out, name=THREAD, daemon=True).start()
        except RuntimeError:
            # The system gives no more threads, or the process is about to end.
            return False
        return True

    def _find_out(self) -> None:
        answer = self._ask()
        with self._lock:
            self._answer, self._known_until = answer, monotonic() + LASTS
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener(answer)
