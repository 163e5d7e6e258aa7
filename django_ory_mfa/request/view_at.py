"""Find the view at a path that a visitor may have chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import get_resolver

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.urls import ResolverMatch


def urlconf_of(request: HttpRequest) -> Any:
    """Return the URL configuration that a middleware chose for ``request``; None for that of the site."""
    return getattr(request, "urlconf", None)


def match_at(request: HttpRequest, path: str) -> ResolverMatch | None:
    """Return how Django finds the view at ``path``, without the script prefix; None if there is none."""
    try:
        return get_resolver(urlconf_of(request)).resolve(path)
    except Exception:
        # SECURITY: whatever a path converter of the site raises, a visitor can cause it by naming the path.
        return None
