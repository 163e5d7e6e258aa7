"""What recordings cannot show of FakeOry: how tests drive it."""

from __future__ import annotations

import ast
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
import requests

import django_ory_mfa.testing
from django_ory_mfa.testing import FakeOry, FakeOryTransport, FakeProof, FakeSession
from tests.servers.fake import FakeServer

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
JSON = ("Accept", "application/json")
NAVIGATION = ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
VERSIONS = ("v1.3.1", "2026-07-29")


class Client:
    """A test client, as far as FakeOry looks at one."""

    def __init__(self) -> None:
        self.cookies = SimpleCookie()


class Clock:
    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ory(clock: Clock) -> FakeOry:
    return FakeOry(now=clock)


@pytest.fixture
def newer(clock: Clock) -> FakeOry:
    return FakeOry("2026-07-29", now=clock)


def cookie(ory: FakeOry, value: str) -> tuple[str, str]:
    return "Cookie", f"{ory.cookie_name}={value}"


def ask(ory: FakeOry, *headers: tuple[str, str], target: str = "/sessions/whoami", method: str = "GET") -> Any:
    return ory.handle(method, target, list(headers))


def whoami(ory: FakeOry, session: FakeSession) -> Any:
    answer = ask(ory, ("X-Session-Token", session.token))
    assert answer.status == 200
    return json.loads(answer.body)


def status_of(ory: FakeOry, session: FakeSession) -> int:
    return int(ask(ory, ("X-Session-Token", session.token)).status)


def header(answer: Any, name: str) -> str | None:
    return dict(answer.headers).get(name)


def password_session(ory: FakeOry, *factors: str) -> FakeSession:
    return ory.add_session(ory.add_identity(second_factors=factors), "password")


# What the operator sets


@pytest.mark.parametrize("attribute", ["version", "required_aal", "settings_required_aal"])
def test_unknown_choice_is_refused_whenever_it_is_set(ory: FakeOry, attribute: str) -> None:
    with pytest.raises(ValueError, match=f"{attribute} must be one of .*, not 'aal7'"):
        setattr(ory, attribute, "aal7")


def test_unknown_version_is_refused_by_the_constructor() -> None:
    with pytest.raises(ValueError, match=r"version must be one of v1\.3\.1, 2026-07-29"):
        FakeOry("v26.2.0")


def test_server_may_be_switched_while_it_runs(ory: FakeOry) -> None:
    session = password_session(ory, "totp")
    before = status_of(ory, session)

    ory.required_aal = "aal1"

    assert (before, status_of(ory, session)) == (403, 200)


