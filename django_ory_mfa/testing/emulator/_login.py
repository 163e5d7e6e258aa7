"""Ory's login flow: how it begins, and how it is fetched."""

from __future__ import annotations

from django_ory_mfa.testing._answers import either, failed
from django_ory_mfa.testing._bodies import return_to_forbidden
from django_ory_mfa.testing._credentials import held_csrf, session_of
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, Json, json_answer
from django_ory_mfa.testing._people import FakeSession
from django_ory_mfa.testing._return_to import checked_return_to
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator import _errors as errors
from django_ory_mfa.testing.emulator._account_flows import fetched
from django_ory_mfa.testing.emulator._flow_bodies import flow_body
from django_ory_mfa.testing.emulator._flow_pages import ui_page
from django_ory_mfa.testing.emulator._flows import ClientKind, FakeFlow, new_flow
from django_ory_mfa.testing.emulator._login_nodes import first_form


def login_browser(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Opens a login flow for a browser."""
    if ory.database_down:
        return json_answer(ory, request, 500, errors.database_unreachable())
    secret, cookies = held_csrf(ory, request)
    session = session_of(ory, request)
    if refusal := _refusal(ory, request, session):
        return failed(ory, request, refusal, cookies)
    return_to = checked_return_to(ory, request.param("return_to")) or ""
    if _is_pointless(request, session):
        url = return_to or ory.default_return_url
        return either(ory, request, 400, errors.already_available(), url, cookies)
    flow = new_login_flow(ory, request, "browser", secret)
    return either(ory, request, 200, flow_body(ory, flow), ui_page(ory, flow), cookies)


def login_api(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Opens a login flow for a native client."""
    if ory.database_down:
        return json_answer(ory, request, 500, errors.database_unreachable())
    session = session_of(ory, request)
    refusal = _refusal(ory, request, session)
    if refusal is None and _is_pointless(request, session):
        refusal = errors.already_available()
    if refusal:
        return json_answer(ory, request, refusal["error"]["code"], refusal)
    return json_answer(ory, request, 200, flow_body(ory, new_login_flow(ory, request, "api", None)))


def login_fetch(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """A flow, for the page that shows it; only the browser that began it may see it."""
    return fetched(ory, request, "login")


def new_login_flow(ory: FakeState, request: FakeRequest, client: ClientKind, secret: bytes | None) -> FakeFlow:
    """A flow as the query of ``request`` asks for it."""
    session = session_of(ory, request)
    return_to = checked_return_to(ory, request.param("return_to")) or ""
    flow = new_flow(ory, "login", client, ory.public_url + request.target, return_to, secret)
    flow.requested_aal = _wanted_aal(request)
    # Without a session there is nothing to refresh.
    flow.refresh = request.param("refresh") == "true" and session is not None
    first_form(ory, flow, session)
    return flow


def renewed_flow(ory: FakeState, request: FakeRequest, flow: FakeFlow) -> FakeFlow:
    """A new flow in the place of one that has expired."""
    new = new_flow(ory, "login", flow.client, flow.request_url, flow.return_to, flow.csrf_secret)
    new.requested_aal, new.refresh = flow.requested_aal, flow.refresh
    first_form(ory, new, session_of(ory, request))
    return new


def _refusal(ory: FakeState, request: FakeRequest, session: FakeSession | None) -> Json | None:
    """Why no flow can be opened, in the order in which Ory looks."""
    return_to = request.param("return_to")
    if checked_return_to(ory, return_to) is None:
        return return_to_forbidden(return_to)
    wanted = _wanted_aal(request)
    if wanted not in {"aal1", "aal2"}:
        return errors.unknown_aal(wanted)
    if wanted == "aal2" and session is None:
        return errors.aal1_required()
    return None


def _wanted_aal(request: FakeRequest) -> str:
    return request.param("aal").lower() or "aal1"


def _is_pointless(request: FakeRequest, session: FakeSession | None) -> bool:
    """Whether the session has the level that is asked for."""
    return session is not None and request.param("refresh") != "true" and session.aal >= _wanted_aal(request)
