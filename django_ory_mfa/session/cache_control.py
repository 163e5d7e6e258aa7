"""Keeps pages that depend on a session out of caches that several people share."""

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
# By this attribute of the request Django's cache middleware decides whether to store the response.
STORE = "_cache_update_cache"
# Directives that let a shared cache keep a response (RFC 9111, section 5.2.2).
SHARED = ("public", "max-age", "s-maxage")


@cache
def protect_django_caches() -> None:
    """Make Django's cache middleware and ``cache_page`` store no response of a request whose session is known.

    Both end in ``UpdateCacheMiddleware.process_response``. They decide there by an attribute of the request that they
    set when they start, which may be after the session became known; so the decision is taken again in the end.
    """
    store: Any = UpdateCacheMiddleware.process_response

    def process_response(self: UpdateCacheMiddleware, request: Any, response: Any) -> Any:
        # Not by type: request may be a wrapper, such as that of Django REST framework, which passes on what it lacks.
        state = getattr(request, "_ory_mfa", None)
        if state is None or state.known_session is None:
            return store(self, request, response)
        if getattr(request, STORE, False):
            state.kept_from_cache = True
        # SECURITY: this page may show who it was made for, and the next visitor would get it.
        return response

    UpdateCacheMiddleware.process_response = process_response  # type: ignore[method-assign]


def mark_private(request: HttpRequest, response: HttpResponseBase) -> None:
    """Make ``response`` one for this visitor only, in Django's caches and in shared ones on the way."""
    said, vary = response.headers.get("Cache-Control", ""), response.headers.get("Vary", "")
    # Most responses say nothing of it, and the second guard of a response finds what the first one said.
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
    """Whether shared caches may keep ``response`` although its content, which is still to come, may read the session.

    The content of a ``FileResponse`` comes from a file, which reads nothing.
    """
    if not response.streaming or isinstance(response, FileResponse):
        return False
    said = response.headers.get("Cache-Control", "").lower()
    return any(directive in said for directive in SHARED)


def forget_outer_cache(request: HttpRequest) -> None:
    """Make ``refuse_inner_cache`` notice only caches that start from now on."""
    request.__dict__.pop(STORE, None)


def refuse_inner_cache(request: HttpRequest) -> None:
    """Raise ``ImproperlyConfigured`` if a per-view cache inside the guard answered or wanted to store the answer."""
    if STORE in request.__dict__ or request._ory_mfa.kept_from_cache:  # type: ignore[attr-defined]
        raise ImproperlyConfigured(
            "A page behind @cache_page depends on the Ory session, because a guard stands outside of it or a "
            "middleware read the session before. It was not stored, but it could not be cached for anybody either: put "
            "@cache_page above the guard, leave it out, or read the session later."
        )
