"""A call to Ory that is made in a background thread, at most once a second."""

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
    """The last answer of ``ask``, a blocking function that does not raise. Callers never wait for it."""

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answer: Answer | None = None
        self._known_until = 0.0
        self._callbacks: list[Callable[[Answer], None]] = []

    @property
    def known(self) -> Answer | None:
        """The answer if it is at most a second old, else None."""
        return self._answer if monotonic() < self._known_until else None

    def on_answer(self, callback: Callable[[Answer], None]) -> None:
        """Call ``callback`` with an answer that is at most a second old: now, or later from the background thread."""
        with self._lock:
            known = self.known
            if known is None:
                self._callbacks.append(callback)
                if len(self._callbacks) == 1 and not self._start_thread():
                    self._callbacks, known = [], QUEUED
        if known is not None:
            callback(known)

    def _start_thread(self) -> bool:
        try:
            threading.Thread(target=self._fetch, name=THREAD, daemon=True).start()
        except RuntimeError:
            # The system allows no more threads, or the interpreter is shutting down.
            return False
        return True

    def _fetch(self) -> None:
        answer = self._ask()
        with self._lock:
            self._answer, self._known_until = answer, monotonic() + LASTS
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(answer)
