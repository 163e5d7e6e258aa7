"""Stop a request in which code of the site has read the Django session of the previous person at this browser.

What it has made of that may be an attribute of the request, or of a view. So the request ends here, with the session
emptied, and the next one begins without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse, HttpResponseForbidden, HttpResponseRedirect
from django.utils.http import escape_leading_slashes
from django.utils.translation import gettext_lazy as _

from django_ory_mfa.answer.rendering import json_of
from django_ory_mfa.core.refusal import Refusal, forbidden
from django_ory_mfa.request.client_kind import Kind, kind_of
from django_ory_mfa.request.method import SAFE_METHODS
from django_ory_mfa.request.visitor import django_session_of
from django_ory_mfa.session.request_state import state_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.runtime.steps import Steps

REASON = "other_person"
MESSAGE = _("Somebody else used this browser before. Try again.")
# The cookie that names, by a keyed hash, the session that was emptied when the browser was sent to the same page again.
COOKIE = "ory_mfa_emptied"
LIFETIME = 60  # seconds


def was_shown_steps(request: HttpRequest) -> Steps[bool]:
    """Return whether code of the site may have read the Django session of another person, which is empty now."""
    return (yield from state_of(request).owner.was_shown_steps())


def stop(request: HttpRequest) -> HttpResponse:
    """Return the response that ends ``request``: a redirect to its own URL, or a 403 that asks to try again.

    A script gets the 403, and so does a method that is not safe to repeat.
    """
    refusal = stopped(request)
    if kind_of(request, state_of(request).credential) is Kind.JSON:
        return json_of(refusal)
    emptied = django_session_of(request)
    # The same session again: it is in a cookie that this site cannot replace, such as one of another domain.
    is_loop = request.COOKIES.get(COOKIE) == emptied
    if request.method not in SAFE_METHODS or is_loop:
        # No template: it could show what the site has read.
        return HttpResponseForbidden(str(MESSAGE), content_type="text/plain; charset=utf-8", headers=refusal.headers)
    response = redirect_to_itself(request)
    secure = request.is_secure()
    response.set_cookie(COOKIE, emptied, max_age=LIFETIME, secure=secure, httponly=True, samesite="Lax")
    return response


def stopped(request: HttpRequest) -> Refusal:
    """Return the refusal that ends ``request`` to an API; nothing that it writes to the Django session is saved."""
    state_of(request).owner.discard()
    return forbidden(str(MESSAGE), reason=REASON)


def redirect_to_itself(request: HttpRequest) -> HttpResponse:
    """Return a redirect of ``request`` to its own URL."""
    # SECURITY: a path that starts with two slashes would be an address of another host.
    url = escape_leading_slashes(request.get_full_path())
    return HttpResponseRedirect(url, headers={"Cache-Control": "no-store"})
