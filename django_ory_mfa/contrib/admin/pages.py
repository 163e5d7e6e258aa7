"""Refusals in the look of the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from django_ory_mfa.conf import conf
from django_ory_mfa.core import refusal
from django_ory_mfa.core.credentials import CredentialKind
from django_ory_mfa.core.decision import Outcome
from django_ory_mfa.enforcement import render
from django_ory_mfa.request.client_kind import Kind, kind_of
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.resolver import session_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from django_ory_mfa.core.decision import Decision

    Context = Callable[[], dict[str, Any]]

POLICY = "Cross-Origin-Opener-Policy"


def is_json(request: HttpRequest) -> bool:
    """Whether a script reads the answer to ``request``."""
    return kind_of(request, state_of(request).credential) is Kind.JSON


def forbidden(request: HttpRequest, reason: str, context: Context, *, as_json: bool) -> HttpResponse:
    """Return a 403 for ``reason``: a page that names the account, or JSON.

    ``context`` makes that of the admin's pages. ``as_json``: whoever asks, the answer is JSON.
    """
    refused = refusal.forbidden(reason)
    if as_json or is_json(request):
        return _json(refused)
    shown = {"title": _("No access to this page"), "reason": reason}
    return _page(request, "forbidden", context() | shown, refused)


def refused(
    request: HttpRequest, decision: Decision, context: Context, *, as_json: bool, return_to: str | None = None
) -> HttpResponse:
    """Return the answer to a request that is refused for ``decision``; an outage has a page in the look of the admin.

    ``as_json``: whoever asks, the answer is JSON.
    """
    is_page = decision.outcome is Outcome.UNAVAILABLE and not is_json(request)
    if not as_json and not is_page:
        return render(request, decision, return_to=return_to)
    state = state_of(request)
    by = CredentialKind.COOKIE if state.credential is None else state.credential.kind
    said = refusal.refusal(decision, session_of(state), conf.flows, by=by)
    if as_json:
        return _json(said)
    shown = {"title": _("Sign-in is not available right now"), "again": request.get_full_path()}
    return _page(request, "unavailable", context() | shown, said)


def let_popups_return(request: HttpRequest, response: Any) -> Any:
    """Return ``response`` with a header that lets a popup of the admin go to Ory and come back to its opener.

    Django's ``same-origin`` cuts it off at its first visit to another origin
    (https://developer.mozilla.org/docs/Web/HTTP/Headers/Cross-Origin-Opener-Policy).
    """
    is_popup = "_popup" in request.GET
    response.headers.setdefault(POLICY, "unsafe-none" if is_popup else "same-origin-allow-popups")
    return response


def _json(refused: refusal.Refusal) -> HttpResponse:
    return JsonResponse(refused.body, status=refused.status, headers=refused.headers)


def _page(request: HttpRequest, name: str, context: dict[str, Any], refused: refusal.Refusal) -> HttpResponse:
    # Whoever is refused has no use for a list of what there is.
    shown = context | {"is_nav_sidebar_enabled": False}
    page = TemplateResponse(request, f"ory_mfa/admin/{name}.html", shown, status=refused.status)
    for header, value in refused.headers.items():
        page.headers[header] = value
    return page
