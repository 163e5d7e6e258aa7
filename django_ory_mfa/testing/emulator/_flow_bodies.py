"""Flows and what comes of them as JSON, key by key as Ory spells them."""

from __future__ import annotations

from django_ory_mfa.testing._bodies import identity_body, microseconds, nanoseconds, session_body
from django_ory_mfa.testing._config import FakeConfig
from django_ory_mfa.testing._http import Json
from django_ory_mfa.testing._people import FakeSession
from django_ory_mfa.testing.emulator._flow_pages import ui_page
from django_ory_mfa.testing.emulator._flows import FakeFlow


def flow_body(config: FakeConfig, flow: FakeFlow, *, submitted: bool = False) -> Json:
    """A flow as a script reads it; ``submitted`` if it answers a form."""
    bodies = {"login": _login_body, "settings": _settings_body}
    return bodies.get(flow.kind, _account_body)(config, flow, submitted=submitted)


def _account_body(config: FakeConfig, flow: FakeFlow, *, submitted: bool) -> Json:
    return {
        "id": flow.id,
        **_beginning(flow),
        **({"active": flow.active} if flow.active else {}),
        "ui": _ui(config, flow),
        **({"organization_id": None} if flow.kind == "registration" else {}),
        "state": flow.state,
        **({"transient_payload": {}} if submitted else {}),
    }


def _login_body(config: FakeConfig, flow: FakeFlow, *, submitted: bool) -> Json:
    return {
        "id": flow.id,
        "organization_id": None,
        **_beginning(flow),
        **({"active": flow.active} if flow.active else {}),
        "ui": _ui(config, flow),
        "created_at": microseconds(flow.issued_at),
        "updated_at": microseconds(flow.issued_at),
        "refresh": flow.refresh,
        "requested_aal": flow.requested_aal,
        "state": flow.state,
        **({"transient_payload": {}} if submitted else {}),
    }


def _settings_body(config: FakeConfig, flow: FakeFlow, *, submitted: bool) -> Json:
    assert flow.identity  # noqa: S101 (every settings flow has one)
    return {
        "id": flow.id,
        **_beginning(flow),
        "ui": _ui(config, flow),
        "identity": identity_body(config, flow.identity),
        "state": flow.state,
        **({"organization_id": None} if config.is_newer else {}),
        **_outcome(config, flow, submitted=submitted),
    }


def _outcome(config: FakeConfig, flow: FakeFlow, *, submitted: bool) -> Json:
    if not submitted:
        return {}
    if flow.state != "success":
        return {"transient_payload": {}}
    return {"continue_with": [_redirection(flow.return_to or ui_page(config, flow))]}


def _beginning(flow: FakeFlow) -> Json:
    return {
        "type": flow.client,
        "expires_at": nanoseconds(flow.expires_at),
        "issued_at": nanoseconds(flow.issued_at),
        "request_url": flow.request_url,
        **({"return_to": flow.return_to} if flow.return_to else {}),
    }


def _ui(config: FakeConfig, flow: FakeFlow) -> Json:
    return {
        "action": flow.action or f"{config.public_url}/self-service/{flow.kind}?flow={flow.id}",
        "method": "POST",
        "nodes": flow.nodes,
        **({"messages": flow.messages} if flow.messages else {}),
    }


def signed_in_body(config: FakeConfig, session: FakeSession, url: str, *, is_step_up: bool) -> Json:
    """What a browser's script gets for a proof."""
    return {"session": _proved_session(config, session, is_step_up=is_step_up), "continue_with": [_redirection(url)]}


def native_signed_in_body(
    config: FakeConfig, session: FakeSession, *, is_step_up: bool, second_factor_due: bool
) -> Json:
    """What a native client gets for a proof; while its second factor is due it does not learn who it is."""
    shown = _proved_session(config, session, is_step_up=is_step_up)
    if second_factor_due:
        shown["identity"] = None
    return {"session_token": session.token, "session": shown, "continue_with": None}


def _proved_session(config: FakeConfig, session: FakeSession, *, is_step_up: bool) -> Json:
    body = session_body(config, session)
    if is_step_up:
        # Here, and only here, Ory lists the device of this request too, which has no id yet.
        body["devices"] += [{**body["devices"][0], "id": "00000000-0000-0000-0000-000000000000"}]
    return body


def _redirection(url: str) -> Json:
    return {"action": "redirect_browser_to", "redirect_browser_to": url}
