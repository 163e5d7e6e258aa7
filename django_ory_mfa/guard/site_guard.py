"""Apply the policy of the site to a request: before its view runs, and to responses that did not come from a view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse

from django_ory_mfa.guard.declarations import finish_refusal
from django_ory_mfa.guard.guarding import finish_allowed, guard_steps, report_steps
from django_ory_mfa.guard.next_person import stop, was_shown_steps
from django_ory_mfa.guard.site_policy import Demand, Origin, demands_on
from django_ory_mfa.request.view_at import match_at, urlconf_of
from django_ory_mfa.runtime.steps import Blocking, Steps, wait_for
from django_ory_mfa.session.request_state import state_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase
    from django.urls import ResolverMatch

# How the headers begin that a browser needs of the answer to a preflight.
OF_PREFLIGHTS = ("access-control-", "allow", "content-length", "content-type", "vary")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy requires of a request, and the response that refuses it; None if it passed."""

    demands: tuple[Demand, ...]
    refusal: HttpResponseBase | None


def guard_view_steps(request: HttpRequest, view: Any) -> Steps[HttpResponseBase | None]:
    """Return the response to send instead of running ``view``; None if it may run."""
    state, match = state_of(request), _match_of(request)
    passed = state.site_verdict.demands if state.site_verdict is not None else ()
    demands = demands_on(view, request.path_info, urlconf_of(request), match)
    new = tuple(demand for demand in demands if demand not in passed)
    refusal = _preflight(request, new) or (yield from _refusal_steps(request, new))
    refusal = finish_refusal(view, request, refusal)
    state.site_verdict = Verdict((*passed, *new), refusal)
    return refusal


def guard_answer_steps(request: HttpRequest, response: HttpResponseBase) -> Steps[HttpResponseBase]:
    """Return ``response``, or a refusal if the policy refuses this request.

    If the policy was not applied to a view of this request, or the view has no page, it is applied now.
    """
    is_late = _is_unjudged(request, response)
    if is_late:
        match = _match_of(request)
        yield from guard_view_steps(request, match and match.func)
    final = _final_response(request, response)
    if is_late and final is response and (yield from was_shown_steps(request)):
        # SECURITY: it was made before the person was known, from the Django session of the previous person.
        final = _in_place_of(response, stop(request))
    # A template may use the database.
    return final if _is_rendered(final) else (yield from wait_for(Blocking(_rendered, final)))


def is_preflight(request: HttpRequest) -> bool:
    """Whether ``request`` is a CORS preflight (https://fetch.spec.whatwg.org)."""
    is_cors = "Origin" in request.headers and "Access-Control-Request-Method" in request.headers
    return request.method == "OPTIONS" and is_cors


def _match_of(request: HttpRequest) -> ResolverMatch | None:
    """Return how the path leads to a view, even if something else answered; None if no view has a page there."""
    if state_of(request).view_has_no_page:
        return None
    # SECURITY: where there is no view, or a path converter of the site fails, only rules can exempt the path.
    return request.resolver_match or match_at(request, request.path_info)


def _preflight(request: HttpRequest, demands: tuple[Demand, ...]) -> HttpResponseBase | None:
    # SECURITY: browsers send no credentials with a preflight, so no decision is possible; no view runs for it.
    is_guarded = any(demand.can_refuse for demand in demands)
    return HttpResponse(status=204) if is_guarded and is_preflight(request) else None


def _refusal_steps(request: HttpRequest, demands: tuple[Demand, ...]) -> Steps[HttpResponseBase | None]:
    refusal = None
    for demand in demands:
        if demand.can_refuse:
            refusal = refusal or (yield from guard_steps(request, demand.declared))
        elif demand.origin is Origin.REPORT_ONLY and not refusal and not is_preflight(request):
            yield from report_steps(request, demand.declared)
    return refusal


def _is_unjudged(request: HttpRequest, response: HttpResponseBase) -> bool:
    state = state_of(request)
    verdict = state.site_verdict
    if response.status_code >= 400 or verdict is None:
        return response.status_code < 400
    # SECURITY: what the view declares, and how its path is written, does not cover a page that something else shows.
    return state.view_has_no_page and verdict.refusal is None


def _is_rendered(response: HttpResponseBase) -> bool:
    return bool(getattr(response, "is_rendered", True))


def _rendered(response: Any) -> HttpResponseBase:
    rendered: HttpResponseBase = response.render()
    return rendered


def _final_response(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    verdict = state_of(request).site_verdict
    if verdict is None:
        return response
    if verdict.refusal is None:
        is_guarded = any(demand.can_refuse for demand in verdict.demands)
        return finish_allowed(request, response) if is_guarded else response
    if response.status_code >= 400:
        return response
    if is_preflight(request) and _is_empty(response):
        return _only_preflight_headers(response)
    return _in_place_of(response, verdict.refusal)


def _only_preflight_headers(response: Any) -> HttpResponseBase:
    """Return the answer to a preflight with the headers that a browser needs of it, and no others.

    SECURITY: a server in front obeys some, such as nginx, which sends the file that ``X-Accel-Redirect`` names.
    """
    for name in [name for name in response.headers if not name.lower().startswith(OF_PREFLIGHTS)]:
        del response.headers[name]
    response.cookies.clear()
    answer: HttpResponseBase = response
    return answer


def _is_empty(response: Any) -> bool:
    return 200 <= response.status_code < 300 and not response.streaming and not response.content


def _in_place_of(withheld: HttpResponseBase, refusal: HttpResponseBase) -> HttpResponseBase:
    """Return ``refusal``, which takes over the resources that ``withheld`` has to close after the request."""
    if refusal is not withheld:
        # Not withheld.close(), which would send Django's request_finished signal.
        refusal._resource_closers.extend(getattr(withheld, "_resource_closers", ()))  # type: ignore[attr-defined]  # list
    return refusal
