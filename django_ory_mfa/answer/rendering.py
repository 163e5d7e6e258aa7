"""Turn a refusal into a response in the form that the client reads: a redirect, a page or JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseRedirectBase

from django_ory_mfa.answer.django_log import spare_admins
from django_ory_mfa.answer.loop_page import loop_page
from django_ory_mfa.answer.method_page import advice_for, method_page
from django_ory_mfa.answer.pages import page, page_context
from django_ory_mfa.core.credentials import CredentialKind
from django_ory_mfa.core.decision import Decision, Outcome
from django_ory_mfa.core.destination import destination, given_destination
from django_ory_mfa.core.refusal import Refusal, refusal
from django_ory_mfa.request.client_kind import Kind, is_htmx, kind_of
from django_ory_mfa.request.method import SAFE_METHODS, is_head_or_prefetch
from django_ory_mfa.roundtrip import hops
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.resolver import session_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.session.request_state import RequestState

# Outcomes for which a browser gets a page instead of a redirect.
PAGES = {Outcome.UNAVAILABLE: "unavailable", Outcome.ENROLL: "enroll"}


class HttpResponseSeeOther(HttpResponseRedirectBase):
    """A redirect after a form, which browsers follow with GET (RFC 9110, section 15.4.4)."""

    status_code = 303


def render(request: HttpRequest, decision: Decision, *, return_to: str | None = None) -> HttpResponse:
    """Return the response that refuses ``request`` because of ``decision``, in the form that its client reads.

    ``return_to`` is the URL that the browser comes back to; this page if left out. It checks no CSRF. Raises
    ``ValueError`` if ``decision`` allows the request.
    """
    if decision.is_allowed:
        raise ValueError("this decision allows the request: there is no refusal to render")
    state = state_of(request)
    if kind_of(request, state.credential) is Kind.JSON:
        return render_json(request, decision)
    refused = refusal_for(request, decision)
    decision = replace(decision, url=_url(state, decision, return_to))
    if decision.outcome in PAGES:
        context = page_context(request, session_of(state), decision)
        response: HttpResponse = page(request, PAGES[decision.outcome], context, status=refused.status)
    else:
        response = _redirect(request, state, decision, return_to or state.return_to)
    for name, value in refused.headers.items():
        # Browsers do nothing with a Bearer challenge.
        if name != "WWW-Authenticate":
            response.headers[name] = value
    return response


def render_json(request: HttpRequest, decision: Decision) -> HttpResponse:
    """Return the JSON that refuses ``request`` for ``decision``, also if the client is a browser."""
    refused = refusal_for(request, decision)
    if must_not_open_flow(request, decision):
        return HttpResponse(status=refused.status, headers=refused.headers)
    return json_of(refused)


def json_of(refused: Refusal) -> JsonResponse:
    """Return ``refused`` as a response of Django."""
    return spare_admins(JsonResponse(refused.body, status=refused.status, headers=refused.headers))


def refusal_for(request: HttpRequest, decision: Decision) -> Refusal:
    """Return the refusal of a script: status, headers and JSON, which depend on the kind of its credential.

    Raises ``KeyError`` for a decision that allows.
    """
    state = state_of(request)
    by = CredentialKind.COOKIE if state.credential is None else state.credential.kind
    return refusal(decision, session_of(state), state.flows, by=by)


def must_not_open_flow(request: HttpRequest, decision: Decision) -> bool:
    """Whether the response must contain no link to a flow, because ``request`` is a HEAD or a prefetch."""
    return is_head_or_prefetch(request) and decision.outcome in (Outcome.STEP_UP, Outcome.REFRESH)


def _url(state: RequestState, decision: Decision, return_to: str | None) -> str | None:
    """Return where a browser is sent: ``decision.url``, or a new URL if ``return_to`` names another page."""
    given = given_destination(decision, state.flows) if return_to is None else None
    if given is not None:
        return given
    return destination(decision, session_of(state), state.flows, return_to=return_to or state.return_to)


def _redirect(request: HttpRequest, state: RequestState, decision: Decision, return_to: str) -> HttpResponse:
    if must_not_open_flow(request, decision):
        return HttpResponse(status=403)
    url = decision.url or state.flows.browser_url
    if is_head_or_prefetch(request):
        # HEAD and prefetches are not counted as hops, since no visitor is sent away.
        return _sent_to(request, url)
    is_for_this_page = return_to == state.return_to
    hop = hops.hop_of(request, decision, state.visitor, return_to=return_to, is_for_this_page=is_for_this_page)
    advice = advice_for(request, decision)
    if advice is not None and (advice.used or not is_htmx(request)):
        explanation = method_page(request, decision, advice)
        hops.note_hop(request, explanation, hop)
        return explanation
    if hops.is_loop(request, hop):
        return loop_page(request, decision)
    response = _sent_to(request, url)
    hops.count_hop(request, response, hop)
    return response


def _sent_to(request: HttpRequest, url: str) -> HttpResponse:
    if is_htmx(request):
        # htmx would follow a redirect by itself, and cannot show Ory's pages.
        return HttpResponse(headers={"HX-Redirect": url})
    return (HttpResponseRedirect if request.method in SAFE_METHODS else HttpResponseSeeOther)(url)
