"""The response to a person who is signed in at Ory and can have no Django user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse

from django_ory_mfa.answer.pages import page, page_context
from django_ory_mfa.answer.rendering import json_of
from django_ory_mfa.conf import conf
from django_ory_mfa.core.refusal import forbidden
from django_ory_mfa.request.client_kind import Kind, kind_of
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.resolver import session_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.contrib.auth.errors import UserConflict

NO_ACCOUNT = "You cannot have an account here."
MESSAGES = {
    "conflict": "Another account here already has your name or your e-mail address.",
    "email_unverified": "Your e-mail address has to be verified before you can have an account here.",
}


def conflict_response(request: HttpRequest, error: UserConflict) -> HttpResponse:
    """Return the page or JSON that explains ``error``. It blocks, because a template may use the database."""
    refused = forbidden(MESSAGES.get(error.reason, NO_ACCOUNT), reason=error.reason)
    state = state_of(request)
    if kind_of(request, state.credential) is Kind.JSON:
        return json_of(refused)
    context = page_context(request, session_of(state), None)
    context["reason"] = error.reason
    context["verification_url"] = conf.flows.start("verification", return_to=context["return_to"])
    response = page(request, "user_conflict", context, status=refused.status).render()
    for name, value in refused.headers.items():
        response.headers[name] = value
    return response
