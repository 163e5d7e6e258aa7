"""Cross-site request forgery: a session cookie that opens a view has to come with Django's CSRF proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from django_ory_mfa.resolver import resolver_of
from django_ory_mfa.return_to import SAFE_METHODS

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase


def needs_csrf_check(request: HttpRequest) -> bool:
    """Whether the session came by cookie, the method changes things, and Django has not checked (``csrf_exempt``)."""
    credential = resolver_of(request).credential
    return (
        credential is not None
        and credential.is_cookie
        and request.method not in SAFE_METHODS
        and not getattr(request, "csrf_processing_done", False)
    )


def csrf_failure(request: HttpRequest) -> HttpResponseBase | None:
    """Runs Django's own check; the answer of ``CSRF_FAILURE_VIEW`` if it fails."""
    check = CsrfViewMiddleware(_no_view)
    check.process_request(request)
    failure: HttpResponseBase | None = check.process_view(request, _no_view, (), {})
    return failure


def _no_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()
