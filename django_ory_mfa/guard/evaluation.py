"""From a request and a requirement to a decision, with as few calls to Ory as possible."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_ory_mfa.conf import conf
from django_ory_mfa.core.decision import Decision, Outcome, decide
from django_ory_mfa.core.destination import destination
from django_ory_mfa.core.requirement import HIGHEST_AVAILABLE, Requirement
from django_ory_mfa.runtime.clock import now
from django_ory_mfa.runtime.steps import Steps, arun, run
from django_ory_mfa.session.request_state import RequestState, state_of
from django_ory_mfa.session.resolver import enrolled_steps, session_steps

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.session import OrySession


def evaluate(request: HttpRequest, requirement: Requirement | str) -> Decision:
    """Return the decision on ``request`` and ``requirement``; if it refuses, its ``url`` is where a browser has to go.

    Ory is called only if the decision depends on it. ``url`` is None if Ory is unavailable. It checks no CSRF, which
    ``require_aal`` does. Raises ``SynchronousOnlyOperation`` inside an event loop.
    """
    return run(evaluation_steps(state_of(request), conf.requirement(requirement)))


async def aevaluate(request: HttpRequest, requirement: Requirement | str) -> Decision:
    """``evaluate`` for async code."""
    return await arun(evaluation_steps(state_of(request), conf.requirement(requirement)))


def evaluation_steps(state: RequestState, requirement: Requirement, *, check_enrolment: bool = True) -> Steps[Decision]:
    """Return the decision on ``requirement``.

    ``check_enrolment``: find out from Ory whether a second factor exists, if the outcome depends on it.
    """
    session = yield from session_steps(state, fresh=requirement.wants_proof)
    decision = decide(session, requirement, now=now())
    if not decision.is_allowed and state.is_possibly_stale:
        # SECURITY: a session that may be stale can grant access but never deny it: a visitor who has just stepped up
        # would be sent to Ory in a loop.
        session = yield from session_steps(state, fresh=True)
        decision = decide(session, requirement, now=now())
    if check_enrolment and _depends_on_enrolment(session, decision):
        decision = yield from _enrolment_steps(state, requirement)
        session = yield from session_steps(state)
    if decision.is_allowed or decision.outcome is Outcome.UNAVAILABLE:
        return decision
    return replace(decision, url=destination(decision, session, state.flows, return_to=state.return_to))


def _depends_on_enrolment(session: OrySession, decision: Decision) -> bool:
    if decision.outcome is not Outcome.STEP_UP:
        return False
    without = decide(session, decision.requirement, now=now(), enrolled=False)
    return without.outcome is not Outcome.STEP_UP


def _enrolment_steps(state: RequestState, requirement: Requirement) -> Steps[Decision]:
    enrolled = yield from enrolled_steps(state)
    session = yield from session_steps(state)
    effective = requirement
    if enrolled is False and HIGHEST_AVAILABLE not in (conf.whoami_required_aal, conf.settings_required_aal):
        # SECURITY: the nodes of the settings flow do not show every second factor (codes by e-mail have no node).
        # Their absence may lead to a demand for a second factor, but must never grant access.
        effective = Requirement("aal2", requirement.max_age, requirement.methods)
    return replace(decide(session, effective, now=now(), enrolled=enrolled), requirement=requirement)
