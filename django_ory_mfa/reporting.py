"""Keeps credentials out of Django's error reports."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.views.debug import SafeExceptionReporterFilter, get_exception_reporter_filter

from django_ory_mfa.conf import conf
from django_ory_mfa.core.credentials import SESSION_COOKIE_NAMES

if TYPE_CHECKING:
    from django.http import HttpRequest


def mask_credentials(request: HttpRequest) -> None:
    """Has error reports about ``request`` show no session cookie, whichever filter the site uses otherwise."""
    site_filter: Any = type(get_exception_reporter_filter(request))
    request.exception_reporter_filter = _masking(site_filter)


@cache
def _masking(site_filter: type) -> SafeExceptionReporterFilter:
    masked: type[SafeExceptionReporterFilter] = type("OryExceptionReporterFilter", (_MaskedCookies, site_filter), {})
    return masked()


class _MaskedCookies:
    cleansed_substitute: str

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, Any]:
        cookies: dict[str, Any] = super().get_safe_cookies(request)  # type: ignore[misc]  # the site's filter follows
        return {name: self.cleansed_substitute if _is_secret(name) else value for name, value in cookies.items()}


def _is_secret(name: str) -> bool:
    try:
        return name == conf.session_cookie or SESSION_COOKIE_NAMES.fullmatch(name) is not None
    except ImproperlyConfigured:
        return True
