"""Middleware of a site, made from that of the package."""

from __future__ import annotations

from typing import Any

from django_ory_mfa.middleware import AALRequiredMiddleware, OrySessionMiddleware


class SiteSessionMiddleware(OrySessionMiddleware):
    """The package's, with more to it."""


class SitePolicyMiddleware(AALRequiredMiddleware):
    """The package's, with more to it."""


def factory(get_response: Any) -> Any:
    """A middleware that is a function."""
    return get_response
