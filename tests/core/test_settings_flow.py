"""Whether a person has a second factor, as Ory's settings flow shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.settings_flow import read_enrolment, read_second_factors, without_secrets

RECORDINGS = Path(__file__).parents[1] / "recordings"
RECORDED = {
    "settings_browser_401_no_session_json": None,
    "settings_browser_code_only_aal1_lax": False,
    "settings_browser_code_only_aal1_strict": True,
    "settings_browser_lookup_secret_enrolled_aal2": True,
    "settings_browser_nav_303_to_ui": None,
    "settings_browser_no_second_factor": False,
    "settings_browser_no_session_nav": None,
    "settings_browser_totp_enrolled_aal1_lax": True,
    "settings_browser_totp_enrolled_aal1_nav_lax": None,
    "settings_browser_totp_enrolled_aal1_nav_strict": None,
    "settings_browser_totp_enrolled_aal1_strict": True,
    "settings_browser_totp_enrolled_aal2": True,
}
PATHS = sorted(RECORDINGS.glob("*/settings_browser_*.json"))


def answer(status: int, body: object) -> Answer:
    return Answer(status, body=body if isinstance(body, bytes) else json.dumps(body).encode())


def flow(*names: object) -> dict[str, Any]:
    return {"ui": {"nodes": [{"attributes": {"name": name}} for name in names]}}


@pytest.mark.parametrize("version", ["v1.3.1", "2026-07-29"])
def test_every_recording_has_an_expectation(version: str) -> None:
    assert {path.stem for path in PATHS if path.parent.name == version} == set(RECORDED)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_recording_shows_a_second_factor_or_none(path: Path) -> None:
    recorded = json.loads(path.read_text())["response"]
    body = recorded["body"].encode() if isinstance(recorded["body"], str) else recorded["body"]

    assert read_enrolment(answer(recorded["status"], body)) is RECORDED[path.stem]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["csrf_token", "totp_unlink"], True, id="totp"),
        pytest.param(["lookup_secret_disable"], True, id="lookup"),
        pytest.param(["webauthn_remove"], True, id="webauthn"),
        pytest.param(["totp_unlink", "lookup_secret_disable", "webauthn_remove"], True, id="all"),
        pytest.param(["csrf_token", "totp_secret_key", "totp_code"], False, id="totp-offered"),
        pytest.param(["lookup_secret_regenerate", "lookup_secret_reveal"], False, id="lookup-offered"),
        pytest.param(["webauthn_register", "webauthn_register_displayname"], False, id="webauthn-offered"),
        pytest.param(["passkey_remove"], False, id="passkey-is-a-first-factor"),
        pytest.param(["TOTP_UNLINK", "totp_unlink_", "xtotp_unlink"], False, id="only-alike"),
        pytest.param([None, 5, True], False, id="names-that-are-no-text"),
        pytest.param([], False, id="no-node"),
    ],
)
def test_nodes_tell_of_a_second_factor(names: list[object], expected: object) -> None:
    assert read_enrolment(answer(200, flow(*names))) is expected


def test_node_without_a_name_does_not_matter() -> None:
    nodes = [{"attributes": {"id": "totp_qr"}}, {"attributes": {"name": "totp_unlink"}}]

    assert read_enrolment(answer(200, {"ui": {"nodes": nodes}})) is True


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>", id="html"),
        pytest.param(b"\xff", id="no-utf-8"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param([], id="list"),
        pytest.param({}, id="no-ui"),
        pytest.param({"ui": None}, id="ui-null"),
        pytest.param({"ui": []}, id="ui-list"),
        pytest.param({"ui": "nodes"}, id="ui-text"),
        pytest.param({"ui": {}}, id="no-nodes"),
        pytest.param({"ui": {"nodes": None}}, id="nodes-null"),
        pytest.param({"ui": {"nodes": 5}}, id="nodes-number"),
        pytest.param({"ui": {"nodes": "totp_unlink"}}, id="nodes-text"),
        pytest.param({"ui": {"nodes": ""}}, id="nodes-empty-text"),
        pytest.param({"ui": {"nodes": {}}}, id="nodes-empty-object"),
        pytest.param({"ui": {"nodes": {"attributes": {"name": "totp_unlink"}}}}, id="nodes-object"),
        pytest.param({"ui": {"nodes": [None]}}, id="node-null"),
        pytest.param({"ui": {"nodes": [5]}}, id="node-number"),
        pytest.param({"ui": {"nodes": ["totp_unlink"]}}, id="node-text"),
        pytest.param({"ui": {"nodes": [{}]}}, id="no-attributes"),
        pytest.param({"ui": {"nodes": [{"attributes": None}]}}, id="attributes-null"),
        pytest.param({"ui": {"nodes": [{"attributes": ["name"]}]}}, id="attributes-list"),
        pytest.param(flow(["totp_unlink"]), id="name-list"),
        pytest.param(flow({"a": 1}), id="name-object"),
    ],
)
def test_200_that_shows_no_nodes_tells_nothing(body: object) -> None:
    assert read_enrolment(answer(200, body)) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param({"error": {"id": "session_aal2_required"}}, True, id="aal2-required"),
        pytest.param({"error": {"id": "session_aal2_enrollment_required"}}, None, id="enrolment-required"),
        pytest.param({"error": {"id": "session_refresh_required"}}, None, id="other"),
        pytest.param({"error": {"id": ["session_aal2_required"]}}, None, id="id-in-a-list"),
        pytest.param({"error": {}}, None, id="no-id"),
        pytest.param({"error": "session_aal2_required"}, None, id="error-text"),
        pytest.param({"error": None}, None, id="error-null"),
        pytest.param({"id": "session_aal2_required"}, None, id="id-at-the-top"),
        pytest.param({}, None, id="empty-object"),
        pytest.param([], None, id="list"),
        pytest.param(b"Forbidden", None, id="text"),
    ],
)
def test_403_tells_only_if_a_second_factor_is_due(body: object, expected: object) -> None:
    assert read_enrolment(answer(403, body)) is expected


@pytest.mark.parametrize("status", [0, 201, 204, 302, 303, 400, 401, 404, 410, 422, 429, 500, 502, 503])
@pytest.mark.parametrize(
    "body", [flow("totp_unlink"), flow(), {"error": {"id": "session_aal2_required"}}], ids=range(3)
)
def test_other_status_tells_nothing(status: int, body: object) -> None:
    assert read_enrolment(answer(status, body)) is None
    assert read_second_factors(answer(status, body)) is None


SECRET = "JBSWY3DPEHPK3PXP"


@pytest.mark.parametrize("expected", [True, False])
def test_answer_without_its_secrets_tells_the_same(*, expected: bool) -> None:
    node = {"attributes": {"name": "totp_unlink" if expected else "totp_code", "value": SECRET}}
    image = {"attributes": {"src": SECRET}}
    body = {"id": SECRET, "ui": {"action": SECRET, "nodes": [image, node]}, "identity": {"traits": {"email": SECRET}}}
    kept = without_secrets(Answer(200, {"x": "y"}, json.dumps(body).encode(), set_cookies=(SECRET,)))

    assert read_enrolment(kept) is expected
    assert (kept.status, kept.headers, kept.set_cookies) == (200, {"x": "y"}, ())
    assert SECRET.encode() not in kept.body


def test_refusal_without_its_secrets_tells_the_same() -> None:
    body = {"error": {"id": "session_aal2_required", "reason": SECRET}, "redirect_browser_to": SECRET}
    kept = without_secrets(answer(403, body))

    assert read_enrolment(kept) is True
    assert SECRET.encode() not in kept.body


@pytest.mark.parametrize("body", [{}, {"ui": {"nodes": None}}, [SECRET], SECRET.encode()], ids=repr)
def test_answer_that_tells_nothing_still_tells_nothing_without_its_secrets(body: object) -> None:
    kept = without_secrets(answer(200, body))

    assert read_enrolment(kept) is None
    assert SECRET.encode() not in kept.body
