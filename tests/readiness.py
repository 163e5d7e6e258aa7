"""What a call that was late has caused in the background."""

from __future__ import annotations

import threading

from django_ory_mfa.ory.recent_answer import THREAD

# Seconds; longer than such a call may take, and never waited for in a run that passes.
PATIENCE = 10


def wait_for_readiness() -> None:
    """Until nobody asks whether Ory is ready any more."""
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(PATIENCE)
