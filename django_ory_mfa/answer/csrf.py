"""Run Django's CSRF check for requests with a session cookie where Django has not run it itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from django_ory_mfa.request.method import SAFE_METHODS
from django_ory_mfa.session.request_state import state_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

# CsrfViewMiddleware needs a view as an argument; it never calls this one.
NO_VIEW: Callable[[HttpRequest], HttpResponseBase] = lambda request: HttpResponse()  # noqa: E731


class ReasonOnly(CsrfViewMiddleware):
    """Django's check, but a failure is returned as its reason and not as a page."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def needs_csrf_check(request: HttpRequest) -> bool:
    """Whether a request with a session cookie and an unsafe method was not checked by Django (``csrf_exempt``)."""
    if request.method in SAFE_METHODS or getattr(request, "csrf_processing_done", False):
        return False
    credential = state_of(request).credential
    return credential is not None and credential.is_cookie


def csrf_failure(request: HttpRequest) -> HttpResponseBase | None:
    """Run Django's CSRF check; return None if it passes, else the response of ``CSRF_FAILURE_VIEW``, with no-store."""
    check = CsrfViewMiddleware(NO_VIEW)
    check.process_request(request)
    failure: HttpResponseBase | None = check.process_view(request, NO_VIEW, (), {})
    if failure is not None:
        failure.headers["Cache-Control"] = "no-store"
    return failure


def csrf_reason(request: HttpRequest) -> str | None:
    """Run Django's CSRF check for an API; return None if it passes, else a sentence with the reason."""
    check = ReasonOnly(NO_VIEW)
    check.process_request(request)
    reason = check.process_view(request, NO_VIEW, (), {})
    return None if reason is None else f"CSRF Failed: {reason}"


def keep_csrf_cookie(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return ``response`` with the CSRF cookie for its form, as Django's middleware does on sites that use it."""
    kept: HttpResponseBase = CsrfViewMiddleware(NO_VIEW).process_response(request, response)
    return kept