def test_clock_is_the_real_one_by_default() -> None:
    assert abs(FakeOry().now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_public_url_has_no_slash_at_its_end() -> None:
    assert FakeOry(public_url="https://app.example.test/.ory/").public_url == "https://app.example.test/.ory"


# Levels


@pytest.mark.parametrize(
    ("version", "entries", "aal"),
    [
        ("v1.3.1", [], "aal0"),
        ("v1.3.1", [("password", "aal1")], "aal1"),
        ("v1.3.1", [("totp", "aal2")], "aal1"),
        ("v1.3.1", [("password", "aal1"), ("totp", "aal2")], "aal2"),
        ("v1.3.1", [("oidc", "aal2")], "aal1"),
        ("v1.3.1", [("password", ""), ("totp", "")], "aal2"),
        ("v1.3.1", [("link_recovery", ""), ("totp", "")], "aal1"),
        ("2026-07-29", [], "aal0"),
        ("2026-07-29", [("totp", "aal2")], "aal1"),
        ("2026-07-29", [("password", ""), ("totp", "")], "aal1"),
        ("2026-07-29", [("oidc", "aal2")], "aal2"),
        ("2026-07-29", [("saml", "aal2")], "aal2"),
    ],
)
def test_level_follows_the_rule_of_the_version(version: str, entries: list[tuple[str, str]], aal: str) -> None:
    ory = FakeOry(version, required_aal="aal1")
    proofs = [FakeProof(method, level, ory.now()) for method, level in entries]

    session = ory.add_session(ory.add_identity(), *proofs)

    assert (session.aal, whoami(ory, session)["authenticator_assurance_level"]) == (aal, aal)


@pytest.mark.parametrize(("version", "status"), [("v1.3.1", 403), ("2026-07-29", 200)])
def test_code_mfa_counts_everyone_on_the_older_version(version: str, status: int) -> None:
    ory = FakeOry(version, code_mfa=True)

    assert status_of(ory, password_session(ory)) == status


@pytest.mark.parametrize("version", VERSIONS)
def test_code_does_not_count_while_code_mfa_is_off(version: str) -> None:
    ory = FakeOry(version)

    assert status_of(ory, password_session(ory, "code")) == 200


# People


def test_people_get_addresses_of_their_own(ory: FakeOry) -> None:
    emails = [ory.add_identity().email for _ in range(2)]

    assert emails == ["person-1@example.test", "person-2@example.test"]


def test_identity_shows_everything_it_was_given(ory: FakeOry) -> None:
    identity = ory.add_identity(
        email="a@example.test",
        traits={"name": "A"},
        external_id="7",
        metadata_public={"plan": "free"},
        organization_id="o",
        schema_id="person",
    )

    shown = whoami(ory, ory.add_session(identity, "password"))["identity"]

    assert shown["traits"] == {"email": "a@example.test", "name": "A"}
    assert (shown["external_id"], shown["metadata_public"], shown["organization_id"]) == ("7", {"plan": "free"}, "o")
    assert shown["schema_url"] == "http://127.0.0.1:4433/schemas/cGVyc29u"


def test_identity_without_an_email_has_no_addresses(ory: FakeOry) -> None:
    session = ory.add_session(ory.add_identity(traits={"login": "a"}), "password")

    shown = whoami(ory, session)["identity"]

    assert shown["traits"] == {"login": "a"}
    assert not {"verifiable_addresses", "recovery_addresses"} & set(shown)


@pytest.mark.parametrize(
    "add", [lambda ory: ory.add_identity(second_factors=["password"]), lambda ory: ory.add_identity().enrol("password")]
)
def test_first_factor_cannot_be_enrolled_as_a_second(ory: FakeOry, add: Any) -> None:
    with pytest.raises(ValueError, match="not a second factor: password"):
        add(ory)


def test_removed_factor_leaves_the_level_of_live_sessions(ory: FakeOry) -> None:
    session = ory.add_session(ory.add_identity(second_factors=["totp"]), "password", "totp")
    waiting = ory.add_session(session.identity, "password")
    before = status_of(ory, waiting)

    session.identity.remove_factor("totp")

    assert (before, status_of(ory, waiting)) == (403, 200)
    assert whoami(ory, session)["authenticator_assurance_level"] == "aal2"


def test_identity_that_is_active_again_has_its_session_back(ory: FakeOry) -> None:
    session = password_session(ory)
    session.identity.state = "inactive"
    while_inactive = status_of(ory, session)

    session.identity.state = "active"

    assert (while_inactive, status_of(ory, session)) == (401, 200)


# Sessions


def test_proofs_have_the_age_they_were_given(ory: FakeOry) -> None:
    session = ory.add_session(
        ory.add_identity(), ("password", 60), ("totp", timedelta(seconds=30)), FakeProof("x", "aal2", "yesterday")
    )

    shown = whoami(ory, session)

    assert [entry["completed_at"] for entry in shown["authentication_methods"]] == [
        "2026-11-24T11:59:00Z",
        "2026-11-24T11:59:30Z",
        "yesterday",
    ]
    assert (shown["issued_at"], shown["authenticated_at"]) == ("2026-11-24T11:59:00Z", "2026-11-24T11:59:30Z")
    assert shown["expires_at"] == "2026-11-24T13:00:00Z"


def test_times_have_nine_digits_without_zeros_at_the_end(ory: FakeOry, clock: Clock) -> None:
    clock.time = NOW.replace(microsecond=123450)
    session = password_session(ory)

    shown = whoami(ory, session)

    assert shown["authentication_methods"][0]["completed_at"] == "2026-11-24T12:00:00.12345045Z"
    assert shown["identity"]["created_at"] == "2026-11-24T12:00:00.12345Z"


def test_unknown_method_is_refused(ory: FakeOry) -> None:
    with pytest.raises(ValueError, match=r"unknown method 'otp'; give one of password, .*, or a FakeProof"):
        ory.add_session(ory.add_identity(), "otp")


def test_step_up_appends_a_proof_and_old_cookies_see_the_new_level(ory: FakeOry, clock: Clock) -> None:
    session = password_session(ory, "totp")
    old = session.cookie
    clock.time += timedelta(seconds=10)

    session.prove("totp")

    answer = ask(ory, cookie(ory, old))
    shown = json.loads(answer.body)
    assert shown["authenticator_assurance_level"] == "aal2"
    assert shown["authenticated_at"] == "2026-11-24T12:00:10Z"
    assert shown["expires_at"] == "2026-11-24T13:00:10Z"
    assert (header(answer, "Set-Cookie") or "").startswith("ory_kratos_session=")
    assert session.cookie != old
    assert header(ask(ory, cookie(ory, session.cookie)), "Set-Cookie") is None


@pytest.mark.parametrize(("version", "moved"), [("v1.3.1", False), ("2026-07-29", True)])
def test_enrolment_moves_authenticated_at_on_the_newer_version_only(version: str, clock: Clock, *, moved: bool) -> None:
    ory = FakeOry(version, now=clock)
    session = password_session(ory)
    clock.time += timedelta(seconds=10)

    session.enrol("totp")

    assert session.aal == "aal2"
    assert session.expires_at == NOW + timedelta(hours=1)
    assert (session.authenticated_at > NOW) is moved


def test_cookie_dies_at_its_lifespan_though_the_session_was_extended(ory: FakeOry, clock: Clock) -> None:
    session = password_session(ory)
    clock.time += timedelta(minutes=50)
    session.extend(7200)
    reissued = re.match("[^=]+=([^;]+)", header(ask(ory, cookie(ory, session.cookie)), "Set-Cookie") or "")

    clock.time += timedelta(minutes=11)

    assert reissued
    assert ask(ory, cookie(ory, session.cookie)).status == 401
    assert ask(ory, cookie(ory, reissued[1])).status == 200
    assert status_of(ory, session) == 200


def test_credentials_look_like_those_of_ory(ory: FakeOry) -> None:
    session = password_session(ory)

    assert re.fullmatch(r"[A-Za-z0-9_-]{428}", session.cookie)
    assert re.fullmatch(r"ory_st_[A-Za-z0-9]{32}", session.token)


def test_repr_of_people_has_no_credential_and_no_trait(ory: FakeOry) -> None:
    session = ory.add_session(ory.add_identity(traits={"salary": "lots"}), "password")

    text = repr([session, session.identity, ory])

    assert session.id in text
    assert not [secret for secret in (session.cookie, session.token, "lots") if secret in text]


# Credentials


def test_session_token_wins_over_cookie_and_bearer(ory: FakeOry) -> None:
    first, second = password_session(ory), password_session(ory)

    answer = ask(
        ory, ("x-session-TOKEN", second.token), cookie(ory, first.cookie), ("Authorization", f"Bearer {first.token}")
    )

    assert json.loads(answer.body)["id"] == second.id


def test_revoked_cookie_wins_over_good_bearer(ory: FakeOry) -> None:
    revoked, good = password_session(ory), password_session(ory)
    revoked.revoke()

    answer = ask(ory, cookie(ory, revoked.cookie), ("Authorization", f"Bearer {good.token}"))

    assert answer.status == 401


@pytest.mark.parametrize(
    ("form", "status"), [("bearer {}", 200), ("Bearer  {}", 401), ("Basic {}", 401), ("{}", 401), ("Bearer x{}", 401)]
)
def test_bearer_is_exactly_two_parts(ory: FakeOry, form: str, status: int) -> None:
    session = password_session(ory)

    assert ask(ory, ("Authorization", form.format(session.token))).status == status


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        (("Authorization", "Basic abc"), "60"),
        (("Authorization", "Bearer abc"), None),
        (("X-Session-Token", "abc"), None),
        (("Cookie", "ory_kratos_session=garbage"), "60"),
    ],
)
def test_refusal_is_cacheable_only_without_a_readable_credential(
    ory: FakeOry, sent: tuple[str, str], seconds: str | None
) -> None:
    ory.cache_for = 0

    assert header(ask(ory, sent), "Ory-Session-Cache-For") == seconds


