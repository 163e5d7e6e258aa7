"""Choose the Ory flow that a decision sends the visitor to."""

from __future__ import annotations

from django_ory_mfa.core.decision import Decision, Outcome, level_to_prove
from django_ory_mfa.core.errors import ErrorId
from django_ory_mfa.core.flows import Flows, replace_return_to
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.core.session import AAL, OrySession

PROVED_AGAIN_BY_FIRST_FACTOR = frozenset({"oidc", "saml"})


def destination(
    decision: Decision, session: OrySession, flows: Flows, *, return_to: str | None = None, kind: str = "browser"
) -> str | None:
    """Return the URL of the flow for ``decision``; None if it needs none. ``kind`` is ``browser`` or ``api``."""
    if decision.outcome is Outcome.LOGIN:
        return flows.login(return_to=return_to, kind=kind)
    if decision.outcome is Outcome.STEP_UP:
        other = other_flow(session)
        if other is not None and kind == "browser":
            return replace_return_to(other, return_to)
        return flows.login(aal2=True, return_to=return_to, kind=kind)
    if decision.outcome is Outcome.REFRESH:
        aal2 = needs_second_factor(session, decision.requirement)
        return flows.login(refresh=True, aal2=aal2, return_to=return_to, kind=kind)
    if decision.outcome is Outcome.ENROLL:
        return flows.settings(return_to=return_to, kind=kind)
    return None


def given_destination(decision: Decision, flows: Flows) -> str | None:
    """Return ``decision.url`` if a browser may be sent there, else None."""
    if decision.url is None or decision.outcome is Outcome.UNAVAILABLE:
        return None
    # SECURITY: the site may have set it, even from untrusted input, so it has to be a flow of this Ory.
    return decision.url if flows.contains(decision.url) else None


def other_flow(session: OrySession) -> str | None:
    """Return the flow that Ory demands before it shows the session, if that is not the second factor; else None."""
    return session.redirect_browser_to if session.error_id != ErrorId.STEP_UP else None


def needs_second_factor(session: OrySession, requirement: Requirement) -> bool:
    """Whether a fresh proof for ``requirement`` has to be by a second factor.

    A session that reached aal2 by an upstream provider alone has no second factor at Ory; the visitor signs in at the
    provider again instead.
    """
    second = [entry.method for entry in session.authentication_methods if entry.aal >= AAL.AAL2]
    upstream_only = bool(second) and PROVED_AGAIN_BY_FIRST_FACTOR.issuperset(second)
    return level_to_prove(session, requirement) >= AAL.AAL2 and not upstream_only
