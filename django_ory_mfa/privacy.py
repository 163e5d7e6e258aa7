"""Keeps pages that depend on a session out of caches that several people share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.utils.cache import patch_vary_headers

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

VARY = ("Cookie", "Authorization", "X-Session-Token")
ALL_VARY = ", ".join(VARY)
# Django's cache middlewares tell each other by this attribute of the request whether to store the response.
STORE = "_cache_update_cache"


def mark_private(request: HttpRequest, response: HttpResponseBase) -> None:
    """Makes ``response`` one for this visitor only, in Django's caches and in those on the way."""
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


def forget_outer_cache(request: HttpRequest) -> None:
    """Has Django's caches not store the response, and ``refuse_inner_cache`` see only what runs from now on."""
    request.__dict__.pop(STORE, None)


def refuse_inner_cache(request: HttpRequest) -> None:
    """Raises ``ImproperlyConfigured`` if a per-view cache inside the guard answered or wants to store the answer."""
    if STORE in request.__dict__:
        raise ImproperlyConfigured(
            "A page behind @cache_page depends on the Ory session, because a guard stands outside of it or a "
            "middleware read the session before, and would be served to the next person: put @cache_page above the "
            "guard, leave it out, or read the session later."
        )
