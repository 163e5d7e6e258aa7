"""Mask credentials in Django's error reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.views.debug import SafeExceptionReporterFilter, get_exception_reporter_filter

from django_ory_mfa.conf import conf
from django_ory_mfa.core.credentials import SESSION_COOKIE_NAMES

if TYPE_CHECKING:
    from django.http import HttpRequest

HEADERS = ("HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_X_SESSION_TOKEN")


def mask_credentials(request: HttpRequest) -> None:
    """Mask Ory's credentials in error reports about ``request``, on top of the filter that the site uses."""
    masking: Any = MaskingFilter(get_exception_reporter_filter(request))
    request.exception_reporter_filter = masking


class MaskingFilter:
    """The site's own filter, with Ory's credentials masked as well."""

    def __init__(self, site_filter: SafeExceptionReporterFilter) -> None:
        self._site_filter = site_filter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._site_filter, name)

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, Any]:
        """Return the cookies that a report may show."""
        cookies = self._site_filter.get_safe_cookies(request)
        return {name: self.cleansed_substitute if _is_secret(name) else value for name, value in cookies.items()}

    def get_safe_request_meta(self, request: HttpRequest) -> dict[str, Any]:
        """Return the request headers that a report may show."""
        meta = self._site_filter.get_safe_request_meta(request)
        return {name: self.cleansed_substitute if name in HEADERS else value for name, value in meta.items()}


def _is_secret(name: str) -> bool:
    try:
        return name == conf.session_cookie or SESSION_COOKIE_NAMES.fullmatch(name) is not None
    except ImproperlyConfigured:
        return True
