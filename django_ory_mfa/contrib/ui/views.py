"""The pages for Ory's flows: each fetches the flow in its URL from Ory, and shows it.

They need no session, no user and none of this package's middleware. Their forms are sent to Ory, not to this site.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urljoin

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_deny
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_GET

from django_ory_mfa.answer.django_log import spare_admins
from django_ory_mfa.answer.pages import debug_hints, own_url, site_name
from django_ory_mfa.conf import conf, is_debug
from django_ory_mfa.contrib.ui.cookies import flow_cookies
from django_ory_mfa.contrib.ui.failures import Failure, read_failure
from django_ory_mfa.contrib.ui.frame import frame
from django_ory_mfa.contrib.ui.page import Page, Situation, filled, focused, read_page
from django_ory_mfa.contrib.ui.restart import STATUSES, forget_restart, is_in_place_of_another, restart, start_url
from django_ory_mfa.contrib.ui.saved import remember_factors, with_what_was_saved
from django_ory_mfa.contrib.ui.texts import codes_file_name, codes_title
from django_ory_mfa.contrib.ui.wanted import wanted_methods
from django_ory_mfa.core.flows import is_return_to
from django_ory_mfa.core.own_views import own_view
from django_ory_mfa.core.whoami import RETRY_AFTER
from django_ory_mfa.guard.declarations import admin_site_of
from django_ory_mfa.ory.blocking_calls import ask
from django_ory_mfa.ory.service import get_ory
from django_ory_mfa.request.credential import raw_cookies
from django_ory_mfa.roundtrip.return_to import site_origin, view_of_page
from django_ory_mfa.runtime.clock import now
from django_ory_mfa.session.request_state import RequestState
from django_ory_mfa.session.signed_out import sign_out_notice

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.answer import Answer
    from django_ory_mfa.ory.lanes import Caller

    View = Callable[[HttpRequest], HttpResponse]

SCRIPT_SECONDS = 3600
# The situations of people who are signed in.
PROOFS = (Situation.REFRESH, Situation.SECOND_FACTOR)


def _page(view: View) -> View:
    """Decorate ``view`` as a page that needs no sign-in, and may not be cached or framed."""
    # csrf_protect sets the cookie for the sign-out button, also on a site without CsrfViewMiddleware.
    return login_not_required(own_view(never_cache(xframe_options_deny(csrf_protect(require_GET(view))))))


@_page
def login(request: HttpRequest) -> HttpResponse:
    """Show a login flow: sign-in, the second factor, or a refresh of either."""
    people = list(getattr(request, "ory_ui_people", ()))
    return _show_flow(request, "login", people)


@_page
def registration(request: HttpRequest) -> HttpResponse:
    """Show a registration flow."""
    return _show_flow(request, "registration", [])


@_page
def recovery(request: HttpRequest) -> HttpResponse:
    """Show a recovery flow, for people who cannot sign in any more."""
    return _show_flow(request, "recovery", [])


@_page
def verification(request: HttpRequest) -> HttpResponse:
    """Show a verification flow, which verifies an e-mail address by a code."""
    return _show_flow(request, "verification", [])


@_page
def settings(request: HttpRequest) -> HttpResponse:
    """Show a settings flow: profile, password and second factors."""
    return _show_flow(request, "settings", [])


@login_not_required
@own_view
@require_GET
def script(request: HttpRequest) -> HttpResponse:
    """Serve Ory's script for security keys and passkeys from this site.

    Browsers can then check the hash that Ory states for it; from Ory's own origin that would need CORS.
    """
    answer = get_ory().webauthn_script.get(_caller(request))
    if answer.status != 200:
        get_ory().health.log_failure(answer)
        return spare_admins(HttpResponse(status=503, headers={"Retry-After": str(RETRY_AFTER)}))
    headers = {"Cache-Control": f"public, max-age={SCRIPT_SECONDS}", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(answer.body, content_type="text/javascript", headers=headers)


@_page
def error(request: HttpRequest) -> HttpResponse:
    """Show the error that Ory redirected the browser with."""
    error_id = request.GET.get("id")
    if not error_id:
        return _show_failure(request, Failure(), 400)
    answer = ask(partial(get_ory().client.flow_error, error_id, _cookies(request)), _caller(request))
    if _is_outage(answer):
        return _unavailable(request, answer)
    return _show_failure(
        request, read_failure(answer.json_object(), is_debug=is_debug()), 200 if answer.status == 200 else 404
    )


def _show_flow(request: HttpRequest, kind: str, people: list[Any]) -> HttpResponse:
    flow_id = request.GET.get("flow")
    if not flow_id:
        return HttpResponseRedirect(start_url(request, kind))
    # SECURITY: anybody can have Ory make a flow, so only one that needs a session shows that the visitor has one.
    recognised = (200,) if kind == "settings" else ()
    answer = ask(
        partial(get_ory().client.flow, kind, flow_id, _cookies(request)), _caller(request), recognised=recognised
    )
    if answer.status in STATUSES:
        return restart(request, kind, answer)
    if _is_outage(answer):
        return _unavailable(request, answer)
    page = read_page(answer.json_object(), kind, conf.flows) if answer.status == 200 else None
    if page is None:
        get_ory().health.log_failure(answer)
        context = {"start_url": start_url(request, kind), **frame(request)}
        return spare_admins(TemplateResponse(request, "ory_mfa/ui/unreadable.html", context, status=502))
    page = with_what_was_saved(request, page)
    response: HttpResponse = TemplateResponse(request, f"ory_mfa/ui/{kind}.html", _context(request, page, people))
    remember_factors(request, response, page)
    if page.situation in PROOFS and _is_popup_of_admin(request, page.return_to or ""):
        # The popup was sent here for a proof, and is still to fill the form that opened it.
        response.headers.setdefault("Cross-Origin-Opener-Policy", "unsafe-none")
    return forget_restart(request, response)


def _is_popup_of_admin(request: HttpRequest, url: str) -> bool:
    """Whether ``url`` is a popup of an admin of this site that is behind Ory."""
    # SECURITY: whoever makes a link chooses the return_to, and could otherwise keep hold of the window with this page.
    if not _is_here(request, url) or "_popup" not in parse_qs(url.partition("?")[2]):
        return False
    return hasattr(admin_site_of(view_of_page(request, url)), "ory_mfa_finish_refusal")


def _context(request: HttpRequest, page: Page, people: list[Any]) -> dict[str, Any]:
    is_first_factor = not page.asks_second_factor
    return {
        "page": focused(filled(page, _chosen(request, people))),
        "people": [(person, _fill_url(request, index)) for index, person in enumerate(people)]
        if is_first_factor
        else [],
        "settings_url": conf.flows.settings(return_to=page.return_to),
        "logout_url": own_url("logout"),
        "back_url": _back_url(request, page),
        "methods": _wanted_methods(request, page),
        "is_in_place_of_another": is_in_place_of_another(request),
        # Whoever forgot the password while signed in was signed out on the way here.
        "notice": sign_out_notice(request) if page.situation is Situation.RECOVERY else "",
        **frame(request),
        "codes_file": codes_file_name(site_name(request)),
        "codes_title": codes_title(page.account, site_name(request), now()),
        "login_url": conf.flows.login(return_to=page.return_to),
        "another_way_url": conf.flows.login(
            aal2=page.asks_second_factor, refresh=page.situation is Situation.REFRESH, return_to=page.return_to
        ),
        "registration_url": conf.flows.start("registration", return_to=page.return_to),
        "recovery_url": conf.flows.start("recovery", return_to=page.return_to),
        # The pages lie side by side.
        "recover_path": urljoin(request.path, "recovery"),
    }


def _back_url(request: HttpRequest, page: Page) -> str:
    """Return the page that the flow began at, if it is one of this site; else the start page."""
    # SECURITY: Ory checks this URL too, but its list may name other sites.
    is_here = page.return_to is not None and _is_here(request, page.return_to)
    return page.return_to if page.return_to is not None and is_here else conf.default_return_to


def _wanted_methods(request: HttpRequest, page: Page) -> list[str]:
    url = page.return_to or ""
    return wanted_methods(request, url) if page.situation in PROOFS and _is_here(request, url) else []


def _is_here(request: HttpRequest, url: str) -> bool:
    return bool(site_name(request)) and is_return_to(url, site_origin(request))


def _chosen(request: HttpRequest, people: list[Any]) -> dict[str, str]:
    """Return the identifier and password of the demo person that was clicked."""
    chosen = [person for index, person in enumerate(people) if str(index) == request.GET.get("fill")]
    return {"identifier": chosen[0].identifier, "password": chosen[0].password} if chosen else {}


def _fill_url(request: HttpRequest, index: int) -> str:
    query = request.GET.copy()
    query["fill"] = str(index)
    return f"?{query.urlencode()}"


def _show_failure(request: HttpRequest, failure: Failure, status: int) -> HttpResponse:
    context = {
        "failure": failure,
        "login_url": conf.flows.login(),
        **frame(request),
    }
    return TemplateResponse(request, "ory_mfa/ui/error.html", context, status=status)


def _unavailable(request: HttpRequest, answer: Answer) -> HttpResponse:
    get_ory().health.log_failure(answer)
    context = {
        "return_to": request.get_full_path(),
        "is_flow": True,
        **debug_hints(),
        **frame(request),
    }
    headers = {"Retry-After": str(RETRY_AFTER)}
    return spare_admins(TemplateResponse(request, "ory_mfa/unavailable.html", context, status=503, headers=headers))


def _is_outage(answer: Answer) -> bool:
    return answer.status in (0, 429) or answer.status >= 500


def _caller(request: HttpRequest) -> Caller:
    # Not by state_of(), because these pages work without the middleware.
    return RequestState(request).caller


def _cookies(request: HttpRequest) -> str:
    return flow_cookies(raw_cookies(request), conf.session_cookie)