def test_empty_session_token_counts_as_absent(ory: FakeOry) -> None:
    session = password_session(ory)

    assert ask(ory, ("X-Session-Token", ""), cookie(ory, session.cookie)).status == 200


@pytest.mark.parametrize(("form", "status"), [('"{}"', 200), ("{}=", 401), ("x{}", 401), ("", 401), ('"', 401)])
def test_cookie_may_be_quoted_and_nothing_else(ory: FakeOry, form: str, status: int) -> None:
    session = password_session(ory)

    assert ask(ory, cookie(ory, form.format(session.cookie))).status == status


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("garbage", "securecookie: base64 decode failed - caused by: illegal base64 data at input byte 4"),
        ("gar!", "securecookie: base64 decode failed - caused by: illegal base64 data at input byte 3"),
        ("AAAA", "securecookie: the value is not valid"),
    ],
)
def test_unreadable_cookie_beside_a_good_token_is_a_server_error(ory: FakeOry, value: str, message: str) -> None:
    session = password_session(ory)

    answer = ask(ory, cookie(ory, value), ("X-Session-Token", session.token))

    assert (answer.status, json.loads(answer.body)["error"]["message"]) == (500, message)


def nested(levels: int) -> object:
    """A list in a list, and so on."""
    value: list[object] = []
    for _ in range(levels):
        value = [value]
    return value


