"""Signals. The sender is ``OrySession``; every one carries ``request`` and ``session``."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from django.dispatch import Signal

from django_ory_mfa.core.session import OrySession

# A guard refused: request, session, decision, report_only (a rule that only reports would have). Once per refusal.
aal_denied = Signal()
# Somebody is back from Ory and has proved what was asked for: request, session, requirement.
step_up_completed = Signal()
# Somebody else is back than was sent to Ory: request, session, previous (the fingerprint of who it was).
identity_switched = Signal()
# Ory stopped giving usable answers: request, session, reason. Once per outage and process.
ory_unavailable = Signal()


class Sending:
    """A call that sends a signal."""

    def __init__(self, signal: Signal, **named: Any) -> None:
        self._signal = signal
        self._named = named

    def run(self) -> object:
        """Sends it in blocking code."""
        return self._signal.send_robust(OrySession, **self._named)

    def arun(self) -> Awaitable[object]:
        """Sends it in an event loop."""
        return self._signal.asend_robust(OrySession, **self._named)
