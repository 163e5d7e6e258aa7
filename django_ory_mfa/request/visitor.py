"""Name visitors by keyed hashes, which do not reveal who they are and which only this site can compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django_ory_mfa.conf import django_cookies, fingerprint_key, fingerprint_keys
from django_ory_mfa.core.credentials import fingerprint

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.session import OrySession

# What a hop is bound to; a keyed hash follows the prefix.
PERSON, CREDENTIAL, BROWSER = "person ", "credential ", "browser "


class Visitor(NamedTuple):
    """Keyed hashes of the person and the credential of a request; empty if unknown."""

    person: str = ""
    credential: str = ""


def hashes_of_person(session: OrySession) -> tuple[str, ...]:
    """Return the keyed hashes that may name the person of ``session``, the current one first.

    Empty if the person is unknown. There are several while ``SECRET_KEY`` is being rotated.
    """
    if session.identity is None:
        return ()
    # Without the URL of Ory, which changes with a custom domain. Ory generates the ids, so no two people share one.
    return tuple(fingerprint("", "person", session.identity.id, key=key) for key in fingerprint_keys())


def bound_to(request: HttpRequest, visitor: Visitor) -> str:
    """Return what a hop of ``request`` is bound to: the person, the credential or the browser.

    SECURITY: a hop cookie that this site signed for an attacker can be planted in a visitor's browser by another host
    on the same domain. So an entry counts only for the person that it was made for, else for the credential, else for a
    browser with the same session or CSRF cookie of Django. The remaining risk: an anonymous visitor who has neither of
    these cookies, or also a planted one, can be shown the page that explains a loop.
    """
    if visitor.person:
        return f"{PERSON}{visitor.person}"
    if visitor.credential:
        return f"{CREDENTIAL}{visitor.credential}"
    cookies = (request.COOKIES.get(name) for name in django_cookies())
    return f"{BROWSER}{_hash_of(next(filter(None, cookies), ''))}"


def django_session_of(request: HttpRequest) -> str:
    """Return a keyed hash of the Django session cookie; empty if the request has none."""
    return _hash_of(request.COOKIES.get(django_cookies()[0], ""))


def _hash_of(cookie: str) -> str:
    return fingerprint("", "cookie", cookie, key=fingerprint_key())[:16] if cookie else ""
