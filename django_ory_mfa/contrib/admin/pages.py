"""Refusals in the look of the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from django_ory_mfa.core.decision import Outcome
from django_ory_mfa.enforcement import render
from django_ory_mfa.request.client_kind import Kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

    from django_ory_mfa.core.decision import Decision

# What a popup of the admin needs to find its opener again after it was at Ory, and what its opener needs.
POLICY = "Cross-Origin-Opener-Policy"


def forbidden(request: HttpRequest, context: Mapping[str, Any], reason: str) -> HttpResponse:
    """Return a 403 that names the account, or says it as JSON; ``context`` is that of the admin's pages."""
    if _is_json(request):
        error = {"id": "forbidden", "code": 403, "status": "Forbidden", "reason": reason, "message": reason}
        response: HttpResponse = JsonResponse({"error": {**error, "details": {}}}, status=403)
    else:
        shown = {**context, "title": _("No access to this page"), "reason": reason}
        response = TemplateResponse(request, "ory_mfa/admin/forbidden.html", shown, status=403)
    response.headers["Cache-Control"] = "no-store"
    return response


def refused(
    request: HttpRequest, decision: Decision, context: Mapping[str, Any], *, return_to: str | None = None
) -> HttpResponse:
    """Return the answer to a refused request; an outage has a page in the look of the admin."""
    response = render(request, decision, return_to=return_to)
    if decision.outcome is not Outcome.UNAVAILABLE or _is_json(request):
        return response
    shown = {**context, "title": _("Sign-in is not available right now"), "again": request.get_full_path()}
    page = TemplateResponse(request, "ory_mfa/admin/unavailable.html", shown, status=503)
    page.headers.update({name: response.headers[name] for name in ("Cache-Control", "Retry-After")})
    return page


def let_popups_return(request: HttpRequest, response: Any) -> Any:
    """Let a popup of the admin go to Ory and come back to its opener.

    Django's ``same-origin`` cuts it off at its first visit to another origin
    (https://developer.mozilla.org/docs/Web/HTTP/Headers/Cross-Origin-Opener-Policy).
    """
    is_popup = "_popup" in request.GET
    response.headers.setdefault(POLICY, "unsafe-none" if is_popup else "same-origin-allow-popups")
    return response


def _is_json(request: HttpRequest) -> bool:
    return client_of(request) in (Client.COOKIE_JSON, Client.TOKEN_JSON)
