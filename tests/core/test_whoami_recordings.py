"""What real servers answered to ``GET /sessions/whoami``, read and held against a table written by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.flows import Flows
from django_ory_mfa.core.session import OrySession
from django_ory_mfa.core.whoami import read_whoami

RECORDINGS = Path(__file__).parents[1] / "recordings"
OLD, NEW = "v1.3.1", "2026-07-29"
BROWSER_URLS = {OLD: "http://127.0.0.1:14433", NEW: "http://127.0.0.1:24433"}
CUSTOM_BASE_URL = "https://auth.example.test/ory"
PASSWORD, CODE, OIDC, RECOVERY = ("password", "aal1"), ("code", "aal1"), ("oidc", "aal1"), ("code_recovery", "aal1")
TOTP, LOOKUP, CODE2, OIDC2 = ("totp", "aal2"), ("lookup_secret", "aal2"), ("code", "aal2"), ("oidc", "aal2")

Expected = tuple[str, str, list[tuple[str, str]]]
ANONYMOUS: Expected = ("anonymous", "aal0", [])
REFUSED: Expected = ("step_up_required", "aal0", [])
NOTHING: Expected = ("unavailable", "aal0", [])


def session(aal: str, *methods: tuple[str, str]) -> Expected:
    return ("active", aal, list(methods))


BY_PASSWORD = session("aal1", PASSWORD)
BOTH_VERSIONS: dict[str, Expected] = {
    "whoami_400_unknown_tokenizer": NOTHING,
    "whoami_401_after_logout": ANONYMOUS,
    "whoami_401_all_sessions_deleted_by_admin": ANONYMOUS,
    "whoami_401_cacheable_no_credential": ANONYMOUS,
    "whoami_401_cacheable_revoked": ANONYMOUS,
    "whoami_401_database_down": ANONYMOUS,
    "whoami_401_database_failure": ANONYMOUS,
    "whoami_401_expired": ANONYMOUS,
    "whoami_401_identity_deleted": ANONYMOUS,
    "whoami_401_identity_disabled": ANONYMOUS,
    "whoami_401_malformed_cookie": ANONYMOUS,
    "whoami_401_no_credential": ANONYMOUS,
    "whoami_401_revoked": ANONYMOUS,
    "whoami_401_unknown_token": ANONYMOUS,
    "whoami_401_very_long_cookie": ANONYMOUS,
    "whoami_403_aal2_required": REFUSED,
    "whoami_403_aal2_required_code_only": REFUSED,
    "whoami_403_aal2_required_custom_base_url": REFUSED,
    "whoami_403_aal2_required_token": REFUSED,
    "whoami_403_after_recovery_totp_enrolled": REFUSED,
    "whoami_403_cacheable": REFUSED,
    "whoami_403_factor_enrolled_in_other_session": REFUSED,
    "whoami_aal1_bearer": BY_PASSWORD,
    "whoami_aal1_code_passwordless": session("aal1", CODE),
    "whoami_aal1_code_recovery": session("aal1", RECOVERY),
    "whoami_aal1_oidc": session("aal1", OIDC),
    "whoami_aal1_oidc_registration": session("aal1", OIDC),
    "whoami_aal1_password": BY_PASSWORD,
    "whoami_aal1_password_code_only_lax": BY_PASSWORD,
    "whoami_aal1_password_totp_enrolled_lax": BY_PASSWORD,
    "whoami_aal1_x_session_token": BY_PASSWORD,
    "whoami_aal2_after_refresh_code": session("aal2", PASSWORD, CODE2, CODE2),
    "whoami_aal2_after_refresh_password": session("aal2", PASSWORD, TOTP, PASSWORD),
    "whoami_aal2_after_refresh_totp": session("aal2", PASSWORD, TOTP, PASSWORD, TOTP),
    "whoami_aal2_bypass_new_factor_enrolled_at_aal1_lax": session("aal2", PASSWORD, LOOKUP),
    "whoami_aal2_code": session("aal2", PASSWORD, CODE2),
    "whoami_aal2_code_passwordless_plus_totp": session("aal2", CODE, TOTP),
    "whoami_aal2_code_recovery_plus_code": session("aal2", RECOVERY, CODE2),
    "whoami_aal2_lookup_secret": session("aal2", PASSWORD, LOOKUP),
    "whoami_aal2_lookup_secret_enrolled_in_settings": session("aal2", PASSWORD, LOOKUP),
    "whoami_aal2_oidc_plus_totp": session("aal2", OIDC, TOTP),
    "whoami_aal2_totp": session("aal2", PASSWORD, TOTP),
    "whoami_aal2_totp_enrolled_in_settings": session("aal2", PASSWORD, TOTP),
    "whoami_aal2_totp_postgres": session("aal2", PASSWORD, TOTP),
    "whoami_aal2_totp_token": session("aal2", PASSWORD, TOTP),
    "whoami_cacheable_sessions": BY_PASSWORD,
    "whoami_cacheable_sessions_max_age_30s": BY_PASSWORD,
    "whoami_cookie_a_and_bearer_b": BY_PASSWORD,
    "whoami_cookie_a_and_token_b": BY_PASSWORD,
    "whoami_duplicate_cookie_bad_then_good": BY_PASSWORD,
    "whoami_duplicate_cookie_good_then_bad": BY_PASSWORD,
    "whoami_head": NOTHING,
    "whoami_malformed_cookie_and_valid_bearer": NOTHING,
    "whoami_malformed_cookie_and_valid_token": NOTHING,
    "whoami_oidc_upstream_other": session("aal1", OIDC),
    "whoami_options": BY_PASSWORD,
    "whoami_set_cookie_after_admin_extend": BY_PASSWORD,
    "whoami_tokenize_as": BY_PASSWORD,
    "whoami_with_origin_header": BY_PASSWORD,
}
EXPECTED: dict[tuple[str, str], Expected] = {
    **{(version, case): expected for version in (OLD, NEW) for case, expected in BOTH_VERSIONS.items()},
    (OLD, "whoami_oidc_upstream_acr"): session("aal1", OIDC),
    (NEW, "whoami_oidc_upstream_acr"): session("aal2", OIDC2),
    (OLD, "whoami_oidc_upstream_amr"): session("aal1", OIDC),
    (NEW, "whoami_oidc_upstream_amr"): session("aal2", OIDC2),
    (OLD, "whoami_code_mfa_enabled_identity_without_code_credential"): REFUSED,
    (OLD, "whoami_code_mfa_enabled_identity_without_code_credential_lax"): BY_PASSWORD,
    (NEW, "whoami_code_mfa_enabled_identity_without_code_credential"): BY_PASSWORD,
}
ALL = {(path.parent.name, path.stem): path for path in sorted(RECORDINGS.glob("*/whoami_*.json"))}
ACTIVE = [key for key, (state, _, _) in EXPECTED.items() if state == "active"]


@cache
def recording(key: tuple[str, str]) -> str:
    return ALL[key].read_text()


def response(key: tuple[str, str]) -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads(recording(key))["response"]
    return recorded


def text(key: tuple[str, str]) -> str:
    """The recorded body as text, without going through the parser's own reading of it."""
    return recording(key).partition('"response"')[2].partition('"body"')[2]


