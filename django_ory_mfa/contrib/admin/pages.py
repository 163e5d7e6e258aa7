"""Refusals as pages of the admin, or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from django_ory_mfa.answer.django_log import spare_admins
from django_ory_mfa.answer.pages import UNFRAMED
from django_ory_mfa.answer.rendering import json_of, refusal_for
from django_ory_mfa.core import refusal
from django_ory_mfa.core.decision import Outcome
from django_ory_mfa.enforcement import render
from django_ory_mfa.request.client_kind import Kind, kind_of
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.shared_response import with_own_cookies

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

    ``context`` returns the context of the admin's pages. ``as_json``: JSON for every client.
    """
    refused = refusal.forbidden(reason)
    if as_json or is_json(request):
        return json_of(refused)
    shown = {"title": _("No access to this page"), "reason": reason}
    return _page(request, "forbidden", context() | shown, refused)


def refused(
    request: HttpRequest, decision: Decision, context: Context, *, as_json: bool, return_to: str | None = None
) -> HttpResponse:
    """Return the response that refuses ``request`` for ``decision``; for an outage, a page of the admin.

    ``as_json``: JSON for every client.
    """
    is_page = decision.outcome is Outcome.UNAVAILABLE and not is_json(request)
    if not as_json and not is_page:
        return render(request, decision, return_to=return_to)
    said = refusal_for(request, decision)
    if as_json:
        return json_of(said)
    shown = {"title": _("We can’t check your sign-in"), "again": request.get_full_path()}
    return _page(request, "unavailable", context() | shown, said)


def own(response: Any) -> Any:
    """Return a copy of ``response``: a view may return one to everybody, and the admin marks it for one person."""
    is_rendered = isinstance(response, HttpResponseBase) and getattr(response, "is_rendered", True)
    return (with_own_cookies(response) if is_rendered else None) or response


def let_popups_return(request: HttpRequest, response: Any) -> Any:
    """Return ``response`` with a header that lets a popup of the admin go to Ory and come back to its opener.

    With Django's ``same-origin``, the popup loses its opener at the first page of another origin
    (https://developer.mozilla.org/docs/Web/HTTP/Headers/Cross-Origin-Opener-Policy).
    """
    is_popup = "_popup" in request.GET
    response.headers.setdefault(POLICY, "unsafe-none" if is_popup else "same-origin-allow-popups")
    return response


def _page(request: HttpRequest, name: str, context: dict[str, Any], refused: refusal.Refusal) -> HttpResponse:
    # The sidebar lists apps that this visitor may not use.
    shown = context | {"is_nav_sidebar_enabled": False}
    page = TemplateResponse(request, f"ory_mfa/admin/{name}.html", shown, status=refused.status, headers=UNFRAMED)
    for header, value in refused.headers.items():
        page.headers[header] = value
    return spare_admins(page)
