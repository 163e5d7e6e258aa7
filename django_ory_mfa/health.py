"""What this process knows about the health of Ory beyond a single call."""

from __future__ import annotations

import threading
import time

from django_ory_mfa.calls import Steps, wait_for
from django_ory_mfa.client import get_client
from django_ory_mfa.conf import conf
from django_ory_mfa.flights import Shared
from django_ory_mfa.process import once_per_process

GOOD_NEWS_LAST = 1.0  # seconds
BAD_NEWS_LAST = 5.0


class Health:
    """Whether an Ory and its database are well, and whether there is an outage that was told already."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_ready = True
        self._known_until = 0.0
        self._is_out = False

    def readiness(self) -> Steps[bool]:
        """Whether Ory is ready: one whose database is down answers 401, as to somebody who is not signed in."""
        if time.monotonic() >= self._known_until:
            client = get_client()
            answer, _ = yield from wait_for(Shared(("ready", client), client.ready))
            self._is_ready = answer.status not in (0, 503)
            self._known_until = time.monotonic() + (GOOD_NEWS_LAST if self._is_ready else BAD_NEWS_LAST)
        return self._is_ready

    def outage_begins(self) -> bool:
        """Notes that Ory is out of order; whether that is news."""
        return self._note(is_out=True)

    def outage_ends(self) -> bool:
        """Notes that Ory works; whether that is news."""
        return self._note(is_out=False)

    def _note(self, *, is_out: bool) -> bool:
        if self._is_out is is_out:
            return False
        with self._lock:
            is_news, self._is_out = self._is_out is not is_out, is_out
        return is_news


def health() -> Health:
    """The health of the configured Ory."""
    return _health(conf.sdk_url)


@once_per_process
def _health(url: str) -> Health:
    return Health()
