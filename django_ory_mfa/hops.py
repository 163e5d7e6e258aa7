"""Notes how often a browser was sent to Ory for the same page, so that a loop ends in an explanation, and who was.

The note is a signed cookie: no session, no database, and nobody but this site writes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from django.core import signing
from django.core.exceptions import DisallowedHost

from django_ory_mfa.clock import now
from django_ory_mfa.core.decision import Decision, Outcome
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.return_to import return_to_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

COOKIE = "ory_mfa_hops"
SALT = "django_ory_mfa.hops"
LIFETIME = 300  # seconds
MOST_ENTRIES = 6
MOST_HOPS = 3
COUNTED = (Outcome.STEP_UP, Outcome.REFRESH, Outcome.LOGIN)


class Hop(NamedTuple):
    """The times that a browser was sent away for one page."""

    key: str
    times: int
    since: int  # seconds
    person: str = ""
    wanted: str = ""


def is_loop(request: HttpRequest, outcome: Outcome, return_to: str) -> bool:
    """Whether the browser was sent away for this often enough."""
    key = _key(outcome, return_to)
    return any(hop.times >= MOST_HOPS for hop in _read(request) if hop.key == key)


def has_hops(request: HttpRequest) -> bool:
    """Whether the browser may have been sent away at all; a look that costs next to nothing."""
    return COOKIE in request.META.get("HTTP_COOKIE", "")


def is_return(request: HttpRequest) -> bool:
    """Whether the browser was sent away for this page lately, so that it may be back with a better session."""
    return bool(_hops_of_page(request, COUNTED))


def proofs_given(request: HttpRequest) -> list[Hop]:
    """The hops for this page that were to prove more, if the browser may be back from them."""
    return _hops_of_page(request, (Outcome.STEP_UP, Outcome.REFRESH))


def count_hop(
    request: HttpRequest, response: HttpResponseBase, decision: Decision, return_to: str, *, person: str
) -> None:
    """Notes on ``response`` that it sends the browser away for ``decision``, and the fingerprint of the person."""
    key, hops = _key(decision.outcome, return_to), _read(request)
    before = next((hop for hop in hops if hop.key == key), Hop(key, 0, int(now().timestamp())))
    others = [hop for hop in hops if hop.key != key]
    hop = before._replace(times=before.times + 1, person=person, wanted=mark_of(decision.requirement))
    _write(request, response, [*others, hop][-MOST_ENTRIES:])


def mark_of(requirement: Requirement) -> str:
    """A short name for ``requirement``, by which a guard knows its own hops."""
    parts = (requirement.aal, requirement.max_age, *sorted(requirement.methods or ()))
    return _digest("\0".join(map(str, parts)))[:8]


def clear_hops(request: HttpRequest, response: HttpResponseBase) -> None:
    """Forgets the hops for this page, which was reached."""
    if not has_hops(request):
        return
    reached, hops = _keys(request, COUNTED), _read(request)
    left = [hop for hop in hops if hop.key not in reached]
    if left:
        _write(request, response, left)
    elif hops:
        response.delete_cookie(COOKIE, samesite="Lax")


def _hops_of_page(request: HttpRequest, outcomes: Iterable[Outcome]) -> list[Hop]:
    if not has_hops(request):
        return []
    try:
        keys = _keys(request, outcomes)
    except DisallowedHost:
        # A page without an address: Django's to refuse.
        return []
    return [hop for hop in _read(request) if hop.key in keys]


def _keys(request: HttpRequest, outcomes: Iterable[Outcome]) -> set[str]:
    return_to = return_to_of(request)
    return {_key(outcome, return_to) for outcome in outcomes}


def _key(outcome: Outcome, return_to: str) -> str:
    return _digest(f"{outcome} {return_to}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(request: HttpRequest) -> list[Hop]:
    try:
        hops = signing.loads(request.COOKIES[COOKIE], salt=SALT, max_age=LIFETIME)
    except (KeyError, signing.BadSignature):
        return []
    oldest = now().timestamp() - LIFETIME
    return [hop for hop in (Hop(*hop) for hop in hops) if hop.since > oldest]


def _write(request: HttpRequest, response: HttpResponseBase, hops: list[Hop]) -> None:
    response.set_cookie(
        COOKIE,
        signing.dumps(hops, salt=SALT),
        max_age=LIFETIME,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
