"""What it means to the site that a browser is back from Ory: more is proved, or somebody else has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_ory_mfa.core.session import AAL, OrySession
from django_ory_mfa.request.visitor import CREDENTIAL, Visitor
from django_ory_mfa.roundtrip.hops import Hop, has_hops, is_of, mark_of, proofs_asked_for
from django_ory_mfa.runtime.steps import Steps
from django_ory_mfa.session.request_state import RequestState, state_of
from django_ory_mfa.signals import Sending, step_up_completed

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.requirement import Requirement


def arrival_steps(request: HttpRequest, requirement: Requirement) -> Steps[None]:
    """Tell what a return from Ory means, when a guard with ``requirement`` lets ``request`` pass to its view."""
    state = state_of(request)
    if state.has_arrived or not has_hops(request):
        return
    yield from state.owner.return_steps()
    if state.owner.has_switched:
        state.has_arrived = True
    elif _has_proved(request, requirement, state):
        state.has_arrived = True
        yield Sending(step_up_completed, request=request, session=state.known_session, requirement=requirement)


def _has_proved(request: HttpRequest, requirement: Requirement, state: RequestState) -> bool:
    mark, session = mark_of(requirement), state.known_session
    hops = [hop for hop in proofs_asked_for(request) if hop.wanted == mark]
    return session is not None and any(_is_answered(hop, session, state.visitor) for hop in hops)


def _is_answered(hop: Hop, session: OrySession, visitor: Visitor) -> bool:
    """Whether ``hop`` was made for ``visitor``, who proved since then what it asked for."""
    if is_of(hop, visitor):
        return True
    # Ory hid who it was, and has replaced the credential since. SECURITY: a planted entry looks the same, so that only
    # a second factor that was given after it counts.
    proof = session.proof_at(AAL.AAL2) if hop.who.startswith(CREDENTIAL) else None
    return proof is not None and proof.timestamp() >= hop.last
