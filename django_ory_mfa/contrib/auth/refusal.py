"""The answer to somebody who is signed in at Ory and can have no Django user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse, JsonResponse

from django_ory_mfa.core.refusal import forbidden
from django_ory_mfa.pages import page, page_context
from django_ory_mfa.requester import Kind, kind_of
from django_ory_mfa.resolver import resolver_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.contrib.auth.errors import UserConflict

NO_ACCOUNT = "You cannot have an account here."
MESSAGES = {
    "conflict": "Another account here already has your name or your e-mail address.",
    "email_unverified": "Your e-mail address has to be verified before you can have an account here.",
}


def conflict_response(request: HttpRequest, error: UserConflict) -> HttpResponse:
    """Return the page, or the JSON, that says why. It blocks: a template may use the database."""
    refused = forbidden(MESSAGES.get(error.reason, NO_ACCOUNT), reason=error.reason)
    resolver = resolver_of(request)
    if kind_of(request, resolver.credential) is Kind.JSON:
        return JsonResponse(refused.body, status=refused.status, headers=refused.headers)
    context = page_context(request, resolver.session(), None)
    context["reason"] = error.reason
    response = page(request, "user_conflict", context, status=refused.status).render()
    response.headers.update(refused.headers)
    return response
