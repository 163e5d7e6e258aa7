"""The two ways of Ory to answer: JSON for scripts, redirects for browsers."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from django_ory_mfa.testing._config import FakeConfig
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, Header, json_answer, redirect
from django_ory_mfa.testing.emulator._errors import csrf_violation
from django_ory_mfa.testing.emulator._flows import FakeFlow, FakeState
from django_ory_mfa.testing.emulator._nodes import Json


def either(
    ory: FakeState, request: FakeRequest, status: int, body: Json, url: str, cookies: list[Header]
) -> FakeResponse:
    """``body`` for a script, ``url`` for a browser."""
    if request.wants_json:
        return json_answer(ory, request, status, body, cookies)
    return redirect(ory, request, HTTPStatus.SEE_OTHER, url, cookies)


def failed(ory: FakeState, request: FakeRequest, body: Json, cookies: list[Header]) -> FakeResponse:
    """An error for a script; a browser is sent to the error page."""
    status: int = body["error"]["code"]
    if request.wants_json:
        return json_answer(ory, request, status, body, cookies)
    kept = ory.new_error(body["error"])
    return redirect(ory, request, HTTPStatus.SEE_OTHER, f"{ory.ui_url}/error?id={kept.id}", cookies)


def csrf_failed(ory: FakeState, request: FakeRequest, flow: FakeFlow) -> FakeResponse:
    """The refusal of a form that was not made for this browser."""
    body = csrf_violation(is_newer=ory.is_newer, has_cookies=bool(request.header("cookie")))
    if flow.kind == "settings":
        return failed(ory, request, body, [])
    return either(ory, request, 403, body, ui_page(ory, flow), [])


def ui_page(ory: FakeConfig, flow: FakeFlow) -> str:
    """The page that shows ``flow`` to a person."""
    return f"{ory.ui_url}/{flow.kind}?flow={flow.id}"


def init_url(ory: FakeConfig, flow: str, **params: str) -> str:
    """Where a browser begins a flow; parameters that are empty are left out."""
    query = urlencode({name: value for name, value in params.items() if value})
    return f"{ory.public_url}/self-service/{flow}/browser{'?' if query else ''}{query}"


def step_up_url(ory: FakeConfig, return_to: str = "") -> str:
    """Where a browser proves a second factor."""
    return init_url(ory, "login", aal="aal2", return_to=return_to)
