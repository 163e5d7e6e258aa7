"""Keep pages that depend on a session out of shared caches."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.middleware.cache import FetchFromCacheMiddleware, UpdateCacheMiddleware
from django.utils.cache import patch_vary_headers

from django_ory_mfa.session.fragment_cache import is_session_known, protect_fragments

if TYPE_CHECKING:
    from django.http import HttpResponseBase

VARY = ("Cookie", "Authorization", "X-Session-Token")
# Django's cache middleware stores the response if this attribute of the request is true.
STORE = "_cache_update_cache"
# The ends of headers that only certain shared caches read, and that take precedence over Cache-Control (RFC 9213,
# section 2).
TARGETED = ("surrogate-control", "edge-control", "x-accel-expires", "cdn-cache-control", "litespeed-cache-control")


@cache
def protect_django_caches() -> None:
    """Stop Django's caches from storing anything of a request once its session is known.

    ``UpdateCacheMiddleware``, ``cache_page`` and what is derived from them store a response if an attribute of the
    request is true. They set it when they start, which may be after the session became known; so it reads as false from
    then on.
    """
    # SECURITY: the page may contain personal data, and the cache would serve it to the next visitor.
    HttpRequest._cache_update_cache = property(_may_store, _set_store)  # type: ignore[attr-defined]
    _protect_from_wrappers()
    protect_fragments()


def _may_store(request: HttpRequest) -> Any:
    value = request.__dict__.get(STORE)
    if value is None:
        raise AttributeError(STORE)
    return value and not is_session_known(request)


def _set_store(request: HttpRequest, value: Any) -> None:
    request.__dict__[STORE] = value


def _protect_from_wrappers() -> None:
    """Do the same for wrapped requests, such as those of Django REST framework.

    A wrapper stores new attributes itself and forwards the others, so the attribute is moved to the request inside.
    """
    fetch: Any = FetchFromCacheMiddleware
    update: Any = UpdateCacheMiddleware
    process_request = fetch.process_request
    should_update_cache, process_response = update._should_update_cache, update.process_response

    def process_wrapped(self: Any, request: Any) -> Any:
        response = process_request(self, request)
        state, own = getattr(request, "_ory_mfa", None), getattr(request, "__dict__", {})
        if state is not None and request is not state.request and STORE in own:
            setattr(state.request, STORE, own.pop(STORE))
        return response

    def should_update(self: Any, request: Any, response: Any) -> Any:
        if not is_session_known(request):
            return should_update_cache(self, request, response)
        # A derived class may have set it on the wrapper.
        objects = (request, request._ory_mfa.request)
        if any(STORE in getattr(one, "__dict__", {}) for one in objects):
            request._ory_mfa.is_cache_blocked = True
        return False

    def process_unknown(self: Any, request: Any, response: Any) -> Any:
        # A derived class may have a method in the place of Django's that decides.
        is_stored = not is_session_known(request) or should_update(self, request, response)
        return process_response(self, request, response) if is_stored else response

    fetch.process_request = process_wrapped
    update._should_update_cache, update.process_response = should_update, process_unknown


def mark_private(request: HttpRequest, response: HttpResponseBase) -> None:
    """Mark ``response`` as private to this visitor, for Django's caches and for shared HTTP caches."""
    for name, change in (("Cache-Control", _made_private), ("Vary", _by_credential)):
        before = response.headers.get(name, "")
        after = change(before)
        # Setting a header is slow in Django, and with several guards only the first one has to do it.
        if after != before:
            response.headers[name] = after
    for name in [name for name in response.headers if name.lower().endswith(TARGETED)]:
        del response.headers[name]


# Cached, because a site uses few different values of either header.
@lru_cache(maxsize=64)
def _by_credential(vary: str) -> str:
    response = HttpResponse(headers={"Vary": vary} if vary else {})
    patch_vary_headers(response, VARY)
    return response.headers["Vary"]


@lru_cache(maxsize=64)
def _made_private(header: str) -> str:
    kept = [part for part in _directives(header) if part.lower() != "public"]
    if "private" not in map(str.lower, kept) and not _forbids_storing(header):
        kept.append("private")
    return ", ".join(kept)


def _directives(header: str) -> list[str]:
    return [part.strip() for part in header.split(",") if part.strip()]


def _forbids_storing(header: str) -> bool:
    directives = {part.lower() for part in _directives(header)}
    # A cache that understands the status code ignores no-store beside must-understand (RFC 9111, section 5.2.2.3).
    return "no-store" in directives and "must-understand" not in directives


def may_be_stored_and_read_later(response: HttpResponseBase) -> bool:
    """Whether caches may store ``response`` although its streamed content may still read the session.

    The content of a ``FileResponse`` is a file, which reads no session, unless it was given something else.
    """
    if not response.streaming or getattr(response, "file_to_stream", None) is not None:
        return False
    # SECURITY: a cache also stores what names no lifetime, and reckons one itself (RFC 9111, section 4.2.2).
    is_for_certain_caches = any(name.lower().endswith(TARGETED) for name in response.headers)
    return is_for_certain_caches or not _forbids_storing(response.headers.get("Cache-Control", ""))


def forget_outer_cache(request: HttpRequest) -> None:
    """Reset Django's cache attribute, so that ``refuse_inner_cache`` only sees caches that start after this call."""
    request.__dict__.pop(STORE, None)


def refuse_inner_cache(request: HttpRequest) -> None:
    """Raise ``ImproperlyConfigured`` if a per-view cache inside the guard served the response or tried to store it."""
    if STORE in request.__dict__ or request._ory_mfa.is_cache_blocked:  # type: ignore[attr-defined]
        raise ImproperlyConfigured(
            "A page behind @cache_page depends on the Ory session, because a guard is applied outside the cache or a "
            "middleware read the session first. The page was not cached, and can never be: put @cache_page above the "
            "guard, remove it, or read the session later."
        )
