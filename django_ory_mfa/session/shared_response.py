"""Keep cookies for one visitor off a response object that a site returns to everybody.

Django's middleware puts cookies onto the object that it gets, where they stay. It does so for more visitors once the
Ory session is known: a Django session is marked as that of its person, and a change of person ends it.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from http.cookies import SimpleCookie
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.middleware import SessionMiddleware
from django.middleware.csrf import CsrfViewMiddleware

from django_ory_mfa.conf import django_cookies, is_session_always_saved
from django_ory_mfa.roundtrip.hops import has_hops

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponseBase


@cache
def protect_shared_responses() -> None:
    """Let Django's session and CSRF middleware put the cookies of a request with a known session onto a copy."""
    for middleware in (SessionMiddleware, CsrfViewMiddleware):
        _protect_from(middleware)


def _protect_from(middleware: Any) -> None:
    process_response = middleware.process_response

    def process_copy(self: Any, request: HttpRequest, response: HttpResponseBase) -> Any:
        state = getattr(request, "_ory_mfa", None)
        # Not for a derived class, which may keep the original and ignore what this returns.
        if state is None or type(self).process_response is not process_copy:
            return process_response(self, request, response)
        return process_response(self, request, own_response(request, response))

    middleware.process_response = process_copy


def own_response(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return ``response``; a copy of it if the session is known and Django is going to put cookies onto it."""
    if request._ory_mfa.known_session is None or not _gets_cookies(request):  # type: ignore[attr-defined]  # attached
        return response
    own = with_own_cookies(response)
    return response if own is None else own


def with_own_cookies(response: HttpResponseBase) -> HttpResponseBase | None:
    """Return a copy of ``response`` with headers and cookies of its own; None if its class cannot be copied so."""
    # SECURITY: a view may return one object to everybody, who would all get its cookies. Not copy.copy(), which leaves
    # out what a response cannot be pickled with.
    try:
        own = object.__new__(type(response))
    except TypeError:
        return None
    for slot in _slots(type(response)):
        with suppress(AttributeError):
            slot.__set__(own, slot.__get__(response))
    # The original lives as long as the copy, since its end may close what both share.
    vars(own).update(vars(response), cookies=SimpleCookie(), _ory_mfa_original=response)
    own.headers = _copy_of(response.headers, _store=dict(response.headers._store))
    for name, morsel in response.cookies.items():
        # A cookie that is set again changes the morsel that is there.
        dict.__setitem__(own.cookies, name, _copy_of(morsel))
        dict.update(own.cookies[name], morsel)
    return own


def _slots(kind: type) -> Iterator[MemberDescriptorType]:
    for cls in kind.__mro__:
        yield from (value for value in vars(cls).values() if isinstance(value, MemberDescriptorType))


def _copy_of(thing: Any, **other: Any) -> Any:
    # Not copy.copy(), which leaves out what a class derived from Morsel adds.
    kind: Any = type(thing)
    own = kind.__new__(kind)
    vars(own).update(vars(thing), **other)
    return own


def _gets_cookies(request: HttpRequest) -> bool:
    session = getattr(request, "session", None)
    is_sent = isinstance(session, SessionBase) and (session.modified or _is_ended(request, session))
    return bool(
        is_sent or is_session_always_saved() or request.META.get("CSRF_COOKIE_NEEDS_UPDATE") or has_hops(request)
    )


def _is_ended(request: HttpRequest, session: SessionBase) -> bool:
    # Django takes its cookie away then.
    return django_cookies()[0] in request.COOKIES and session.is_empty()