def read(key: tuple[str, str], browser_url: str | None = None) -> OrySession:
    recorded = response(key)
    body = recorded["body"] if isinstance(recorded["body"], str) else json.dumps(recorded["body"], indent=1)
    headers = {name.lower(): value for name, value in recorded["headers"].items()}
    now = parsedate_to_datetime(headers["date"])
    flows = Flows(browser_url or BROWSER_URLS[key[0]])
    return read_whoami(Answer(recorded["status"], headers, body.encode()), now=now, flows=flows)


def times(key: tuple[str, str], name: str) -> list[datetime]:
    """Every time called ``name`` in the recorded text, nanoseconds cut to the microseconds that Python knows."""
    found = re.findall(rf'"{name}": "([0-9-]+T[0-9:]+)(?:\.([0-9]+))?Z"', text(key))
    return [
        datetime.strptime(f"{whole}.{fraction[:6].ljust(6, '0')}+0000", "%Y-%m-%dT%H:%M:%S.%f%z")
        for whole, fraction in found
    ]


def name_of(key: tuple[str, str]) -> str:
    return "-".join(key)


def keys(chosen: Iterable[tuple[str, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("key", list(chosen), ids=name_of)


def test_every_recording_has_an_expectation() -> None:
    assert (len(ALL) > 100, set(ALL)) == (True, set(EXPECTED))


def test_every_recording_reads_as_expected() -> None:
    sessions = {key: read(key) for key in ALL}

    assert {
        key: (str(one.state), str(one.aal), [(entry.method, str(entry.aal)) for entry in one.authentication_methods])
        for key, one in sessions.items()
    } == EXPECTED


@keys(ACTIVE)
def test_times_of_a_session_are_those_of_the_text(key: tuple[str, str]) -> None:
    read_session = read(key)

    assert [entry.completed_at for entry in read_session.authentication_methods] == times(key, "completed_at")
    for name in ("authenticated_at", "issued_at", "expires_at"):
        assert [getattr(read_session, name)] == times(key, name)
    assert read_session.identity is not None
    # The person's own times stand last; those of addresses come before them.
    assert read_session.identity.created_at == times(key, "created_at")[-1]
    assert read_session.identity.updated_at == times(key, "updated_at")[-1]


def test_times_of_all_sessions_are_utc() -> None:
    found = [
        time
        for session in map(read, ACTIVE)
        for time in (
            session.authenticated_at,
            session.issued_at,
            session.expires_at,
            *(entry.completed_at for entry in session.authentication_methods),
        )
    ]

    assert {time and time.tzinfo for time in found} == {UTC}


@keys(ACTIVE)
def test_ids_and_person_are_those_of_the_answer(key: tuple[str, str]) -> None:
    read_session, recorded = read(key), response(key)

    assert read_session.identity is not None
    assert read_session.identity.id == re.findall(r'"identity": \{\s*"id": "([0-9a-f-]{36})"', text(key))[0]
    # Ory names the person a second time, in a header.
    assert read_session.identity.id == recorded["headers"].get(
        "X-Kratos-Authenticated-Identity-Id", read_session.identity.id
    )
    assert read_session.id == re.findall(r'"id": "([0-9a-f-]{36})"', text(key))[0]
    assert read_session.identity.traits == recorded["body"]["identity"]["traits"]
    assert (read_session.identity.state, read_session.raw) == ("active", recorded["body"])


def test_provider_is_known_exactly_where_a_provider_signed_in() -> None:
    """There is one provider in all of the recordings."""
    entries = [entry for key in ACTIVE for entry in read(key).authentication_methods]

    assert {entry.provider for entry in entries if entry.method == "oidc"} == {"fake"}
    assert {entry.provider for entry in entries if entry.method != "oidc"} == {None}


def test_other_recordings_hold_no_session() -> None:
    others = {key: read(key) for key, expected in EXPECTED.items() if expected[0] != "active"}

    held = {key: (bool(one), one.id, one.identity, one.raw) for key, one in others.items()}
    assert held == dict.fromkeys(others, (False, None, None, None))


@keys(key for key, expected in EXPECTED.items() if expected == REFUSED)
def test_refusal_carries_orys_id_and_its_url_below_our_browser_url(key: tuple[str, str]) -> None:
    custom = key[1].endswith("custom_base_url")
    base = CUSTOM_BASE_URL if custom else BROWSER_URLS[key[0]]

    read_session = read(key, base)

    assert read_session.error_id == "session_aal2_required"
    assert read_session.redirect_browser_to == f"{base}/self-service/login/browser?aal=aal2"
    assert read_session.retry_after is None


@keys(key for key, expected in EXPECTED.items() if expected == REFUSED)
def test_refusal_by_another_ory_keeps_no_url(key: tuple[str, str]) -> None:
    read_session = read(key, "https://ory.example.org")

    assert (str(read_session.state), read_session.error_id) == ("step_up_required", "session_aal2_required")
    assert read_session.redirect_browser_to is None


@keys(key for key, expected in EXPECTED.items() if expected == NOTHING)
def test_answer_without_use_is_to_be_asked_again_soon(key: tuple[str, str]) -> None:
    assert read(key).retry_after == 5
