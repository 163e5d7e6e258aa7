"""The two ways of Ory to answer: JSON for scripts, redirects for browsers; and where its flows begin."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from django_ory_mfa.testing._config import FakeConfig
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, Header, Json, json_answer, redirect
from django_ory_mfa.testing._state import FakeState


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


def init_url(ory: FakeConfig, flow: str, **params: str) -> str:
    """Where a browser begins a flow; parameters that are empty are left out."""
    query = urlencode({name: value for name, value in params.items() if value})
    return f"{ory.public_url}/self-service/{flow}/browser{'?' if query else ''}{query}"


def step_up_url(ory: FakeConfig, return_to: str = "") -> str:
    """Where a browser proves a second factor."""
    return init_url(ory, "login", aal="aal2", return_to=return_to)
