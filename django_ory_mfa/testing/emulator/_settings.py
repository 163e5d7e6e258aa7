"""Ory's settings flow: how it begins, and how it is fetched."""

from __future__ import annotations

from http import HTTPStatus

from django_ory_mfa.testing._answers import either, failed, init_url, step_up_url
from django_ory_mfa.testing._bodies import aal2_required, error_body, return_to_forbidden, session_inactive
from django_ory_mfa.testing._credentials import held_csrf, session_of
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, Json, json_answer, redirect
from django_ory_mfa.testing._people import FakeSession
from django_ory_mfa.testing._return_to import checked_return_to
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator import _errors as errors
from django_ory_mfa.testing.emulator._flow_bodies import flow_body
from django_ory_mfa.testing.emulator._flow_pages import flow_gone, ui_page
from django_ory_mfa.testing.emulator._flows import ClientKind, FakeFlow, flow_of, has_expired, new_flow
from django_ory_mfa.testing.emulator._settings_nodes import settings_form


def settings_browser(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Opens a settings flow for a browser."""
    session = session_of(ory, request)
    secret, cookies = held_csrf(ory, request)
    if session is None:
        missing = {"CredentialsMissing": False} if ory.is_newer else {}
        url = init_url(ory, "login", return_to=request.param("return_to"))
        return either(ory, request, 401, session_inactive() | missing, url, cookies)
    if not ory.satisfies(session, ory.settings_required_aal):
        url = _step_up_url(ory, request)
        return either(ory, request, 403, aal2_required(url), url, cookies)
    if refusal := _refusal(ory, request):
        return failed(ory, request, refusal, cookies)
    flow = _new_flow(ory, request, session, "browser", secret)
    return either(ory, request, 200, flow_body(ory, flow), ui_page(ory, flow), cookies)


def settings_api(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Opens a settings flow for a native client."""
    session = session_of(ory, request)
    if session is None:
        return json_answer(ory, request, 401, session_inactive())
    if not ory.satisfies(session, ory.settings_required_aal):
        return json_answer(ory, request, 403, aal2_required(_step_up_url(ory, request)))
    if refusal := _refusal(ory, request):
        return json_answer(ory, request, 400, refusal)
    return json_answer(ory, request, 200, flow_body(ory, _new_flow(ory, request, session, "api", None)))


def settings_fetch(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """A flow, for the page that shows it; only the person who began it may see it."""
    session = session_of(ory, request)
    _, cookies = held_csrf(ory, request)
    if session is None:
        return sign_in_first(ory, request)
    flow = flow_of(ory, "settings", request.param("id"))
    if flow is None:
        return json_answer(ory, request, 404, errors.not_found(), cookies)
    if refusal := refusal_of(ory, session, flow):
        return json_answer(ory, request, refusal["error"]["code"], refusal, cookies)
    if has_expired(ory, flow):
        return json_answer(ory, request, 410, flow_gone(ory, flow), cookies)
    return json_answer(ory, request, 200, flow_body(ory, flow), cookies)


def sign_in_first(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """The answer to those who have no session."""
    if not request.wants_json:
        return redirect(ory, request, HTTPStatus.FOUND, f"{ory.ui_url}/login")
    reason = "A valid Ory Session Cookie or Ory Session Token is missing."
    body = error_body(HTTPStatus.UNAUTHORIZED, "The request could not be authorized", reason=reason)
    return json_answer(ory, request, 401, body, held_csrf(ory, request)[1])


def refusal_of(ory: FakeState, session: FakeSession, flow: FakeFlow) -> Json | None:
    """Why ``session`` may not use ``flow``."""
    if not ory.satisfies(session, ory.settings_required_aal):
        return aal2_required(step_up_url(ory))
    return None if flow.identity is session.identity else errors.identity_mismatch()


def _new_flow(
    ory: FakeState, request: FakeRequest, session: FakeSession, client: ClientKind, secret: bytes | None
) -> FakeFlow:
    return_to = checked_return_to(ory, request.param("return_to")) or ""
    flow = new_flow(ory, "settings", client, ory.public_url + request.target, return_to, secret)
    flow.identity, flow.state = session.identity, "show_form"
    settings_form(ory, flow, session.identity)
    return flow


def _refusal(ory: FakeState, request: FakeRequest) -> Json | None:
    return_to = request.param("return_to")
    return return_to_forbidden(return_to) if checked_return_to(ory, return_to) is None else None


def _step_up_url(ory: FakeState, request: FakeRequest) -> str:
    # The settings page is returned to only if it was itself told where to go next.
    return step_up_url(ory, f"{ory.public_url}{request.target}" if request.param("return_to") else "")
