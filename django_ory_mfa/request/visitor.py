"""Names visitors by keyed hashes, which tell nobody who they are and which nobody else can make."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django_ory_mfa.conf import django_cookies, fingerprint_key, fingerprint_keys
from django_ory_mfa.core.credentials import fingerprint

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.session import OrySession

# What an entry of the hops is bound to; a keyed hash follows.
PERSON, CREDENTIAL, BROWSER = "person ", "credential ", "browser "


class Visitor(NamedTuple):
    """Who sends a request, as keyed hashes; empty where it is not known."""

    person: str = ""
    credential: str = ""


def names_of_person(session: OrySession) -> tuple[str, ...]:
    """Return the keyed hashes that may stand for the person of ``session``, the current one first.

    Empty if the person is not known. There are several while ``SECRET_KEY`` is being replaced.
    """
    if session.identity is None:
        return ()
    # Without the URL of Ory, which changes with a custom domain. Ory makes up the ids, so that no two people share one.
    return tuple(fingerprint("", "person", session.identity.id, key=key) for key in fingerprint_keys())


def bound_to(request: HttpRequest, visitor: Visitor) -> str:
    """Return whom a redirect of ``request`` to Ory is counted for.

    SECURITY: a host beside this one can plant its own signed cookie in another browser. So an entry counts only for the
    person that it was made for, else for the credential, else for the browser with the same session or CSRF cookie of
    Django's. What remains: somebody who is not signed in, and has neither of these or a planted one as well, can be
    shown the page that explains a loop.
    """
    if visitor.person:
        return f"{PERSON}{visitor.person}"
    if visitor.credential:
        return f"{CREDENTIAL}{visitor.credential}"
    cookies = (request.COOKIES.get(name) for name in django_cookies())
    return f"{BROWSER}{_hash_of(next(filter(None, cookies), ''))}"


def django_session_of(request: HttpRequest) -> str:
    """Return a keyed hash of the cookie of the Django session; empty if none came."""
    return _hash_of(request.COOKIES.get(django_cookies()[0], ""))


def _hash_of(cookie: str) -> str:
    return fingerprint("", "cookie", cookie, key=fingerprint_key())[:16] if cookie else ""
