"""Whether a request has a credential of Ory, valid or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_ory_mfa.conf import conf
from django_ory_mfa.core.credentials import SESSION_COOKIE_NAMES, TOKEN_PREFIX, read_cookies
from django_ory_mfa.request.credential import raw_cookies

if TYPE_CHECKING:
    from django.http import HttpRequest

TOKEN_HEADERS = ("HTTP_X_SESSION_TOKEN", "HTTP_AUTHORIZATION")


def sends_credential(request: HttpRequest) -> bool:
    """Return whether ``request`` has a session cookie or a session token of Ory, known to Ory or not."""
    if any(TOKEN_PREFIX in request.META.get(name, "") for name in TOKEN_HEADERS):
        return True
    own = conf.session_cookie
    # Not request.COOKIES, which has only the last cookie of each name.
    return any(
        value and (name == own or SESSION_COOKIE_NAMES.fullmatch(name))
        for name, value in read_cookies(raw_cookies(request))
    )
