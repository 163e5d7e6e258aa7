"""Decide whether a session meets a requirement, and what has to happen if it does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django_ory_mfa.core.errors import ErrorId
from django_ory_mfa.core.requirement import HIGHEST_AVAILABLE, Requirement
from django_ory_mfa.core.session import AAL, CLOCK_SKEW, AuthenticationMethod, OrySession, SessionState


class Outcome(StrEnum):
    """What happens next: the view runs, or the visitor has to do something first."""

    ALLOW = "allow"
    LOGIN = "login"
    STEP_UP = "step_up"
    REFRESH = "refresh"
    ENROLL = "enroll"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on one session and one requirement: its outcome, a short reason, and where a browser is sent.

    It is true if it allows.
    """

    outcome: Outcome
    requirement: Requirement
    reason: str
    url: str | None = None

    @property
    def is_allowed(self) -> bool:
        """Whether the view may run."""
        return self.outcome is Outcome.ALLOW

    def __bool__(self) -> bool:
        # SECURITY: `if evaluate(request, "aal2"):` is easily written, and any other object is true.
        return self.is_allowed


def decide(session: OrySession, requirement: Requirement, *, now: datetime, enrolled: bool | None = None) -> Decision:
    """Return the decision on ``session`` and ``requirement`` at the aware time ``now``.

    ``enrolled`` is whether the person has a second factor, None if unknown. Pure: no clock, settings or I/O.
    """
    outcome, reason = _by_state(session) or _by_level(session, requirement, enrolled=enrolled)
    if outcome is Outcome.ALLOW and requirement.wants_proof and not _is_proved(session, requirement, now):
        outcome, reason = Outcome.REFRESH, "proof_missing"
    return Decision(outcome, requirement, reason)


def level_to_prove(session: OrySession, requirement: Requirement) -> AAL:
    """Return the level that a proof must have; for ``highest_available``, that of the session, but at most aal2."""
    if requirement.aal == HIGHEST_AVAILABLE:
        return max(AAL.AAL1, min(session.aal, AAL.AAL2))
    return AAL(requirement.aal)


def _by_state(session: OrySession) -> tuple[Outcome, str] | None:
    if session.state is SessionState.ACTIVE:
        return None
    if session.state is SessionState.STEP_UP_REQUIRED:
        if session.error_id == ErrorId.ENROLL:
            return Outcome.ENROLL, "second_factor_missing"
        return Outcome.STEP_UP, "second_factor_due"
    if session.state is SessionState.ANONYMOUS:
        return Outcome.LOGIN, "session_missing"
    return Outcome.UNAVAILABLE, "ory_unavailable"


def _by_level(session: OrySession, requirement: Requirement, *, enrolled: bool | None) -> tuple[Outcome, str]:
    if session.aal >= AAL.AAL2 or (requirement.aal == "aal1" and session.aal == AAL.AAL1):
        return Outcome.ALLOW, "satisfied"
    if session.aal < AAL.AAL1:
        return (Outcome.STEP_UP if requirement.aal == "aal2" else Outcome.REFRESH), "level_unknown"
    if enrolled is not False:
        return Outcome.STEP_UP, "level_too_low"
    if requirement.aal == HIGHEST_AVAILABLE:
        return Outcome.ALLOW, "satisfied"
    return Outcome.ENROLL, "second_factor_missing"


def _is_proved(session: OrySession, requirement: Requirement, now: datetime) -> bool:
    # SECURITY: a single entry must have the level, the method and the age. Two entries must not share them out.
    level = level_to_prove(session, requirement)
    return any(_proves(entry, level, requirement, now) for entry in session.authentication_methods)


def _proves(entry: AuthenticationMethod, level: AAL, requirement: Requirement, now: datetime) -> bool:
    if entry.aal < level or (requirement.methods is not None and entry.method not in requirement.methods):
        return False
    return requirement.max_age is None or _is_young(entry.completed_at, requirement.max_age, now)


def _is_young(completed_at: datetime | None, max_age: timedelta, now: datetime) -> bool:
    # A time in the future is accepted within the clock skew, and does not count beyond it.
    return completed_at is not None and -CLOCK_SKEW <= now - completed_at <= max_age
