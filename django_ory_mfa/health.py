"""What this process knows about the health of Ory beyond a single call."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from django_ory_mfa.calls import Steps, wait_for
from django_ory_mfa.client import get_client
from django_ory_mfa.conf import conf
from django_ory_mfa.core.session import SessionState
from django_ory_mfa.flights import Shared
from django_ory_mfa.process import once_per_process

if TYPE_CHECKING:
    from django_ory_mfa.core.answer import Answer
    from django_ory_mfa.core.session import OrySession

logger = logging.getLogger("django_ory_mfa")

GOOD_NEWS_LAST = 1.0  # seconds
BAD_NEWS_LAST = 5.0


class Health:
    """Whether an Ory and its database are well, and whether there is an outage that was told already."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_ready = True
        self._known_until = 0.0
        self._well_since = 0.0
        self._is_out = False

    def readiness(self, departed_at: float) -> Steps[bool]:
        """Whether Ory was ready for the call that departed then (monotonic), and that it answered with 401.

        One whose database is down answers so, as to somebody who is not signed in.
        """
        if time.monotonic() >= self._known_until:
            client = get_client()
            answer, _ = yield from wait_for(Shared(("ready", client), client.ready))
            self._is_ready = answer.status not in (0, 503)
            self._known_until = time.monotonic() + (GOOD_NEWS_LAST if self._is_ready else BAD_NEWS_LAST)
        return self._is_ready and departed_at >= self._well_since

    def note(self, session: OrySession, answer: Answer, departed_at: float) -> str | None:
        """Tells the log if with ``answer`` an outage begins or ends; returns the reason of one that begins.

        ``session`` is what was made of it; ``departed_at`` is when the call departed (monotonic).
        """
        if session.state is not SessionState.UNAVAILABLE:
            if not self._is_ready:
                # Ory found a session, so that its database is back: bad news of it are over, and what was asked before
                # this call tells nothing.
                self._known_until, self._well_since = 0.0, departed_at
            if self._is_news(is_out=False):
                logger.info("Ory answers again.")
        elif answer.is_outage or answer.status == 401 or 0 < answer.status < 400:
            reason = answer.failure or f"status {answer.status}"
            if self._is_news(is_out=True):
                logger.warning("Ory gives no usable answers: %s", reason)
                return reason
        elif answer.status != 429:
            # SECURITY: a visitor may be the cause, and must not mark Ory down.
            logger.warning("Ory gave no usable answer: %s", answer.failure or f"status {answer.status}")
        return None

    def _is_news(self, *, is_out: bool) -> bool:
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