def test_person_whose_traits_cannot_be_written_is_a_server_error_for_that_call_alone(ory: FakeOry) -> None:
    session, other = password_session(ory), password_session(ory)
    session.identity.traits["tree"] = nested(100_000)

    answer = ask(ory, ("X-Session-Token", session.token))

    assert (answer.status, "nested" in json.loads(answer.body)["error"]["message"]) == (500, True)
    assert status_of(ory, other) == 200
    session.identity.traits["tree"] = nested(10)
    assert status_of(ory, session) == 200


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("size", "status"), [(900_000, 401), (1_100_000, 431)])
def test_very_long_header_is_refused_as_text(version: str, size: int, status: int) -> None:
    ory = FakeOry(version)

    answer = ask(ory, cookie(ory, "A" * size))

    assert answer.status == status
    assert (header(answer, "Content-Type") == "text/plain; charset=utf-8") is (status == 431)


def test_control_character_is_refused_as_text(ory: FakeOry) -> None:
    answer = ask(ory, cookie(ory, "a\x01b"))

    assert (answer.status, header(answer, "Content-Type")) == (400, "text/plain; charset=utf-8")


def test_cookie_attributes_follow_the_configuration(clock: Clock) -> None:
    ory = FakeOry(public_url="https://ory.example.test", now=clock)
    ory.cookie_domain = "example.test"
    session = password_session(ory)
    old = session.cookie
    clock.time += timedelta(seconds=1)
    session.prove("password")

    line = header(ask(ory, cookie(ory, old)), "Set-Cookie") or ""

    assert line.partition(";")[2] == (
        " Path=/; Domain=example.test; Expires=Tue, 24 Nov 2026 13:00:01 GMT; Max-Age=3600; HttpOnly; Secure;"
        " SameSite=Lax"
    )


# Paths


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_whoami_answers_every_method(ory: FakeOry, method: str) -> None:
    session = password_session(ory)

    answer = ask(ory, ("X-Session-Token", session.token), method=method)

    assert answer.status == 200
    assert (answer.body == b"") is (method == "HEAD")


@pytest.mark.parametrize(
    ("version", "target", "status", "location"),
    [
        ("v1.3.1", "/sessions/whoami/", 301, "/sessions/whoami"),
        ("v1.3.1", "/sessions/whoami/?a=1", 301, "/sessions/whoami?a=1"),
        ("v1.3.1", "//sessions/whoami", 401, None),
        ("v1.3.1", "/nowhere/", 404, None),
        ("2026-07-29", "/sessions/whoami/", 404, None),
        ("2026-07-29", "//sessions/whoami", 307, "/sessions/whoami"),
        ("2026-07-29", "/nowhere", 404, None),
    ],
)
def test_other_spellings_of_a_path(version: str, target: str, status: int, location: str | None) -> None:
    answer = ask(FakeOry(version), target=target)

    assert (answer.status, header(answer, "Location")) == (status, location)


def test_unknown_path_is_text(ory: FakeOry) -> None:
    answer = ask(ory, target="/nowhere")

    assert (answer.status, answer.body) == (404, b"404 page not found\n")
    assert header(answer, "Content-Type") == "text/plain; charset=utf-8"


def test_wrong_method_is_refused(ory: FakeOry) -> None:
    assert ask(ory, target="/self-service/settings/browser", method="DELETE").status == 405


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("application/json", True),
        ("application/json, text/plain, */*", True),
        ("application/*", True),
        ("text/html;q=0.5, application/json;q=0.9", True),
        ("text/html;q=0, application/json;q=0.1", True),
        ("*/*", False),
        ("", False),
        ("application/json, text/html", False),
        ("application/json; charset=utf-8", False),
    ],
)
def test_accept_decides_who_gets_json(ory: FakeOry, accept: str, *, is_json: bool) -> None:
    answer = ask(ory, ("Accept", accept), target="/self-service/settings/browser")

    assert (answer.status == 401) is is_json


# Settings


@pytest.mark.parametrize("kind", ["browser", "api"])
def test_settings_refusal_returns_to_settings_if_a_return_to_was_given(ory: FakeOry, kind: str) -> None:
    session = password_session(ory, "totp")
    target = f"/self-service/settings/{kind}?return_to=http://a.test/"

    answer = ask(ory, JSON, ("X-Session-Token", session.token), target=target)

    assert answer.status == 403
    assert json.loads(answer.body)["redirect_browser_to"] == (
        "http://127.0.0.1:4433/self-service/login/browser?aal=aal2&return_to="
        f"http%3A%2F%2F127.0.0.1%3A4433%2Fself-service%2Fsettings%2F{kind}%3Freturn_to%3Dhttp%3A%2F%2Fa.test%2F"
    )


