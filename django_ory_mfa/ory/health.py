"""Tell an outage of Ory from a failure that one visitor caused."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from django_ory_mfa.core.answer import LATE, QUEUED, has_unreadable_identity, may_be_provoked
from django_ory_mfa.core.session import SessionState
from django_ory_mfa.ory.singleflight import Group, SharedCall
from django_ory_mfa.runtime import limited_log
from django_ory_mfa.runtime.clock import monotonic
from django_ory_mfa.runtime.limited_log import LineLimit
from django_ory_mfa.runtime.steps import Steps, wait_for

if TYPE_CHECKING:
    from django_ory_mfa.core.answer import Answer
    from django_ory_mfa.core.session import OrySession
    from django_ory_mfa.ory.client import OryClient

logger = logging.getLogger("django_ory_mfa")

READY_LASTS = 1.0  # seconds
NOT_READY_LASTS = 5.0
ADVICE = "To find out why, run: manage.py ory_mfa doctor"


class Health:
    """Whether one Ory and its database are healthy, and whether an outage has been reported."""

    def __init__(self, client: OryClient, calls: Group) -> None:
        self._client = client
        self._calls = calls
        self._lock = threading.Lock()
        self._is_ready = True
        self._is_well = True
        self._known_until = 0.0
        self._well_since = 0.0
        self._is_out = False
        # The state in the last log line. It can be out of date for a minute, since each state is logged once a minute.
        self._is_outage_logged = False
        self._lines = LineLimit()

    def readiness(self, started_at: float) -> Steps[bool]:
        """Return whether Ory was ready when it answered 401 to the call of ``started_at`` (monotonic seconds).

        If its database is down, Ory also answers 401, as if the visitor were not signed in.
        """
        if monotonic() >= self._known_until and not (yield from self._ask()):
            return False
        return self._is_ready and started_at >= self._well_since

    def note(self, session: OrySession, answer: Answer, started_at: float, *, is_known: bool) -> Steps[str | None]:
        """Log if an outage begins or ends with ``answer``; return the reason if one begins, else None.

        ``session`` was read from ``answer``. ``started_at`` is when the call started (monotonic seconds).
        ``is_known``: Ory recognised the credential before.
        """
        if session.state is not SessionState.UNAVAILABLE:
            self._note_session(started_at)
            return None
        reason = _reason(answer)
        if (yield from self._is_outage(answer, is_known=is_known)):
            if self._is_due(is_out=True):
                logger.warning("Ory at %s gives no usable answers: %s. %s", self._client.url, reason, ADVICE)
            return reason if self._is_change(is_out=True) else None
        if answer.status != 429:
            # A limit was logged when it began.
            self.log_failure(answer)
        return None

    def log_failure(self, answer: Answer) -> None:
        """Log that ``answer`` is of no use; once a minute."""
        if answer is QUEUED:
            limited_log.warning(
                "A call to Ory was not made: no thread was free in time (see ORY_MFA_MAX_CONCURRENCY), or Ory is slow "
                "and the network of the visitor has a call under way."
            )
        elif answer.status == 429:
            limited_log.warning("Ory answered 429 (too many requests).")
        else:
            limited_log.warning("Ory at %s gave no usable answer: %s", self._client.url, _reason(answer))

    def _note_session(self, started_at: float) -> None:
        if not self._is_ready:
            # Ory found a session, so its database is back. The cached bad state is dropped, and a 401 to a call that
            # started before this one is not trusted.
            self._known_until, self._well_since = 0.0, started_at
        self._is_change(is_out=False)
        if self._is_due(is_out=False):
            logger.info("Ory answers again.")

    def _is_outage(self, answer: Answer, *, is_known: bool) -> Steps[bool]:
        if answer.status == 401:
            return not self._is_ready
        if 400 <= answer.status < 500 or not (answer.status or answer.is_outage):
            return False
        is_evidence = is_known and not has_unreadable_identity(answer)
        if is_evidence or not (answer.status or may_be_provoked(answer)):
            return True
        # SECURITY: a visitor may have caused the failure, and must not mark Ory as down. So Ory's health endpoint
        # decides; after a time-out, the client calls it in the background, because no time is left.
        if answer is LATE:
            return self._client.is_known_to_be_down
        return not (yield from self._wellness_steps())

    def _wellness_steps(self) -> Steps[bool]:
        # A bad state is not cached here: the circuit breaker already limits calls that fail.
        if (monotonic() >= self._known_until or not self._is_well) and not (yield from self._ask()):
            return True
        return self._is_well

    def _ask(self) -> Steps[bool]:
        """Ask Ory's health endpoint; return whether the state is known now."""
        answer, _ = yield from wait_for(SharedCall(self._calls, "ready", self._client.ready))
        if answer is QUEUED:
            return False
        self._is_ready = answer.status not in (0, 503)
        self._is_well = self._is_ready and not answer.is_outage
        self._known_until = monotonic() + (READY_LASTS if self._is_ready else NOT_READY_LASTS)
        return True

    def _is_change(self, *, is_out: bool) -> bool:
        if self._is_out is is_out:
            return False
        with self._lock:
            is_change, self._is_out = self._is_out is not is_out, is_out
        return is_change

    def _is_due(self, *, is_out: bool) -> bool:
        """Whether to log the state now: the last logged one was different, and this one was not logged for a minute."""
        if self._is_outage_logged is is_out:
            return False
        with self._lock:
            is_due = self._is_outage_logged is not is_out and self._lines.admit(is_out) is not None
            if is_due:
                self._is_outage_logged = is_out
        return is_due


def _reason(answer: Answer) -> str:
    return answer.failure or f"status {answer.status}"
