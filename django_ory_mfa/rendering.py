"""Turns a refusal into an answer that the one who asked can read: a redirect, a page or JSON."""

from __future__ import annotations

import math
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseRedirectBase

from django_ory_mfa import hops
from django_ory_mfa.conf import conf
from django_ory_mfa.core.decision import Decision, Outcome, level_to_prove
from django_ory_mfa.core.destination import destination
from django_ory_mfa.core.whoami import RETRY_AFTER
from django_ory_mfa.loop_page import loop_page
from django_ory_mfa.pages import page, page_context
from django_ory_mfa.resolver import resolver_of
from django_ory_mfa.return_to import SAFE_METHODS, is_htmx, is_quiet, return_to_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.session import OrySession


class Client(Enum):
    """Who reads the answer."""

    BROWSER = "browser"
    HTMX = "htmx"
    COOKIE_JSON = "json, signed in by cookie"
    TOKEN_JSON = "json, signed in by token"  # noqa: S105 - no password


# Outcome: error id, status for browsers' scripts, status for token clients, message.
ERRORS = {
    Outcome.LOGIN: ("session_inactive", 401, 401, "No active session was found in this request."),
    Outcome.STEP_UP: ("session_aal2_required", 403, 401, "The session needs a second factor for this."),
    Outcome.REFRESH: ("session_refresh_required", 403, 401, "This needs a fresh proof of who you are."),
    Outcome.ENROLL: ("session_aal2_enrollment_required", 403, 403, "This needs a second factor, and none is set up."),
    Outcome.UNAVAILABLE: ("ory_unavailable", 503, 503, "The sign-in service gives no answer. Try again soon."),
}
STATUS_TEXT = {401: "Unauthorized", 403: "Forbidden", 503: "Service Unavailable"}


class HttpResponseSeeOther(HttpResponseRedirectBase):
    """A redirect after a form, which must not be sent again (RFC 9110, section 15.4.4)."""

    status_code = 303


def render(request: HttpRequest, decision: Decision, *, return_to: str | None = None) -> HttpResponse:
    """The answer that refuses ``request`` for ``decision``, in the form its client reads.

    ``return_to``: where the browser comes back to, this page if left out. Raises ``ValueError`` for a decision that
    allows.
    """
    if decision.is_allowed:
        raise ValueError("a decision that allows has no refusal to render")
    client = client_of(request)
    if client in (Client.COOKIE_JSON, Client.TOKEN_JSON):
        response = _json(request, decision, client)
    elif decision.outcome is Outcome.UNAVAILABLE:
        response = _page(request, decision, "unavailable", 503)
    elif decision.outcome is Outcome.ENROLL:
        response = _page(request, decision, "enroll", 403)
    else:
        response = _redirect(request, decision, return_to or return_to_of(request))
    if decision.outcome is Outcome.UNAVAILABLE:
        response.headers["Retry-After"] = str(_session(request).retry_after or RETRY_AFTER)
    response.headers["Cache-Control"] = "no-store"
    return response


def client_of(request: HttpRequest) -> Client:
    """Who reads the answer to ``request``."""
    credential = resolver_of(request).credential
    if credential is not None and not credential.is_cookie:
        return Client.TOKEN_JSON
    if is_htmx(request):
        return Client.HTMX
    if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        return Client.COOKIE_JSON
    preferred = request.get_preferred_type(["text/html", "application/json"])
    return Client.BROWSER if preferred == "text/html" else Client.COOKIE_JSON


def _session(request: HttpRequest) -> OrySession:
    return resolver_of(request).session()


def _opens_a_flow_unasked(request: HttpRequest, decision: Decision) -> bool:
    return is_quiet(request) and decision.outcome in (Outcome.STEP_UP, Outcome.REFRESH)


def _redirect(request: HttpRequest, decision: Decision, return_to: str) -> HttpResponse:
    if _opens_a_flow_unasked(request, decision):
        return HttpResponse(status=403)
    url = destination(decision, _session(request), conf.flows, return_to=return_to) or conf.browser_url
    if is_quiet(request):
        # A link checker, or a browser that fetches ahead, goes nowhere.
        return _sent_to(request, url)
    hop = hops.hop_of(request, decision, return_to, resolver_of(request).visitor)
    if hops.is_loop(request, hop):
        return loop_page(request, replace(decision, url=url))
    response = _sent_to(request, url)
    hops.count_hop(request, response, hop)
    return response


def _sent_to(request: HttpRequest, url: str) -> HttpResponse:
    if is_htmx(request):
        # A redirect would be followed by htmx itself, which cannot show Ory's pages.
        return HttpResponse(headers={"HX-Redirect": url})
    return (HttpResponseRedirect if request.method in SAFE_METHODS else HttpResponseSeeOther)(url)


def _page(request: HttpRequest, decision: Decision, name: str, status: int) -> HttpResponse:
    return page(request, name, page_context(request, _session(request), decision), status=status)


def _json(request: HttpRequest, decision: Decision, client: Client) -> HttpResponse:
    error_id, cookie_status, token_status, message = ERRORS[decision.outcome]
    status = token_status if client is Client.TOKEN_JSON else cookie_status
    challenge = {"WWW-Authenticate": _challenge(request, decision, client, message)} if status == 401 else {}
    if _opens_a_flow_unasked(request, decision):
        return HttpResponse(status=status, headers=challenge)
    session = _session(request)
    error = {
        "id": error_id,
        "code": status,
        "status": STATUS_TEXT[status],
        "reason": message,
        "message": message,
        "details": _details(session, decision, client),
    }
    body: dict[str, Any] = {"error": error}
    if client is Client.COOKIE_JSON and decision.outcome is not Outcome.UNAVAILABLE:
        body["redirect_browser_to"] = destination(decision, session, conf.flows)
    return JsonResponse(body, status=status, headers=challenge)


def _details(session: OrySession, decision: Decision, client: Client) -> dict[str, Any]:
    requirement = decision.requirement
    details: dict[str, Any] = {"required_aal": requirement.aal}
    if requirement.max_age is not None:
        details["max_age"] = _max_age(decision)
    if requirement.methods is not None:
        details["methods"] = sorted(requirement.methods)
    flow = destination(decision, session, conf.flows, kind="api") if client is Client.TOKEN_JSON else None
    if flow is not None:
        details["settings_flow" if decision.outcome is Outcome.ENROLL else "login_flow"] = flow
    return details


def _challenge(request: HttpRequest, decision: Decision, client: Client, message: str) -> str:
    # RFC 6750, section 3, and RFC 9470, section 3.
    if client is Client.COOKIE_JSON:
        return "Bearer"
    if decision.outcome is Outcome.LOGIN:
        return 'Bearer error="invalid_token"'
    level = "aal2" if decision.outcome is Outcome.STEP_UP else level_to_prove(_session(request), decision.requirement)
    challenge = f'Bearer error="insufficient_user_authentication", error_description="{message}", acr_values="{level}"'
    return challenge if decision.requirement.max_age is None else f'{challenge}, max_age="{_max_age(decision)}"'


def _max_age(decision: Decision) -> int:
    max_age = decision.requirement.max_age
    return math.ceil(max_age.total_seconds()) if max_age is not None else 0
