"""From a request to the one credential that is sent to Ory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.handlers.asgi import ASGIRequest
from django.views.decorators.debug import sensitive_variables

from django_ory_mfa.conf import conf
from django_ory_mfa.core.credentials import Credential, choose_credential, session_cookies
from django_ory_mfa.runtime import limited_log

if TYPE_CHECKING:
    from django.http import HttpRequest


@sensitive_variables()
def credential_of(request: HttpRequest) -> Credential | None:
    """Return the one credential in the headers of ``request``; None if there is none.

    If there are session cookies of several Ory projects, only ``X-Session-Token`` counts.
    """
    meta, cookies = request.META, session_cookies(raw_cookies(request), conf.session_cookie)
    authorization = meta.get("HTTP_AUTHORIZATION", "")
    if len(cookies) > 1 and len({name for name, _ in cookies}) > 1:
        limited_log.warning(
            "Cookies of several Ory projects in one request: set ORY_MFA_SESSION_COOKIE to the right one."
        )
        cookies, authorization = [], ""
    return choose_credential(
        session_token=meta.get("HTTP_X_SESSION_TOKEN", ""), cookies=cookies, authorization=authorization
    )


def usual_cookie() -> str:
    """Return the name of the session cookie to show in documentation: the configured one, else Kratos's default."""
    return conf.session_cookie or "ory_kratos_session"


def raw_cookies(request: HttpRequest) -> str:
    """Return the ``Cookie`` header byte for byte, in the order in which it arrived."""
    if not isinstance(request, ASGIRequest):
        return str(request.META.get("HTTP_COOKIE", ""))
    # HTTP/2 may split cookies into several headers. Django joins these with commas, which corrupts the cookie names
    # (RFC 9113, section 8.2.3).
    values = [value for name, value in request.scope["headers"] if name.lower() == b"cookie"]
    return b"; ".join(values).decode("latin-1")
