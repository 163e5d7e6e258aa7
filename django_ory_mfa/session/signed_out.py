"""Tell a visitor who comes back from signing out at Ory that it worked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation

from django_ory_mfa.runtime.steps import run
from django_ory_mfa.session.resolver import session_steps

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from django_ory_mfa.session.request_state import RequestState

COOKIE = "ory_mfa_signed_out"
# Long enough for the trip to Ory and back.
SECONDS = 20


def remember_sign_out(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Let the page that the browser comes back to say that the visitor is signed out."""
    response.set_cookie(COOKIE, "1", max_age=SECONDS, secure=request.is_secure(), httponly=True, samesite="Lax")
    return response


def sign_out_notice(request: object) -> str:
    """Return ``signed_out`` if the visitor of ``request`` has just signed out, else an empty string."""
    state: RequestState | None = getattr(request, "_ory_mfa", None)
    if state is None or COOKIE not in state.request.COOKIES:
        return ""
    try:
        # Ory deletes its cookie. Where it is still sent, nobody knows here whether signing out worked.
        if state.credential is not None:
            return ""
        # SECURITY: once the session is known no cache stores the page. Without a credential, nobody is asked.
        if state.known_session is None:
            run(session_steps(state))
    except (ImproperlyConfigured, SynchronousOnlyOperation):
        # As for every tag: in async code the session has to be known already.
        return ""
    return "signed_out"
