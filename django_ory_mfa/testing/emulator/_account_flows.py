"""Flows of people who need not be signed in: how they begin, are fetched and are submitted.

Sign-up, recovery and verification are spelled as Kratos v1.3.1 was recorded, also for the newer version.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django_ory_mfa.testing._answers import either, failed
from django_ory_mfa.testing._bodies import bad_request, return_to_forbidden
from django_ory_mfa.testing._credentials import held_csrf, session_of
from django_ory_mfa.testing._csrf import csrf_matches, csrf_secret
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, json_answer, redirect
from django_ory_mfa.testing._return_to import checked_return_to
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator import _errors as errors
from django_ory_mfa.testing.emulator._flow_bodies import flow_body
from django_ory_mfa.testing.emulator._flow_pages import csrf_failed, flow_gone, ui_page
from django_ory_mfa.testing.emulator._flows import ClientKind, FakeFlow, FlowKind, flow_of, has_expired, new_flow
from django_ory_mfa.testing.emulator._nodes import too_late

Fields = dict[str, str]
FirstForm = Callable[[FakeState, FakeFlow], None]
Judge = Callable[[FakeState, FakeRequest, FakeFlow, Fields], FakeResponse]


def opened(
    ory: FakeState, request: FakeRequest, kind: FlowKind, form: FirstForm, client: ClientKind = "browser"
) -> FakeResponse:
    """Begins a flow whose first form is ``form``."""
    if ory.database_down:
        return json_answer(ory, request, 500, errors.database_unreachable())
    request = request.as_script() if client == "api" else request
    secret, cookies = held_csrf(ory, request) if client == "browser" else (None, [])
    return_to = checked_return_to(ory, request.param("return_to"))
    if return_to is None:
        refusal = return_to_forbidden(request.param("return_to"))
        # The browser of a verification gets the bare JSON.
        script = request.as_script() if kind == "verification" else request
        return failed(ory, script, refusal, cookies)
    if kind != "verification" and session_of(ory, request):
        return signed_in_already(ory, request, kind, return_to)
    flow = new_flow(ory, kind, client, ory.public_url + request.target, return_to, secret)
    form(ory, flow)
    return either(ory, request, 200, flow_body(ory, flow), ui_page(ory, flow), cookies)


def fetched(ory: FakeState, request: FakeRequest, kind: FlowKind) -> FakeResponse:
    """A flow, for the page that shows it; only the browser that began it may see it."""
    _, cookies = held_csrf(ory, request)
    flow = flow_of(ory, kind, request.param("id"))
    if flow is None:
        return json_answer(ory, request, 404, errors.not_found(), cookies)
    if flow.csrf_secret and flow.csrf_secret != csrf_secret(ory, request):
        body = errors.csrf_violation(is_newer=ory.is_newer, has_cookies=bool(request.header("cookie")))
        return json_answer(ory, request, 403, body, cookies)
    if has_expired(ory, flow):
        return json_answer(ory, request, 410, flow_gone(ory, flow), cookies)
    return json_answer(ory, request, 200, flow_body(ory, flow), cookies)


def submitted(ory: FakeState, request: FakeRequest, kind: FlowKind, form: FirstForm, judge: Judge) -> FakeResponse:
    """What ``judge`` makes of a submitted form that may be judged."""
    if ory.database_down:
        return json_answer(ory, request, 500, errors.database_unreachable())
    flow = flow_of(ory, kind, request.param("flow"))
    if flow is None:
        missing = errors.not_found(f"The {kind} request could not be found. Please restart the flow.")
        return failed(ory, request, missing, [])
    try:
        fields = request.fields()
    except ValueError:
        return failed(ory, request, bad_request("Unable to decode the request body."), [])
    request = request.as_script() if flow.client == "api" else request
    if has_expired(ory, flow):
        new = begun_again(ory, flow, form)
        new.messages = [too_late(flow.kind, flow.expires_at, ory.now())]
        body = errors.flow_expired(flow.expires_at, ory.now(), new.id)
        return either(ory, request, 410, body, ui_page(ory, new), [])
    if flow.client == "browser" and not csrf_matches(csrf_secret(ory, request), fields.get("csrf_token", "")):
        return csrf_failed(ory, request, flow)
    return judge(ory, request, flow, fields)


def begun_again(ory: FakeState, flow: FakeFlow, form: FirstForm) -> FakeFlow:
    """A new flow in the place of one that cannot go on."""
    new = new_flow(ory, flow.kind, flow.client, flow.request_url, flow.return_to, flow.csrf_secret)
    form(ory, new)
    return new


def shown(ory: FakeState, request: FakeRequest, flow: FakeFlow, status: int, *, is_step: bool = False) -> FakeResponse:
    """The form as it stands; ``is_step`` if the flow went on."""
    return either(ory, request, status, flow_body(ory, flow, submitted=is_step), ui_page(ory, flow), [])


def signed_in_already(ory: FakeState, request: FakeRequest, kind: FlowKind, return_to: str = "") -> FakeResponse:
    """The answer to somebody who is signed in and needs no such flow."""
    if request.wants_json:
        return json_answer(ory, request, 400, errors.signed_in_already(kind))
    if kind == "recovery":
        return redirect(ory, request, HTTPStatus.FOUND, ory.default_return_url)
    return redirect(ory, request, HTTPStatus.SEE_OTHER, return_to or ory.default_return_url)
