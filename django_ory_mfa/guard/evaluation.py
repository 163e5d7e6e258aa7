"""From a request and a requirement to a decision, asking Ory as seldom as it can."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_ory_mfa.conf import conf
from django_ory_mfa.core.decision import Decision, Outcome, decide
from django_ory_mfa.core.destination import destination
from django_ory_mfa.core.requirement import HIGHEST_AVAILABLE, Requirement
from django_ory_mfa.roundtrip.return_to import return_to_of
from django_ory_mfa.runtime.clock import now
from django_ory_mfa.runtime.steps import Steps, arun, run
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.resolver import enrolled_steps, session_steps

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.session import OrySession


def evaluate(request: HttpRequest, requirement: Requirement | str) -> Decision:
    """Decides whether ``request`` meets ``requirement``, asking Ory as seldom as it can; ``url`` is filled in.

    Raises ``SynchronousOnlyOperation`` inside an event loop.
    """
    return run(evaluation_steps(request, _as_requirement(requirement)))


async def aevaluate(request: HttpRequest, requirement: Requirement | str) -> Decision:
    """``evaluate`` for async code."""
    return await arun(evaluation_steps(request, _as_requirement(requirement)))


def evaluation_steps(request: HttpRequest, requirement: Requirement, *, consult: bool = True) -> Steps[Decision]:
    """The decision on ``requirement``; ``consult`` asks Ory about a second factor where the outcome depends on it."""
    state = state_of(request)
    session = yield from session_steps(state, fresh=requirement.wants_proof)
    decision = decide(session, requirement, now=now())
    if not decision.is_allowed and state.is_possibly_stale:
        # SECURITY: an answer that may be old can let somebody in, but never refuse: it would bounce off Ory for ever.
        session = yield from session_steps(state, fresh=True)
        decision = decide(session, requirement, now=now())
    if consult and _depends_on_enrolment(session, decision):
        decision = yield from _enrolment_steps(request, requirement)
        session = yield from session_steps(state)
    if decision.is_allowed or decision.outcome is Outcome.UNAVAILABLE:
        return decision
    return replace(decision, url=destination(decision, session, conf.flows, return_to=return_to_of(request)))


def _depends_on_enrolment(session: OrySession, decision: Decision) -> bool:
    if decision.outcome is not Outcome.STEP_UP:
        return False
    without = decide(session, decision.requirement, now=now(), enrolled=False)
    return without.outcome is not Outcome.STEP_UP


def _enrolment_steps(request: HttpRequest, requirement: Requirement) -> Steps[Decision]:
    state = state_of(request)
    enrolled = yield from enrolled_steps(state)
    session = yield from session_steps(state)
    asked = requirement
    if enrolled is False and HIGHEST_AVAILABLE not in (conf.whoami_required_aal, conf.settings_required_aal):
        # SECURITY: nodes of the settings page do not show every second factor (codes by e-mail have none), so that
        # their absence may ask for one, but must not open anything.
        asked = Requirement("aal2", requirement.max_age, requirement.methods)
    return replace(decide(session, asked, now=now(), enrolled=enrolled), requirement=requirement)


def _as_requirement(requirement: Requirement | str) -> Requirement:
    return conf.requirement(requirement) if isinstance(requirement, str) else requirement
