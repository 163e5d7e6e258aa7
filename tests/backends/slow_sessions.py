"""Django sessions whose first load waits, after it has read what is stored, until a test lets it go on."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from tests.backends import plain_sessions

PATIENCE = 60  # seconds


class Gate:
    """Where the first load that comes stops: ``reached`` says that it is there, ``opened`` lets it go on."""

    def __init__(self, event: Any) -> None:
        self.reached, self.opened = event(), event()

    @property
    def is_new(self) -> bool:
        """Whether no load has come so far."""
        return not self.reached.is_set()


class SessionStore(plain_sessions.SessionStore):
    """Stops at ``gate``, if there is one: in a thread if its events are those of threads, else in an event loop."""

    gate: Gate | None = None

    def load(self) -> dict[str, Any]:
        data = super().load()
        gate = SessionStore.gate
        if gate is not None and isinstance(gate.reached, threading.Event) and gate.is_new:
            gate.reached.set()
            assert gate.opened.wait(PATIENCE)
        return data

    async def aload(self) -> dict[str, Any]:
        data = plain_sessions.SessionStore.load(self)
        gate = SessionStore.gate
        if gate is not None and isinstance(gate.reached, asyncio.Event) and gate.is_new:
            gate.reached.set()
            await asyncio.wait_for(gate.opened.wait(), PATIENCE)
        return data
