"""Keep pages that depend on a session out of shared caches."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.http import FileResponse
from django.middleware.cache import UpdateCacheMiddleware
from django.utils.cache import patch_vary_headers

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

VARY = ("Cookie", "Authorization", "X-Session-Token")
ALL_VARY = ", ".join(VARY)
# Django's cache middleware stores the response if this attribute of the request is true.
STORE = "_cache_update_cache"
# Directives that let a shared cache keep a response (RFC 9111, section 5.2.2).
SHARED = ("public", "max-age", "s-maxage")


@cache
def protect_django_caches() -> None:
    """Stop Django's cache middleware and ``cache_page`` from storing a response once the session is known.

    Both store it in ``UpdateCacheMiddleware.process_response`` if an attribute of the request is true. They set that
    attribute when they start, which may be after the session became known, so this is checked again when they store.
    """
    store: Any = UpdateCacheMiddleware.process_response

    def process_response(self: UpdateCacheMiddleware, request: Any, response: Any) -> Any:
        # No isinstance check: the request may be a wrapper that forwards attributes, as in Django REST framework.
        state = getattr(request, "_ory_mfa", None)
        if state is None or state.known_session is None:
            return store(self, request, response)
        if getattr(request, STORE, False):
            state.kept_from_cache = True
        # SECURITY: the page may contain personal data, and the cache would serve it to the next visitor.
        return response

    UpdateCacheMiddleware.process_response = process_response  # type: ignore[method-assign]


def mark_private(request: HttpRequest, response: HttpResponseBase) -> None:
    """Mark ``response`` as private to this visitor, for Django's caches and for shared HTTP caches."""
    said, vary = response.headers.get("Cache-Control", ""), response.headers.get("Vary", "")
    # Two fast paths: most responses have neither header, and a second guard finds those that the first one set.
    if said != "private":
        response.headers["Cache-Control"] = _made_private(said)
    if not vary:
        response.headers["Vary"] = ALL_VARY
    elif vary != ALL_VARY:
        patch_vary_headers(response, VARY)
    request.__dict__.pop(STORE, None)


def _made_private(said: str) -> str:
    directives = [part.strip() for part in said.split(",") if part.strip()]
    kept = [part for part in directives if part.lower() != "public"]
    if "private" not in kept and "no-store" not in kept:
        kept.append("private")
    return ", ".join(kept)


def may_be_shared_and_read_later(response: HttpResponseBase) -> bool:
    """Whether shared caches may store ``response`` although its streamed content may still read the session.

    The content of a ``FileResponse`` is a file, which reads no session.
    """
    if not response.streaming or isinstance(response, FileResponse):
        return False
    said = response.headers.get("Cache-Control", "").lower()
    return any(directive in said for directive in SHARED)


def forget_outer_cache(request: HttpRequest) -> None:
    """Reset Django's cache attribute, so that ``refuse_inner_cache`` only sees caches that start after this call."""
    request.__dict__.pop(STORE, None)


def refuse_inner_cache(request: HttpRequest) -> None:
    """Raise ``ImproperlyConfigured`` if a per-view cache inside the guard served the response or tried to store it."""
    if STORE in request.__dict__ or request._ory_mfa.kept_from_cache:  # type: ignore[attr-defined]
        raise ImproperlyConfigured(
            "A page behind @cache_page depends on the Ory session, because a guard is applied outside the cache or a "
            "middleware read the session first. The page was not cached, and can never be: put @cache_page above the "
            "guard, remove it, or read the session later."
        )
