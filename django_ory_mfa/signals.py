"""Signals. The sender is ``OrySession``; every one carries ``request`` and ``session``."""

from __future__ import annotations

from django.dispatch import Signal

# A guard refused: request, session, decision. Once per refusal.
aal_denied = Signal()