def test_settings_flow_keeps_return_to(ory: FakeOry) -> None:
    session = password_session(ory)

    answer = ask(
        ory, JSON, cookie(ory, session.cookie), target="/self-service/settings/browser?return_to=http://a.test/"
    )

    assert json.loads(answer.body)["return_to"] == "http://a.test/"


def test_settings_are_judged_by_a_level_of_their_own(ory: FakeOry) -> None:
    ory.required_aal = "aal1"
    session = password_session(ory, "totp")

    answer = ask(ory, JSON, ("X-Session-Token", session.token), target="/self-service/settings/api")

    assert (status_of(ory, session), answer.status) == (200, 403)


def test_settings_of_a_native_client_have_no_csrf(newer: FakeOry) -> None:
    session = password_session(newer)

    answer = ask(newer, ("X-Session-Token", session.token), target="/self-service/settings/api")

    body = json.loads(answer.body)
    assert header(answer, "Set-Cookie") is None
    assert body["type"] == "api"
    assert body["ui"]["nodes"][0]["attributes"]["value"] == ""


def test_settings_of_a_native_client_without_session(newer: FakeOry) -> None:
    answer = ask(newer, target="/self-service/settings/api")

    assert answer.status == 401
    assert list(json.loads(answer.body)) == ["error"]


@pytest.mark.parametrize(("kind", "shown"), [("browser", True), ("api", False)])
def test_security_key_is_a_node_for_browsers(ory: FakeOry, kind: str, *, shown: bool) -> None:
    identity = ory.add_identity(second_factors=["webauthn"], traits={"name": "A"})
    session = ory.add_session(identity, "password", "webauthn")

    answer = ask(ory, JSON, cookie(ory, session.cookie), target=f"/self-service/settings/{kind}")

    names = {node["attributes"].get("name") for node in json.loads(answer.body)["ui"]["nodes"]}
    assert ("webauthn_remove" in names) is shown


def test_every_settings_flow_has_secrets_of_its_own(ory: FakeOry) -> None:
    session = password_session(ory)
    bodies = [
        ask(ory, JSON, cookie(ory, session.cookie), target="/self-service/settings/browser").body for _ in range(2)
    ]

    seeds = [re.findall(rb'"secret":"([A-Z2-7]{32})"', body) for body in bodies]

    assert seeds[0] != seeds[1]
    assert len(seeds[0]) == len(seeds[1]) == 1


# Logout


def test_logout_without_session_sends_a_browser_to_the_error_page(ory: FakeOry) -> None:
    answer = ask(ory, NAVIGATION, target="/self-service/logout/browser")

    assert answer.status == 303
    assert (header(answer, "Location") or "").startswith("http://127.0.0.1:8000/ory-ui/error?id=")


@pytest.mark.parametrize(("query", "status"), [("", 400), ("?token=ory_lo_other", 403)])
def test_logout_with_a_wrong_token_is_refused(ory: FakeOry, query: str, status: int) -> None:
    session = password_session(ory)

    answer = ask(ory, JSON, cookie(ory, session.cookie), target=f"/self-service/logout{query}")

    assert (answer.status, session.active) == (status, True)


def test_logout_is_possible_while_the_second_factor_is_due(ory: FakeOry) -> None:
    session = password_session(ory, "totp")

    init = ask(ory, JSON, cookie(ory, session.cookie), target="/self-service/logout/browser")

    assert json.loads(init.body)["logout_token"] == session.logout_token


def test_logout_ends_at_the_default_url(ory: FakeOry) -> None:
    session = password_session(ory)

    answer = ask(
        ory, NAVIGATION, cookie(ory, session.cookie), target=f"/self-service/logout?token={session.logout_token}"
    )

    assert header(answer, "Location") == "http://127.0.0.1:8000/"
    assert not session.active


@pytest.mark.parametrize(("body", "status"), [(b"", 400), (b"[]", 400), (b"{}", 400), (b'{"session_token": "x"}', 403)])
def test_logout_of_a_native_client_without_a_known_token(ory: FakeOry, body: bytes, status: int) -> None:
    assert ory.handle("DELETE", "/self-service/logout/api", [], body).status == status


def test_logout_of_a_native_client_works_twice(ory: FakeOry) -> None:
    body = json.dumps({"session_token": password_session(ory).token}).encode()

    answers = [ory.handle("DELETE", "/self-service/logout/api", [], body).status for _ in range(2)]

    assert answers == [204, 204]


# Failures


def test_failure_lasts_until_recover(ory: FakeOry) -> None:
    session = password_session(ory)
    ory.fail(502, b"<html>", [("Content-Type", "text/html")])
    answer = ask(ory, ("X-Session-Token", session.token))

    ory.recover()

    assert (answer.status, answer.body, answer.headers) == (502, b"<html>", [("Content-Type", "text/html")])
    assert status_of(ory, session) == 200


