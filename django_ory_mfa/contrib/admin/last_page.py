"""Remember for whom the last page of the admin was made, so that no other person sends its forms."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.middleware.csrf import rotate_token

from django_ory_mfa.conf import django_cookies
from django_ory_mfa.core.credentials import read_cookies
from django_ory_mfa.request.credential import raw_cookies
from django_ory_mfa.request.visitor import hashes_of_person

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from django_ory_mfa.core.session import OrySession

COOKIE = "ory_mfa_admin"
SALT = "django_ory_mfa.admin"


def is_for_another(request: HttpRequest, session: OrySession) -> bool:
    """Whether the last page of this browser was made for another person than that of ``session``."""
    made_for = _made_for(request)
    return made_for is not None and made_for not in hashes_of_person(session)


def end_earlier_forms(request: HttpRequest) -> None:
    """Make the forms of earlier pages fail: give the browser a new CSRF secret."""
    rotate_token(request)
    secret = request.META["CSRF_COOKIE"]
    # The admin's own check reads the secret again; from a Django session, it went with all that was of another person.
    request.COOKIES[django_cookies()[1]] = secret


def remember(request: HttpRequest, response: HttpResponseBase, session: OrySession, path: str) -> None:
    """Note on ``response`` that it was made for the person of ``session``; ``path`` is that of the admin."""
    names = hashes_of_person(session)
    if not names or _made_for(request) == names[0]:
        return
    cookie: dict[str, Any] = {"secure": request.is_secure(), "httponly": True, "samesite": "Lax", "path": path}
    response.set_cookie(COOKIE, signing.Signer(salt=SALT).sign(names[0]), **cookie)


def _made_for(request: HttpRequest) -> str | None:
    """Return the keyed hash of the person; None if there is none, or it is not signed by this site."""
    # Django keeps the last cookie of a name. Browsers send that of the longest path first, which is that of an admin
    # below the path of another one.
    values = [value for name, value in read_cookies(raw_cookies(request)) if name == COOKIE]
    for value in values:
        with suppress(signing.BadSignature):
            return signing.Signer(salt=SALT).unsign(value)
    return None
