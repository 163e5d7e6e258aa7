"""For whom the last page of the admin was made, so that nobody else sends its forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core import signing
from django.middleware.csrf import CSRF_SESSION_KEY, rotate_token

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

COOKIE = "ory_mfa_admin"
SALT = "django_ory_mfa.admin"


def is_for_another(request: HttpRequest, person: str) -> bool:
    """Whether the last page of this browser was made for somebody else than ``person`` (a keyed hash)."""
    return _person(request) not in (None, person)


def end_earlier_forms(request: HttpRequest) -> None:
    """Make the forms of earlier pages fail: give the browser a new CSRF secret."""
    rotate_token(request)
    secret = request.META["CSRF_COOKIE"]
    # The admin's own check reads the secret again.
    if settings.CSRF_USE_SESSIONS:
        request.session[CSRF_SESSION_KEY] = secret
    else:
        request.COOKIES[settings.CSRF_COOKIE_NAME] = secret


def remember(request: HttpRequest, response: HttpResponseBase, person: str, path: str) -> None:
    """Note on ``response`` that it was made for ``person``; ``path`` is that of the admin."""
    if _person(request) == person:
        return
    cookie: dict[str, Any] = {"secure": request.is_secure(), "httponly": True, "samesite": "Lax", "path": path}
    response.set_cookie(COOKIE, signing.Signer(salt=SALT).sign(person), **cookie)


def _person(request: HttpRequest) -> str | None:
    try:
        return signing.Signer(salt=SALT).unsign(request.COOKIES[COOKIE])
    except (KeyError, signing.BadSignature):
        return None