def test_failure_of_one_path_leaves_the_others(ory: FakeOry) -> None:
    ory.fail(path="/health/ready")

    assert [ask(ory, target=path).status for path in ("/health/ready", "/health/alive")] == [503, 200]


def test_failure_of_every_path(ory: FakeOry) -> None:
    ory.fail(429, path=None)

    assert ask(ory, target="/health/alive").status == 429


@pytest.mark.parametrize(("name", "error"), [("connect-error", ConnectionRefusedError), ("timeout", TimeoutError)])
def test_broken_call_is_counted_too(ory: FakeOry, name: str, error: type[Exception]) -> None:
    ory.fail_with(name)

    with pytest.raises(error):
        ask(ory)

    assert len(ory.calls) == 1


def test_unknown_exception_name_is_refused(ory: FakeOry) -> None:
    with pytest.raises(ValueError, match="must be one of connect-error, timeout, not 'boom'"):
        ory.fail_with("boom")


def test_database_that_is_down_looks_like_no_session(ory: FakeOry) -> None:
    session = password_session(ory)
    ory.database_down = True
    down = [status_of(ory, session), ask(ory, target="/health/ready").status, ask(ory, target="/health/alive").status]

    ory.recover()

    assert down == [401, 503, 200]
    assert status_of(ory, session) == 200


# Calls


def test_calls_keep_what_was_asked(ory: FakeOry) -> None:
    ory.handle("get", "/health/alive?a=1", [("Accept", "a"), ("accept", "b"), ("Cookie", "a=1"), ("Cookie", "b=2")])

    call = ory.calls[0]

    assert (call.method, call.path, call.query) == ("GET", "/health/alive", "a=1")
    assert call.headers == {"accept": "a, b", "cookie": "a=1; b=2"}


def test_repr_of_calls_hides_credentials(ory: FakeOry) -> None:
    session = password_session(ory)
    credentials = [
        cookie(ory, session.cookie),
        ("X-Session-Token", session.token),
        ("Authorization", "Bearer abc"),
        JSON,
    ]
    ask(ory, *credentials, target=f"/self-service/logout?token={session.logout_token}")

    text = repr(ory.calls)

    assert text == (
        "[Call(GET /self-service/logout?token=… {'cookie': '…', 'x-session-token': '…', 'authorization': '…',"
        " 'accept': 'application/json'})]"
    )


def test_threads_may_share_one_fake(ory: FakeOry) -> None:
    def sign_in_and_ask(number: int) -> int:
        session = ory.login(Client())
        session.prove("totp")
        return int(ask(ory, cookie(ory, session.cookie)).status)

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(sign_in_and_ask, range(200)))

    assert (set(statuses), len(ory.calls)) == ({200}, 200)
    assert len({identity.email for identity in ory.identities}) == 200


# Signing a test client in


def test_login_is_password_and_totp_by_default(ory: FakeOry) -> None:
    client = Client()

    session = ory.login(client, email="a@example.test")

    assert client.cookies["ory_kratos_session"].value == session.cookie
    assert client.cookies["ory_kratos_session"].coded_value == session.cookie
    assert [proof.method for proof in session.proofs] == ["password", "totp"]
    assert session.identity.second_factors == {"totp"}
    assert (session.aal, session.identity.email) == ("aal2", "a@example.test")
    assert ask(ory, cookie(ory, session.cookie)).status == 200


def test_login_at_aal1_has_no_second_factor(ory: FakeOry) -> None:
    session = ory.login(Client(), aal="aal1")

    assert (session.aal, session.identity.second_factors) == ("aal1", set())
    assert status_of(ory, session) == 200


def test_login_at_aal1_of_somebody_enrolled_is_held_up(ory: FakeOry) -> None:
    session = ory.login(Client(), aal="aal1", second_factors={"totp"})

    assert status_of(ory, session) == 403


@pytest.mark.parametrize("age", [90, timedelta(seconds=90)])
def test_login_makes_proofs_as_old_as_asked(ory: FakeOry, age: Any) -> None:
    session = ory.login(Client(), age=age)

    assert {proof.completed_at for proof in session.proofs} == {NOW - timedelta(seconds=90)}


def test_login_with_old_proofs_is_still_signed_in(ory: FakeOry) -> None:
    assert status_of(ory, ory.login(Client(), age=86400)) == 200


