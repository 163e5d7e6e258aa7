"""Which methods the page accepts that a visitor comes from, so that none is used that does not count there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.guard.declarations import methods_of
from django_ory_mfa.roundtrip.return_to import view_of_page

if TYPE_CHECKING:
    from django.http import HttpRequest


def wanted_methods(request: HttpRequest, url: str) -> list[str]:
    """Return the methods that the view at ``url`` accepts; empty if it takes any, or is not of this site."""
    try:
        return sorted(methods_of(view_of_page(request, url)))
    except (ImproperlyConfigured, TypeError, ValueError):
        # The page itself tells its developer.
        return []
