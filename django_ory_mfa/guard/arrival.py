"""Handle a browser's return from Ory: the step-up is complete, or somebody else has signed in."""

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
    """Send ``step_up_completed`` if ``request``, which meets ``requirement``, is back from Ory with the proof for it.

    If somebody else was sent to Ory with this browser's Django session, that session is emptied instead.
    """
    state = state_of(request)
    if state.has_arrived or not has_hops(request):
        return
    yield from state.owner.return_steps()
    answered = [] if state.owner.has_switched else _answered(request, requirement, state)
    if answered:
        state.has_arrived = True
        state.arrival = "form" if any(hop.form for hop in answered) else "back"
        yield Sending(step_up_completed, request=request, session=state.known_session, requirement=requirement)


def _answered(request: HttpRequest, requirement: Requirement, state: RequestState) -> list[Hop]:
    """Return the hops that were recorded for ``requirement``, and that the visitor has completed since then."""
    mark, session = mark_of(requirement), state.known_session
    hops = [hop for hop in proofs_asked_for(request) if hop.wanted == mark]
    return [hop for hop in hops if session is not None and _is_answered(hop, session, state.visitor)]


def _is_answered(hop: Hop, session: OrySession, visitor: Visitor) -> bool:
    """Whether ``hop`` was recorded for ``visitor``, who has completed it since then."""
    if is_of(hop, visitor):
        return True
    # The person was unknown then, because Ory hid the session, and the credential has changed since. SECURITY: an entry
    # that was planted in this browser looks the same, so only a second factor that is newer than the entry counts.
    proof = session.proof_at(AAL.AAL2) if hop.who.startswith(CREDENTIAL) else None
    return proof is not None and proof.timestamp() >= hop.last
