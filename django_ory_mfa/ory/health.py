"""What this process knows about the health of Ory beyond a single call."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from django_ory_mfa.core.answer import LATE, QUEUED
from django_ory_mfa.core.session import SessionState
from django_ory_mfa.ory.client import OryClient, may_be_provoked
from django_ory_mfa.ory.singleflight import Group, SharedCall
from django_ory_mfa.runtime import limited_log
from django_ory_mfa.runtime.clock import monotonic
from django_ory_mfa.runtime.steps import Steps, wait_for

if TYPE_CHECKING:
    from django_ory_mfa.core.answer import Answer
    from django_ory_mfa.core.session import OrySession

logger = logging.getLogger("django_ory_mfa")

GOOD_NEWS_LAST = 1.0  # seconds
BAD_NEWS_LAST = 5.0


class Health:
    """Whether an Ory and its database are well, and whether there is an outage that was told already."""

    def __init__(self, client: OryClient, calls: Group) -> None:
        self._client = client
        self._calls = calls
        self._lock = threading.Lock()
        self._is_ready = True
        self._is_well = True
        self._known_until = 0.0
        self._well_since = 0.0
        self._is_out = False

    def readiness(self, started_at: float) -> Steps[bool]:
        """Whether Ory was ready for the call that departed then (monotonic), and that it answered with 401.

        One whose database is down answers so, as to somebody who is not signed in.
        """
        if monotonic() >= self._known_until and not (yield from self._ask()):
            return False
        return self._is_ready and started_at >= self._well_since

    def note(
        self,
        session: OrySession,
        answer: Answer,
        started_at: float,
        *,
        is_known: bool = True,
        has_answered: bool = False,
    ) -> Steps[str | None]:
        """Tells the log if with ``answer`` an outage begins or ends; returns the reason of one that begins.

        ``session`` is what was made of it; ``started_at`` is when the call departed (monotonic). ``is_known`` says
        that Ory recognised the credential before, ``has_answered`` that it answered others meanwhile.
        """
        if session.state is not SessionState.UNAVAILABLE:
            self._note_session(started_at)
            return None
        reason = answer.failure or f"status {answer.status}"
        if (yield from self._is_outage(answer, is_known=is_known, has_answered=has_answered)):
            if self._is_news(is_out=True):
                logger.warning("Ory gives no usable answers: %s", reason)
                return reason
        elif answer is QUEUED:
            limited_log.warning("No thread was free in time for a call to Ory: see ORY_MFA_MAX_CONCURRENCY.")
        elif answer.status != 429:
            limited_log.warning("Ory gave no usable answer: %s", reason)
        return None

    def _note_session(self, started_at: float) -> None:
        if not self._is_ready:
            # Ory found a session, so that its database is back: bad news of it are over, and what was asked before
            # this call tells nothing.
            self._known_until, self._well_since = 0.0, started_at
        if self._is_news(is_out=False):
            logger.info("Ory answers again.")

    def _is_outage(self, answer: Answer, *, is_known: bool, has_answered: bool) -> Steps[bool]:
        if answer.status == 401:
            return not self._is_ready
        if 400 <= answer.status < 500 or not (answer.status or answer.is_outage):
            return False
        if is_known or not (answer.status or may_be_provoked(answer, has_answered=has_answered)):
            return True
        # SECURITY: a visitor may be the cause, and must not mark Ory down. After a time-out no time is left to ask.
        return answer is not LATE and not (yield from self._wellness())

    def _wellness(self) -> Steps[bool]:
        # Bad news does not last here: the circuit breaker hears of every call that failed.
        if (monotonic() >= self._known_until or not self._is_well) and not (yield from self._ask()):
            return True
        return self._is_well

    def _ask(self) -> Steps[bool]:
        """Asks Ory how it is; whether that is known now."""
        answer, _ = yield from wait_for(SharedCall(self._calls, "ready", self._client.ready))
        if answer is QUEUED:
            return False
        self._is_ready = answer.status not in (0, 503)
        self._is_well = self._is_ready and not answer.is_outage
        self._known_until = monotonic() + (GOOD_NEWS_LAST if self._is_ready else BAD_NEWS_LAST)
        return True

    def _is_news(self, *, is_out: bool) -> bool:
        if self._is_out is is_out:
            return False
        with self._lock:
            is_news, self._is_out = self._is_out is not is_out, is_out
        return is_news
