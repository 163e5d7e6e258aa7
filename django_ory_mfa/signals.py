"""Signals. The sender is ``OrySession``; every one carries ``request`` and ``session``."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from django.dispatch import Signal

from django_ory_mfa.core.session import OrySession

# A guard refused a request, or a report-only rule would have (report_only). Once per refusal.
# Arguments: request, session, decision, report_only.
aal_denied = Signal()
# A visitor came back from Ory with the required proof. Arguments: request, session, requirement.
step_up_completed = Signal()
# Another person uses the Django session than before. Arguments: request, session, previous (the keyed hash of the
# person before; empty for a user of Django's who never used it with Ory).
identity_switched = Signal()
# An outage of Ory began. Once per outage and process. Arguments: request, session, reason.
ory_unavailable = Signal()


class Sending:
    """A call that sends a signal."""

    def __init__(self, signal: Signal, **named: Any) -> None:
        self._signal = signal
        self._named = named

    def run(self) -> object:
        """Send it in blocking code."""
        return self._signal.send_robust(OrySession, **self._named)

    def arun(self) -> Awaitable[object]:
        """Send it in an event loop."""
        return self._signal.asend_robust(OrySession, **self._named)
