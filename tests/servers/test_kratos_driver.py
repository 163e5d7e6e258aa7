"""The driver of the real Kratos keeps the promises that the scenarios build on."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.servers.base import Person
from tests.servers.kratos import NAVIGATION, KratosBrowser, KratosServer, totp_code

pytestmark = pytest.mark.kratos

FACTORS = ["totp", "lookup_secret", "code"]


def whoami(server: KratosServer, **headers: str) -> requests.Response:
    return requests.get(f"{server.public_url}/sessions/whoami", headers=headers, timeout=60)


def whoami_of(server: KratosServer, browser: KratosBrowser) -> requests.Response:
    return whoami(server, Cookie="=".join(browser.session_cookie))


def proofs(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [entry["method"] for entry in answer.json()["authentication_methods"]]


def credentials_of(server: KratosServer, person: Person) -> set[str]:
    answer = requests.get(f"{server.admin_url}/admin/identities/{person.id}", timeout=60)
    return set(answer.json()["credentials"])


@pytest.fixture
def strict(kratos: KratosServer) -> KratosServer:
    kratos.configure("strict")
    return kratos


@pytest.fixture
def with_codes(kratos: KratosServer) -> KratosServer:
    kratos.configure("strict", code_mfa=True)
    return kratos


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_totp_gives_the_codes_of_the_rfc(seconds: int, code: str) -> None:
    assert totp_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", seconds) == code


def test_urls_and_version(strict: KratosServer) -> None:
    assert not strict.public_url.endswith("/")
    assert not strict.admin_url.endswith("/")
    assert strict.version


def test_person_without_factor(strict: KratosServer) -> None:
    person = strict.add_person()
    assert person.factors == {}
    assert proofs(whoami_of(strict, strict.open_browser(person, "password"))) == ["password"]


@pytest.mark.parametrize("factor", FACTORS)
def test_person_with_one_factor(with_codes: KratosServer, factor: str) -> None:
    person = with_codes.add_person(factor)
    assert set(person.factors) == {factor}
    browser = with_codes.open_browser(person, "password")
    assert whoami_of(with_codes, browser).status_code == 403
    browser.prove(factor)
    assert proofs(whoami_of(with_codes, browser)) == ["password", factor]


def test_person_with_every_factor(with_codes: KratosServer) -> None:
    person = with_codes.add_person(*FACTORS)
    assert credentials_of(with_codes, person) == {"password", *FACTORS}
    browser = with_codes.open_browser(person, "password", *FACTORS)
    assert proofs(whoami_of(with_codes, browser)) == ["password", *FACTORS]


def test_adding_a_person_leaves_no_session_of_the_person_and_other_sessions_alone(with_codes: KratosServer) -> None:
    bystander = with_codes.open_browser(with_codes.add_person("code"), "password", "code")
    person = with_codes.add_person("totp")
    sessions = requests.get(f"{with_codes.admin_url}/admin/identities/{person.id}/sessions", timeout=60)
    assert sessions.json() == []
    assert whoami_of(with_codes, bystander).status_code == 200


def test_recovery_codes_are_used_up(strict: KratosServer) -> None:
    person = strict.add_person("lookup_secret")
    assert len(person.factors["lookup_secret"]) == 12
    strict.open_browser(person, "password", "lookup_secret", "lookup_secret")
    assert len(person.factors["lookup_secret"]) == 10


@pytest.mark.parametrize("factor", FACTORS)
def test_proofs_given_once_more(with_codes: KratosServer, factor: str) -> None:
    browser = with_codes.open_browser(with_codes.add_person(factor), "password", factor)
    session = whoami_of(with_codes, browser).json()["id"]
    browser.prove(factor, refresh=True)
    browser.prove("password", refresh=True)
    answer = whoami_of(with_codes, browser)
    assert proofs(answer) == ["password", factor, factor, "password"]
    assert answer.json()["id"] == session


@pytest.mark.parametrize("method", ["totp", "lookup_secret"])
def test_enrolment_lifts_the_session(strict: KratosServer, method: str) -> None:
    person = strict.add_person()
    browser = strict.open_browser(person, "password")
    browser.enrol(method)
    assert whoami_of(strict, browser).json()["authenticator_assurance_level"] == "aal2"
    assert whoami_of(strict, strict.open_browser(person, "password", method)).status_code == 200


def test_a_factor_that_is_there_cannot_be_enrolled_again(strict: KratosServer) -> None:
    browser = strict.open_browser(strict.add_person("totp"), "password", "totp")
    with pytest.raises(RuntimeError, match="shows no totp_secret_key"):
        browser.enrol("totp")


@pytest.mark.parametrize("factor", FACTORS)
def test_session_token(with_codes: KratosServer, factor: str) -> None:
    person = with_codes.add_person(factor)
    token = with_codes.session_token(person, "password")
    assert whoami(with_codes, **{"X-Session-Token": token}).status_code == 403
    token = with_codes.session_token(person, "password", factor)
    assert proofs(whoami(with_codes, **{"X-Session-Token": token})) == ["password", factor]


def test_modes_of_a_running_server(kratos: KratosServer) -> None:
    kratos.configure("strict")
    browser = kratos.open_browser(kratos.add_person("totp"), "password")
    for _ in range(5):
        kratos.configure("lax")
        assert whoami_of(kratos, browser).status_code == 200
        kratos.configure("strict")
        assert whoami_of(kratos, browser).status_code == 403


@pytest.mark.parametrize(
    ("mode", "required", "status"),
    [("strict", None, 403), ("strict", "aal1", 200), ("lax", None, 200), ("lax", "highest_available", 403)],
)
def test_level_that_the_settings_require(kratos: KratosServer, mode: Any, required: str | None, status: int) -> None:
    kratos.configure(mode, settings_required_aal=required)
    browser = kratos.open_browser(kratos.add_person("totp"), "password")
    answer = browser.get("/self-service/settings/browser", accept="application/json")
    assert answer.status_code == status


def test_code_is_no_factor_while_codes_are_off(strict: KratosServer) -> None:
    browser = strict.open_browser(strict.add_person("code"), "password")
    assert whoami_of(strict, browser).status_code == 200


def test_step_up_as_pages_and_back_to_the_app(strict: KratosServer) -> None:
    browser = strict.open_browser(strict.add_person("totp"), "password")
    target = "http://testserver/there/?a=1"
    step_up = f"{strict.public_url}/self-service/login/browser?{urlencode({'aal': 'aal2', 'return_to': target})}"
    page = browser.get(step_up)
    assert page.status_code == 303
    (flow_id,) = parse_qs(urlsplit(page.headers["Location"]).query)["flow"]
    flow = browser.fetch_flow(f"/self-service/login/flows?id={flow_id}")
    assert browser.complete(flow, "totp", accept=NAVIGATION).headers["Location"] == target


def test_logout(strict: KratosServer) -> None:
    browser = strict.open_browser(strict.add_person(), "password")
    cookie = "=".join(browser.session_cookie)
    url = browser.get("/self-service/logout/browser").json()["logout_url"]
    assert browser.follow_logout(url) == 303
    assert whoami(strict, Cookie=cookie).status_code == 401
    with pytest.raises(RuntimeError, match="no session cookie"):
        browser.session_cookie  # noqa: B018


def test_disabled_person(strict: KratosServer) -> None:
    person = strict.add_person("totp")
    browser = strict.open_browser(person, "password", "totp")
    strict.set_identity_state(person, "inactive")
    assert whoami_of(strict, browser).status_code == 401
    strict.set_identity_state(person, "active")
    assert whoami_of(strict, browser).status_code == 200
    strict.open_browser(person, "password", "totp")


def test_revoked_sessions(strict: KratosServer) -> None:
    person = strict.add_person()
    browsers = [strict.open_browser(person, "password") for _ in range(2)]
    strict.revoke_sessions(person)
    assert {whoami_of(strict, browser).status_code for browser in browsers} == {401}
    strict.revoke_sessions(person)


@pytest.mark.parametrize("factor", ["totp", "lookup_secret"])
def test_removed_factor(strict: KratosServer, factor: str) -> None:
    person = strict.add_person(factor)
    proven, waiting = strict.open_browser(person, "password", factor), strict.open_browser(person, "password")
    assert whoami_of(strict, waiting).status_code == 403
    strict.remove_factor(person, factor)
    assert person.factors == {}
    assert whoami_of(strict, proven).json()["authenticator_assurance_level"] == "aal2"
    assert whoami_of(strict, waiting).json()["authenticator_assurance_level"] == "aal1"


def test_unexpected_answers_are_quoted(strict: KratosServer) -> None:
    browser = strict.open_browser(strict.add_person("totp"), "password", "totp")
    with pytest.raises(RuntimeError, match=r"gave 400 instead of 200: .*session_already_available"):
        browser.prove("totp")
