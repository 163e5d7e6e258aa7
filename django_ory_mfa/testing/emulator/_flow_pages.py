"""Where a flow is shown, and what is said of one that cannot go on."""

from __future__ import annotations

from django_ory_mfa.testing._answers import either, failed, init_url
from django_ory_mfa.testing._config import FakeConfig
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, Json
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator import _errors as errors
from django_ory_mfa.testing.emulator._flows import FakeFlow


def ui_page(ory: FakeConfig, flow: FakeFlow) -> str:
    """The page that shows ``flow`` to a person."""
    return f"{ory.ui_url}/{flow.kind}?flow={flow.id}"


def csrf_failed(ory: FakeState, request: FakeRequest, flow: FakeFlow) -> FakeResponse:
    """The refusal of a form that was not made for this browser."""
    body = errors.csrf_violation(is_newer=ory.is_newer, has_cookies=bool(request.header("cookie")))
    if flow.kind not in {"login", "registration"}:
        return failed(ory, request, body, [])
    return either(ory, request, 403, body, ui_page(ory, flow), [])


def flow_gone(ory: FakeState, flow: FakeFlow) -> Json:
    """What is said of a flow that is fetched too late."""
    return errors.flow_gone(flow.kind, init_url(ory, flow.kind, return_to=flow.return_to), flow.return_to)
