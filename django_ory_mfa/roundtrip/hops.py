"""Count how often a browser is sent to Ory for the same page (hops), so that a redirect loop ends on a page.

The counts are kept in a signed cookie, so this needs no Django session and no database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from math import floor
from typing import TYPE_CHECKING, NamedTuple

from django.core import signing

from django_ory_mfa.core.decision import Decision, Outcome
from django_ory_mfa.core.flows import path_and_query
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.request.method import SAFE_METHODS
from django_ory_mfa.request.visitor import BROWSER, CREDENTIAL, PERSON, Visitor, bound_to, django_session_of
from django_ory_mfa.runtime.clock import now

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

COOKIE = "ory_mfa_hops"
SALT = "django_ory_mfa.hops"
LIFETIME = 300  # seconds
MOST_ENTRIES = 6
MOST_HOPS = 3
# Two trips to sign-in within this time mean that Ory sent the browser back at once.
AT_ONCE = 10  # seconds
PROVING = (Outcome.STEP_UP, Outcome.REFRESH)
COUNTED = (*PROVING, Outcome.LOGIN)


class Hop(NamedTuple):
    """An entry of the cookie: how often one visitor was sent to Ory for one page, and when."""

    key: str
    times: int
    since: float  # seconds
    last: float
    who: str
    django_session: str
    wanted: str
    back: str
    form: int  # 1 if a form was refused, which has to be sent again


def hop_of(
    request: HttpRequest, decision: Decision, visitor: Visitor, *, return_to: str, is_for_this_page: bool
) -> Hop:
    """Return the entry for sending ``request`` to Ory because of ``decision``, and back to ``return_to``.

    A view such as step-up sends the visitor back to another page (``is_for_this_page`` is False), and the hop is
    counted for that page.
    """
    # Rounded down, or a proof given right afterwards would look older than the hop.
    back, moment = path_and_query(return_to), floor(now().timestamp() * 1000) / 1000
    return Hop(
        key=_key(decision.outcome, request.get_full_path() if is_for_this_page else back),
        times=1,
        since=moment,
        last=moment,
        who=bound_to(request, visitor),
        django_session=django_session_of(request),
        wanted=mark_of(decision.requirement),
        back=_digest(back),
        form=int(request.method not in SAFE_METHODS),
    )


def is_loop(request: HttpRequest, hop: Hop) -> bool:
    """Whether the browser has been sent to Ory ``MOST_HOPS`` times for what ``hop`` is for."""
    return any(before.times >= MOST_HOPS for before in _read(request) if _continues(hop, before))


def count_hop(request: HttpRequest, response: HttpResponseBase, hop: Hop) -> None:
    """Add ``hop`` to the cookie of ``response``."""
    hops = _read(request)
    for before in hops:
        if _continues(hop, before):
            hop = hop._replace(times=before.times + 1, since=before.since)
    others = [other for other in hops if (other.key, other.who) != (hop.key, hop.who)]
    _write(request, response, [*others, hop][-MOST_ENTRIES:])


def note_hop(request: HttpRequest, response: HttpResponseBase, hop: Hop) -> None:
    """Add ``hop`` to the cookie of ``response``, a page with a link to Ory, unless such an entry is there already."""
    hops = _read(request)
    if all((before.key, before.who) != (hop.key, hop.who) for before in hops):
        _write(request, response, [*hops, hop][-MOST_ENTRIES:])


def mark_of(requirement: Requirement) -> str:
    """Return a short hash of ``requirement``, by which a guard recognises its own hops."""
    parts = (requirement.aal, requirement.max_age, *sorted(requirement.methods or ()))
    return _digest("\0".join(map(str, parts)))[:8]


def has_hops(request: HttpRequest) -> bool:
    """Whether the request may have a cookie of hops; a cheap test."""
    return COOKIE in request.META.get("HTTP_COOKIE", "")


def is_return(request: HttpRequest) -> bool:
    """Whether Ory was asked to send a browser back to this page, so that its session may have changed.

    The owner of the entry is not checked: a wrong True costs one call to Ory, and grants no access.
    """
    if not has_hops(request):
        return False
    back = _digest(request.get_full_path())
    return any(hop.back == back for hop in _read(request))


def proofs_asked_for(request: HttpRequest) -> list[Hop]:
    """Return the hops for this page that asked for a step-up or a refresh."""
    keys = {_key(outcome, request.get_full_path()) for outcome in PROVING}
    return [hop for hop in _read(request) if hop.key in keys]


def first_hop_at(request: HttpRequest) -> float | None:
    """Return since when the browser has been on its way to Ory for this page, in seconds; None if it is not.

    The owner of the entry is not checked: it decides what a refused visitor reads, and grants no access.
    """
    keys = _keys(request.get_full_path())
    return min((hop.since for hop in _read(request) if hop.key in keys), default=None)


def is_of(hop: Hop, visitor: Visitor) -> bool:
    """Whether ``hop`` is bound to the person or the credential of ``visitor``."""
    return hop.who in (f"{PERSON}{visitor.person}", f"{CREDENTIAL}{visitor.credential}")


def person_before(request: HttpRequest, names: Collection[str]) -> str | None:
    """Return the person who was sent to Ory with this browser's Django session, unless it is one of ``names``.

    All are keyed hashes. None if there was nobody else.
    """
    session = django_session_of(request) if has_hops(request) else ""
    people = (
        hop.who.removeprefix(PERSON)
        for hop in (_read(request) if session else ())
        if hop.django_session == session and hop.who.startswith(PERSON)
    )
    return next((person for person in people if person not in names), None)


def clear_hops(request: HttpRequest, response: HttpResponseBase) -> None:
    """Forget the hops for this page, because it was reached."""
    if not has_hops(request):
        return
    reached, hops = _keys(request.get_full_path()), _read(request)
    left = [hop for hop in hops if hop.key not in reached]
    if len(left) == len(hops):
        # The response may set this cookie already, for hops that the view has counted.
        return
    if left:
        _write(request, response, left)
    else:
        response.delete_cookie(COOKIE, samesite="Lax")


def _continues(hop: Hop, before: Hop) -> bool:
    # An anonymous visitor is in a loop only if Ory sends the browser back at once, because it is signed in there.
    # Somebody who signs in again each time takes longer.
    is_soon = not hop.who.startswith(BROWSER) or hop.last - before.last < AT_ONCE
    return is_soon and (hop.key, hop.who) == (before.key, before.who)


def _keys(page: str) -> set[str]:
    return {_key(outcome, page) for outcome in COUNTED}


def _key(outcome: Outcome, page: str) -> str:
    return _digest(f"{outcome} {page}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(request: HttpRequest) -> list[Hop]:
    try:
        hops = signing.loads(request.COOKIES[COOKIE], salt=SALT, max_age=LIFETIME)
    except (KeyError, signing.BadSignature):
        return []
    oldest = now().timestamp() - LIFETIME
    # Another release of this package may have written entries with other fields.
    return [hop for hop in (Hop(*hop) for hop in hops if len(hop) == len(Hop._fields)) if hop.since > oldest]


def _write(request: HttpRequest, response: HttpResponseBase, hops: list[Hop]) -> None:
    response.set_cookie(
        COOKIE,
        signing.dumps(hops, salt=SALT),
        max_age=LIFETIME,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