@pytest.mark.parametrize(
    ("arguments", "methods", "factors"),
    [
        ({"methods": {"totp"}}, ["password", "totp"], {"totp"}),
        ({"methods": {"lookup_secret", "oidc", "totp"}}, ["oidc", "totp", "lookup_secret"], {"totp", "lookup_secret"}),
        ({"second_factors": {"lookup_secret"}}, ["password", "lookup_secret"], {"lookup_secret"}),
        ({"second_factors": {"lookup_secret", "webauthn"}}, ["password", "webauthn"], {"lookup_secret", "webauthn"}),
        ({"methods": {"totp"}, "second_factors": ["code"]}, ["password", "totp"], {"totp", "code"}),
        ({"aal": "aal1", "methods": {"passkey", "code"}}, ["passkey", "code"], set()),
        ({"aal": "aal1", "methods": set()}, ["password"], set()),
    ],
)
def test_login_by_methods(ory: FakeOry, arguments: Any, methods: list[str], factors: set[str]) -> None:
    session = ory.login(Client(), **arguments)

    assert [proof.method for proof in session.proofs] == methods
    assert session.identity.second_factors == factors


def test_code_is_a_second_factor_once_it_is_switched_on(ory: FakeOry) -> None:
    ory.code_mfa = True

    assert ory.login(Client(), methods={"code"}).aal == "aal2"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"aal": "aal3"}, "aal must be aal1 or aal2, not 'aal3'"),
        ({"methods": "totp"}, "methods must be a set of names, not the text 'totp'"),
        ({"methods": {"otp"}}, "unknown method 'otp'"),
        ({"aal": "aal1", "methods": {"totp"}}, "aal1 cannot have second factors among its methods: totp"),
        ({"methods": {"password"}}, "aal2 needs a second factor among its methods, but there is only: password"),
        ({"methods": {"code"}}, "aal2 needs a second factor among its methods, but there is only: code"),
        ({"methods": set()}, "aal2 needs a second factor among its methods, but there is only: none"),
        ({"second_factors": ()}, "aal2 needs at least one second factor, but second_factors is empty"),
        ({"second_factors": {"sms"}}, "not a second factor: sms"),
    ],
)
def test_login_that_cannot_be_says_why(ory: FakeOry, arguments: Any, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        ory.login(Client(), **arguments)

    assert ory.identities == []


# The transport


@pytest.fixture
def http(ory: FakeOry) -> requests.Session:
    http = requests.Session()
    http.trust_env = False
    for prefix in ("http://", "https://"):
        http.mount(prefix, FakeOryTransport(ory))
    return http


def test_transport_reaches_the_fake(ory: FakeOry, http: requests.Session) -> None:
    session = password_session(ory)

    answer = http.get("http://127.0.0.1:4433/sessions/whoami", headers={"X-Session-Token": session.token}, timeout=1)

    assert (answer.status_code, answer.reason, answer.json()["id"]) == (200, "OK", session.id)
    assert ory.calls[0].headers["x-session-token"] == session.token


def test_transport_strips_the_path_of_the_public_url(ory: FakeOry, http: requests.Session) -> None:
    ory.public_url = "https://app.example.test/.ory"

    answer = http.get("https://app.example.test:443/.ory/health/alive?a=1", timeout=1)

    assert answer.status_code == 200
    assert (ory.calls[0].path, ory.calls[0].query) == ("/health/alive", "a=1")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:4434/ory/x", "https://127.0.0.1:4433/ory/x", "http://127.0.0.1:4433/oryx"]
)
def test_transport_knows_no_other_server(ory: FakeOry, http: requests.Session, url: str) -> None:
    ory.public_url = "http://127.0.0.1:4433/ory"

    with pytest.raises(requests.ConnectionError, match="is not the fake Ory"):
        http.get(url, timeout=1)

    assert ory.calls == []


@pytest.mark.parametrize(
    ("name", "error"), [("connect-error", requests.ConnectionError), ("timeout", requests.ReadTimeout)]
)
def test_transport_breaks_as_requests_does(
    ory: FakeOry, http: requests.Session, name: str, error: type[Exception]
) -> None:
    ory.fail_with(name)

    with pytest.raises(error):
        http.get("http://127.0.0.1:4433/sessions/whoami", timeout=1)


def test_transport_keeps_every_set_cookie_and_a_jar_would_fill(ory: FakeOry, http: requests.Session) -> None:
    session = password_session(ory)

    answer = http.get(
        "http://127.0.0.1:4433/self-service/logout",
        params={"token": session.logout_token},
        headers={"Cookie": f"{ory.cookie_name}={session.cookie}", "Accept": "application/json"},
        timeout=1,
    )

    assert answer.status_code == 204
    assert [line.partition("=")[0] for line in answer.raw.headers.getlist("set-cookie")] == [
        "ory_kratos_session",
        ory.csrf_cookie_name,
    ]
    assert list(http.cookies.keys()) == [ory.csrf_cookie_name]


