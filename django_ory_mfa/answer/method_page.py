"""The page that says which methods are accepted: before the first trip to Ory, and after a proof by another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django_ory_mfa.answer.pages import page, page_context
from django_ory_mfa.core.destination import other_flow
from django_ory_mfa.core.proofs import has_used_wanted, other_proof_since
from django_ory_mfa.roundtrip.hops import PROVING, first_hop_at
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.resolver import session_of

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.template.response import TemplateResponse

    from django_ory_mfa.core.decision import Decision


class Advice(NamedTuple):
    """Why the visitor sees a page before going to Ory.

    ``used`` is the method that was used but is not accepted, or empty; ``has_used_wanted`` is whether an accepted one
    was used earlier.
    """

    used: str
    has_used_wanted: bool


def advice_for(request: HttpRequest, decision: Decision) -> Advice | None:
    """Return the reasons to show a page before the visitor goes to Ory; None if there are none.

    The reasons: the session was never proved by a wanted method, or the visitor is back from Ory with another one.
    """
    requirement = decision.requirement
    session, since = session_of(state_of(request)), first_hop_at(request)
    if requirement.methods is None or decision.outcome not in PROVING or other_flow(session) is not None:
        return None
    other = None if since is None else other_proof_since(session, requirement, since)
    has_used = has_used_wanted(session, requirement)
    if has_used and other is None:
        return None
    return Advice("" if other is None else other.method, has_used)


def method_page(request: HttpRequest, decision: Decision, advice: Advice) -> TemplateResponse:
    """Return the 403 page with ``advice``, a link to ``decision.url``, and one to set up a wanted method."""
    context = page_context(request, session_of(state_of(request)), decision)
    context.update(used=advice.used, has_used_wanted=advice.has_used_wanted, wanted=" ".join(context["methods"]))
    return page(request, "use_method", context, status=403)
