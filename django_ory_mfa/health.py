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
from django_ory_mfa.signals import Sending, ory_unavailable

if TYPE_CHECKING:
    from django.http import HttpRequest

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
        self._is_out = False

    def readiness(self) -> Steps[bool]:
        """Whether Ory is ready: one whose database is down answers 401, as to somebody who is not signed in."""
        if time.monotonic() >= self._known_until:
            client = get_client()
            answer, _ = yield from wait_for(Shared(("ready", client), client.ready))
            self._is_ready = answer.status not in (0, 503)
            self._known_until = time.monotonic() + (GOOD_NEWS_LAST if self._is_ready else BAD_NEWS_LAST)
        return self._is_ready

    def note(self, session: OrySession, answer: Answer, request: HttpRequest) -> Steps[None]:
        """Tells the log and the receivers of ``ory_unavailable`` if with ``answer`` an outage begins or ends.

        ``session`` is what was made of it, for ``request``.
        """
        if session.state is not SessionState.UNAVAILABLE:
            if self._is_news(is_out=False):
                logger.info("Ory answers again.")
        elif answer.status == 401 or not 400 <= answer.status < 500:
            reason = answer.failure or f"status {answer.status}"
            if self._is_news(is_out=True):
                logger.warning("Ory gives no usable answers: %s", reason)
                yield Sending(ory_unavailable, request=request, session=session, reason=reason)
        elif answer.status != 429:
            # SECURITY: a visitor may be the cause, and must not mark Ory down.
            logger.warning("Ory gave no usable answer: status %s", answer.status)

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
