"""Counts how often a browser was sent to Ory for the same page, so that a loop ends in an explanation.

The counter is a signed cookie: no session, no database, and nobody but this site writes it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.core import signing
from django.core.exceptions import DisallowedHost

from django_ory_mfa.clock import now
from django_ory_mfa.core.decision import Outcome
from django_ory_mfa.return_to import return_to_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

COOKIE = "ory_mfa_hops"
SALT = "django_ory_mfa.hops"
LIFETIME = 300  # seconds
MOST_ENTRIES = 6
MOST_HOPS = 3
COUNTED = (Outcome.STEP_UP, Outcome.REFRESH, Outcome.LOGIN)

# Per hop: key, count, time of the first.
Hops = list[tuple[str, int, int]]


def is_loop(request: HttpRequest, outcome: Outcome, return_to: str) -> bool:
    """Whether the browser was sent away for this often enough."""
    key = _key(outcome, return_to)
    return any(count >= MOST_HOPS for known, count, _ in _read(request) if known == key)


def is_return(request: HttpRequest) -> bool:
    """Whether the browser was sent away for this page lately, so that it may be back with a better session."""
    if COOKIE not in request.META.get("HTTP_COOKIE", ""):
        return False
    try:
        keys = _keys(request)
    except DisallowedHost:
        # A page without an address: Django's to refuse.
        return False
    return any(hop[0] in keys for hop in _read(request))


def count_hop(request: HttpRequest, response: HttpResponseBase, outcome: Outcome, return_to: str) -> None:
    """Notes on ``response`` that it sends the browser away for ``outcome``."""
    key, seconds, hops = _key(outcome, return_to), int(now().timestamp()), _read(request)
    count, since = next(((count, since) for known, count, since in hops if known == key), (0, seconds))
    others = [hop for hop in hops if hop[0] != key]
    _write(request, response, [*others, (key, count + 1, since)][-MOST_ENTRIES:])


def clear_hops(request: HttpRequest, response: HttpResponseBase) -> None:
    """Forgets the hops for this page, which was reached."""
    if COOKIE not in request.META.get("HTTP_COOKIE", ""):
        return
    reached, hops = _keys(request), _read(request)
    left = [hop for hop in hops if hop[0] not in reached]
    if left:
        _write(request, response, left)
    elif hops:
        response.delete_cookie(COOKIE, samesite="Lax")


def _keys(request: HttpRequest) -> set[str]:
    return_to = return_to_of(request)
    return {_key(outcome, return_to) for outcome in COUNTED}


def _key(outcome: Outcome, return_to: str) -> str:
    return hashlib.sha256(f"{outcome} {return_to}".encode()).hexdigest()[:16]


def _read(request: HttpRequest) -> Hops:
    try:
        hops = signing.loads(request.COOKIES[COOKIE], salt=SALT, max_age=LIFETIME)
    except (KeyError, signing.BadSignature):
        return []
    oldest = now().timestamp() - LIFETIME
    return [(key, count, since) for key, count, since in hops if since > oldest]


def _write(request: HttpRequest, response: HttpResponseBase, hops: Hops) -> None:
    response.set_cookie(
        COOKIE,
        signing.dumps(hops, salt=SALT),
        max_age=LIFETIME,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