@pytest.mark.parametrize("kind", [str, bytes])
def test_transport_sends_bodies(ory: FakeOry, http: requests.Session, kind: type) -> None:
    text = json.dumps({"session_token": password_session(ory).token})

    answer = http.delete(
        "http://127.0.0.1:4433/self-service/logout/api", data=text if kind is str else text.encode(), timeout=1
    )

    assert answer.status_code == 204


def test_transport_streams(ory: FakeOry, http: requests.Session) -> None:
    with http.get("http://127.0.0.1:4433/health/alive", headers={"X-Bytes": b"1"}, stream=True, timeout=1) as answer:
        assert answer.raw.read(5) == b'{"sta'


def test_transport_answers_head_without_a_body(ory: FakeOry, http: requests.Session) -> None:
    answer = http.head("http://127.0.0.1:4433/sessions/whoami", timeout=1)

    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (401, b"", "157")


def test_transport_passes_odd_statuses_on(ory: FakeOry, http: requests.Session) -> None:
    ory.fail(520)

    assert http.get("http://127.0.0.1:4433/sessions/whoami", timeout=1).status_code == 520


# The server of the scenarios


@pytest.fixture(params=VERSIONS)
def server(request: pytest.FixtureRequest) -> FakeServer:
    return FakeServer(request.param)


def test_scenario_server_steps_up_and_logs_out(server: FakeServer) -> None:
    server.configure("strict")
    browser = server.open_browser(server.add_person("totp"), "password")
    before = ask(server.ory, cookie(server.ory, browser.session_cookie[1])).status

    browser.prove("totp")

    after = ask(server.ory, cookie(server.ory, browser.session_cookie[1]))
    init = ask(server.ory, JSON, cookie(server.ory, browser.session_cookie[1]), target="/self-service/logout/browser")
    assert (server.name, server.public_url) == (f"fake {server.version}", "http://127.0.0.1:4433")
    assert (before, after.status) == (403, 200)
    assert browser.follow_logout(json.loads(init.body)["logout_url"]) == 303
    assert ask(server.ory, cookie(server.ory, browser.session_cookie[1])).status == 401


def test_scenario_server_enrols_and_removes(server: FakeServer) -> None:
    server.configure("lax", settings_required_aal="highest_available")
    person = server.add_person()
    browser = server.open_browser(person, "password")

    browser.enrol("totp")
    server.remove_factor(person, "totp")

    assert set(person.factors) == {"totp"}
    assert browser.session.aal == "aal2"
    assert browser.session.identity.second_factors == set()
    assert (server.ory.required_aal, server.ory.settings_required_aal) == ("aal1", "highest_available")


def test_scenario_server_disables_and_revokes(server: FakeServer) -> None:
    server.configure("strict", code_mfa=True)
    person = server.add_person("code")
    token = ("X-Session-Token", server.session_token(person, "password", "code"))
    statuses = [ask(server.ory, token).status]
    server.set_identity_state(person, "inactive")
    statuses.append(ask(server.ory, token).status)
    server.set_identity_state(person, "active")
    statuses.append(ask(server.ory, token).status)

    server.revoke_sessions(person)

    assert [*statuses, ask(server.ory, token).status] == [200, 401, 200, 401]


# Independence


FOLDER = Path(django_ory_mfa.testing.__file__).parent
# These put the fake into the place of the real Ory, so they know the package or a library.
ADAPTERS = {"__init__", "assertions", "install", "pytest_plugin", "requests", "transport", "users"}
ADAPTERS |= {f"emulator.{name}" for name in ("__init__", "_handler", "_pages", "people", "server", "urls", "views")}
MODULES = sorted({".".join(path.relative_to(FOLDER).with_suffix("").parts) for path in FOLDER.rglob("*.py")} - ADAPTERS)


@pytest.mark.parametrize("module", MODULES)
def test_fake_imports_nothing_of_the_package_and_no_library(module: str) -> None:
    tree = ast.parse(FOLDER.joinpath(*module.split(".")).with_suffix(".py").read_text())
    absolute = [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = [*absolute, *(node.module or "" for node in froms)]
    foreign = {name.partition(".")[0] for name in names if not f"{name}.".startswith("django_ory_mfa.testing.")}

    assert foreign <= sys.stdlib_module_names


def test_public_names_come_from_one_place() -> None:
    assert django_ory_mfa.testing.__all__ == [
        "FakeIdentity",
        "FakeOry",
        "FakeOryMixin",
        "FakeOryTransport",
        "FakeProof",
        "FakeSession",
        "assert_denied",
        "assert_step_up",
        "installed",
    ]
    assert all(hasattr(django_ory_mfa.testing, name) for name in django_ory_mfa.testing.__all__)
