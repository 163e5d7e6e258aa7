"""Sign-up, recovery and verification on the pages, as a browser would: on the emulator and on a real Kratos alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.contrib.test_ui_kratos import BACK, Visitor
from tests.servers.accounts import UI, KratosWithAccounts
from tests.servers.base import Person
from tests.servers.emulator import EmulatorServer
from tests.servers.kratos import JSON, NAVIGATION, Http, KratosServer, expect, nodes, wait_until
from tests.site import Site

SERVERS = [pytest.param("kratos", marks=pytest.mark.kratos), "v1.3.1", "2026-07-29"]
HOME = "http://127.0.0.1:8000/"
PASSWORD = "an unusual pass phrase 7"
ACCOUNTS = ("registration", "recovery", "verification")


@pytest.fixture(scope="module", params=SERVERS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KratosServer]:
    server: KratosServer
    if request.param == "kratos":
        binary = request.getfixturevalue("kratos_binary")
        server = KratosWithAccounts(binary, tmp_path_factory.mktemp("accounts"))
    else:
        server = EmulatorServer(request.param)
        server.ory.ui_url, server.ory.default_return_url = UI, HOME
    yield server
    server.close()


@pytest.fixture
def server(running: KratosServer, settings: Any) -> KratosServer:
    settings.ROOT_URLCONF = "tests.contrib.test_ui"
    settings.ORY_MFA_SDK_URL = running.public_url
    running.configure("strict")
    return running


@pytest.fixture
def visitor(site: Site, server: KratosServer) -> Visitor:
    return Visitor(site, server)


@pytest.fixture
def newest_code(server: KratosServer) -> Callable[..., str]:
    """The code of the newest mail to an address, which is not one of ``before``."""

    def newest(email: str, *before: str) -> str:
        person = Person("", email, "")

        def codes() -> list[str]:
            return [code for text in server.messages_to(person) for code in re.findall(r"\b\d{6}\b", text)[:1]]

        wait_until(lambda: set(codes()) > set(before), 20, lambda: f"no mail to {email}: {codes()}")
        return codes()[-1]

    return newest


def _sent(http: Http, flow: dict[str, Any], **content: Any) -> requests.Response:
    """The form of a flow, sent by a script."""
    secret = {"csrf_token": nodes(flow)["csrf_token"]["value"]}
    return http.request("POST", flow["ui"]["action"], headers={"Accept": JSON}, json=secret | content)


def new_address(server: KratosServer) -> str:
    """An address that nobody has."""
    return server.add_person().email.replace("@", "-2@")


def whoami(visitor: Visitor) -> requests.Response:
    """What Ory says of the visitor, to a script."""
    return visitor.http.get(f"{visitor.server.public_url}/sessions/whoami", headers={"Accept": JSON})


def sign_up(visitor: Visitor, email: str, password: str = PASSWORD) -> None:
    """Takes both steps of the sign-up."""
    visitor.open("registration", return_to=BACK)
    assert visitor.heading == "Create an account"
    visitor.send(visitor.page.form_with("traits.email"), "method", **{"traits.email": email, "traits.name": "Zoe"})
    visitor.send(visitor.page.form_with("password"), "method", password=password)


# Sign-up.


def test_whoever_signs_up_is_signed_in_and_back(visitor: Visitor, server: KratosServer) -> None:
    email = new_address(server)

    sign_up(visitor, email)

    assert visitor.at == BACK
    session = expect(whoami(visitor), 200).json()
    assert session["authenticator_assurance_level"] == "aal1"
    assert [proof["method"] for proof in session["authentication_methods"]] == ["password"]
    assert session["identity"]["traits"] == {"email": email, "name": "Zoe"}
    assert [address["verified"] for address in session["identity"]["verifiable_addresses"]] == [False]


def test_password_of_the_sign_up_signs_in(visitor: Visitor, server: KratosServer, mode: str) -> None:
    email = new_address(server)
    sign_up(visitor, email)

    another = Visitor(Site(mode), server)
    another.sign_in(Person("", email, PASSWORD))

    assert another.at == BACK


def test_weak_password_is_refused_and_can_be_put_right(visitor: Visitor, server: KratosServer) -> None:
    sign_up(visitor, new_address(server), "short")

    assert "The password must have at least 8 characters." in visitor.said
    visitor.send(visitor.page.form_with("password"), "method", password=PASSWORD)
    assert visitor.at == BACK


def test_address_can_be_corrected_before_the_password(visitor: Visitor, server: KratosServer) -> None:
    email = new_address(server)
    visitor.open("registration", return_to=BACK)
    visitor.send(visitor.page.form_with("traits.email"), "method", **{"traits.email": f"wrong{email}"})

    visitor.send(visitor.page.form_with("screen"), "screen")

    form = visitor.page.form_with("traits.email")
    assert form.inputs["traits.email"]["value"] == f"wrong{email}"
    visitor.send(form, "method", **{"traits.email": email})
    visitor.send(visitor.page.form_with("password"), "method", password=PASSWORD)
    assert visitor.at == BACK
    assert whoami(visitor).json()["identity"]["traits"] == {"email": email}


def test_address_of_somebody_else_is_refused(visitor: Visitor, server: KratosServer) -> None:
    sign_up(visitor, server.add_person().email)

    assert any("exists already" in text or "already an account" in text for text in visitor.said), visitor.said
    assert whoami(visitor).status_code == 401


def test_nobody_signs_up_who_is_signed_in(visitor: Visitor, server: KratosServer) -> None:
    visitor.sign_in(server.add_person())

    visitor.open("registration", return_to=BACK)

    assert visitor.at == BACK


def test_sign_up_mails_a_code_that_verifies_the_address(
    visitor: Visitor, server: KratosServer, newest_code: Callable[..., str]
) -> None:
    http, email = Http(), new_address(server)
    flow = http.get(f"{server.public_url}/self-service/registration/browser", headers={"Accept": JSON}).json()

    body = expect(_sent(http, flow, method="password", password=PASSWORD, traits={"email": email}), 200).json()

    (to_verify,) = (one["flow"] for one in body["continue_with"] if one["action"] == "show_verification_ui")
    assert to_verify["verifiable_address"] == email
    url = f"{server.public_url}/self-service/verification/flows?id={to_verify['id']}"
    verification = expect(http.get(url, headers={"Accept": JSON}), 200).json()
    answer = _sent(http, verification, method="code", code=newest_code(email))
    assert expect(answer, 200).json()["state"] == "passed_challenge"


def test_native_client_signs_up(server: KratosServer) -> None:
    http, email = Http(), new_address(server)
    flow = http.get(f"{server.public_url}/self-service/registration/api", headers={"Accept": JSON}).json()

    body = {"method": "password", "password": PASSWORD, "traits": {"email": email}}
    made = expect(http.request("POST", flow["ui"]["action"], headers={"Accept": JSON}, json=body), 200).json()

    token = made["session_token"]
    assert [one["action"] for one in made["continue_with"]] == ["show_verification_ui", "set_ory_session_token"]
    assert made["continue_with"][1]["ory_session_token"] == token
    asked = http.get(f"{server.public_url}/sessions/whoami", headers={"X-Session-Token": token})
    assert expect(asked, 200).json()["identity"]["id"] == made["identity"]["id"]
    again = expect(
        http.get(f"{server.public_url}/self-service/registration/api", headers={"X-Session-Token": token}), 400
    ).json()
    assert again["error"]["id"] == "session_already_available"


# Recovery.


def test_recovery_by_code_ends_in_a_new_password(
    visitor: Visitor, server: KratosServer, mode: str, newest_code: Callable[..., str]
) -> None:
    person = server.add_person()
    visitor.open("recovery", return_to=BACK)
    assert visitor.heading == "Recover your account"
    visitor.send(visitor.page.form_with("email"), "method", email=person.email)
    visitor.send(visitor.page.form_with("code"), "method", code="000000")
    assert visitor.said[:2] == [
        f"Code for {person.email}",
        "That code is wrong or too old. Use the newest code that we sent you.",
    ]
    visitor.send(visitor.page.form_with("code"), "method", code=newest_code(person.email))

    assert visitor.heading == "Choose a new password"
    session = expect(whoami(visitor), 200).json()
    assert [proof["method"] for proof in session["authentication_methods"]] == ["code_recovery"]
    # A password that is refused changes nothing about what the page is for.
    visitor.send(visitor.page.form_with("password"), "method", password="short")
    assert visitor.heading == "Choose a new password"
    visitor.send(visitor.page.form_with("password"), "method", password=PASSWORD)
    assert visitor.at == BACK
    another = Visitor(Site(mode), server)
    another.sign_in(person, PASSWORD)
    assert another.at == BACK


def test_code_of_a_recovery_can_be_sent_again(
    visitor: Visitor, server: KratosServer, newest_code: Callable[..., str]
) -> None:
    email = server.add_person().email
    visitor.open("recovery")
    visitor.send(visitor.page.form_with("email"), "method", email=email)
    first = newest_code(email)

    visitor.send(visitor.page.form_with("code"), "email")

    visitor.send(visitor.page.form_with("code"), "method", code=newest_code(email, first))
    assert visitor.heading == "Choose a new password"


def test_recovery_with_an_authenticator_app_asks_for_it(
    visitor: Visitor, server: KratosServer, newest_code: Callable[..., str]
) -> None:
    person = server.add_person("totp")
    visitor.open("recovery")
    visitor.send(visitor.page.form_with("email"), "method", email=person.email)
    target = visitor.page.form_with("code")

    answer = visitor._ask("POST", target.action, data=target.data("method", code=newest_code(person.email)))

    assert urlsplit(answer.headers["Location"]).path == urlsplit(f"{UI}/settings").path
    refused = expect(whoami(visitor), 403).json()
    assert refused["error"]["id"] == "session_aal2_required"


@pytest.mark.parametrize("kind", ["recovery", "verification"])
def test_nobody_learns_who_has_an_account(visitor: Visitor, server: KratosServer, kind: str) -> None:
    said = []
    for email in (server.add_person().email, new_address(server)):
        visitor.open(kind)
        visitor.send(visitor.page.form_with("email"), "method", email=email)
        said.append([text.replace(email, "…") for text in visitor.said])

    assert said[0] == said[1]
    assert server.messages_to(Person("", email, "")) == []
    visitor.send(visitor.page.form_with("code"), "method", code="000000")
    assert visitor.page.form_with("code")


def test_nobody_recovers_who_is_signed_in(visitor: Visitor, server: KratosServer) -> None:
    visitor.sign_in(server.add_person())

    answer = visitor._ask("GET", f"{server.public_url}/self-service/recovery/browser")

    assert (answer.status_code, answer.headers["Location"]) == (302, HOME)


# Verification.


def test_address_is_verified_by_a_code(visitor: Visitor, server: KratosServer, newest_code: Callable[..., str]) -> None:
    email = new_address(server)
    sign_up(visitor, email)
    before = newest_code(email)
    visitor.open("verification", return_to=BACK)
    assert visitor.heading == "Verify your e\u2011mail address"
    visitor.send(visitor.page.form_with("email"), "method", email=email)
    visitor.send(visitor.page.form_with("code"), "method", code="000000")

    visitor.send(visitor.page.form_with("code"), "method", code=newest_code(email, before))

    assert visitor.heading == "E\u2011mail verified"
    assert "Your e\u2011mail address is verified." not in visitor.said
    assert visitor.page.all("a", **{"class": "ory-mfa-button"})[0]["href"] == BACK
    (address,) = whoami(visitor).json()["identity"]["verifiable_addresses"]
    assert (address["value"], address["verified"]) == (email, True)


# What Ory answers, the same on each server.


@pytest.mark.parametrize("kind", ACCOUNTS)
@pytest.mark.parametrize("accept", [JSON, NAVIGATION], ids=["script", "browser"])
def test_page_that_nobody_may_be_sent_to_is_refused(server: KratosServer, kind: str, accept: str) -> None:
    url = f"{server.public_url}/self-service/{kind}/browser?return_to=http://evil.test/"

    answer = Http().get(url, headers={"Accept": accept})

    if accept == JSON or kind == "verification":
        assert expect(answer, 400).json()["error"]["id"] == "self_service_flow_return_to_forbidden"
    else:
        assert expect(answer, 303).headers["Location"].startswith(f"{UI}/error?id=")


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_flow_is_for_the_browser_that_began_it(server: KratosServer, kind: str) -> None:
    base = f"{server.public_url}/self-service/{kind}"
    flow = Http().get(f"{base}/browser", headers={"Accept": JSON}).json()

    refused = expect(Http().get(f"{base}/flows?id={flow['id']}", headers={"Accept": JSON}), 403).json()

    assert refused["error"]["id"] == "security_csrf_violation"


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_unknown_flow_is_not_found(server: KratosServer, kind: str) -> None:
    url = f"{server.public_url}/self-service/{kind}/flows?id=00000000-0000-4000-8000-000000000000"

    assert Http().get(url, headers={"Accept": JSON}).status_code == 404


STEPS: dict[str, list[dict[str, Any]]] = {
    "registration": [
        {"method": "profile", "traits": {"email": ""}},
        {"method": "profile", "traits": {"email": "nonsense"}},
        {"method": "nonsense", "traits": {"email": "one@example.test"}},
        {"method": "profile", "traits": {"email": "one@example.test", "name": "One"}},
        {"method": "password", "password": "", "traits": {"email": "one@example.test", "name": "One"}},
        {"method": "password", "password": "short", "traits": {"email": "one@example.test", "name": "One"}},
        {"screen": "previous", "traits": {"email": "one@example.test", "name": "One"}},
        {"screen": "credential-selection", "traits": {"email": "one@example.test", "name": "One"}},
    ],
    "recovery": [
        {"method": "code", "email": ""},
        {"method": "code", "email": "nonsense"},
        {"method": "code", "email": "nobody@example.test"},
        {"method": "code", "code": "000000"},
        {"method": "code", "email": "nobody@example.test"},
    ],
    "verification": [
        {"method": "code", "email": ""},
        {"method": "code", "email": "nobody@example.test"},
        {"method": "code", "code": "000000"},
        {"method": "code", "email": "nobody@example.test"},
    ],
}


def shape(status: int, flow: dict[str, Any]) -> dict[str, Any]:
    """An answer without what is random and what says which server it is."""
    ui = flow["ui"]
    listed = [
        {
            "type": one["type"],
            "group": one["group"],
            "attributes": _without_token(one["attributes"]),
            "messages": one["messages"],
            "label": (one["meta"].get("label") or {}).get("id"),
        }
        for one in sorted(ui["nodes"], key=_hidden_last)
    ]
    kept = {key: value for key, value in flow.items() if key in ("type", "active", "state", "return_to")}
    messages = [(said["id"], said["text"], said["type"]) for said in ui.get("messages", [])]
    return {"status": status, "messages": messages, "nodes": listed, **kept}


def _hidden_last(node: dict[str, Any]) -> tuple[bool, str]:
    """Kratos puts what was typed into hidden fields, each time in another order; what people see keeps its order."""
    hidden = node["attributes"].get("type") == "hidden"
    return hidden, node["attributes"]["name"] if hidden else ""


def _without_token(attributes: dict[str, Any]) -> dict[str, Any]:
    return attributes | ({"value": "…"} if attributes.get("name") == "csrf_token" else {})


def walked(server: KratosServer, kind: str) -> list[dict[str, Any]]:
    """What the steps of ``kind`` are answered with."""
    http, url = Http(), f"{server.public_url}/self-service/{kind}/browser?return_to={BACK.partition('?')[0]}"
    answer = http.get(url, headers={"Accept": JSON})
    flow, found = answer.json(), [shape(answer.status_code, answer.json())]
    for step in STEPS[kind]:
        answer = _sent(http, flow, **step)
        found.append(shape(answer.status_code, answer.json()))
    return found


@pytest.mark.kratos
@pytest.mark.parametrize("kind", ACCOUNTS)
def test_emulator_answers_as_kratos_does(
    kind: str, kratos_binary: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    real, emulated = KratosWithAccounts(kratos_binary, tmp_path_factory.mktemp("kratos")), EmulatorServer("v1.3.1")
    try:
        for expected, found in zip(walked(real, kind), walked(emulated, kind), strict=True):
            assert found == expected
    finally:
        emulated.close()
        real.close()


@pytest.mark.parametrize("kind", ["recovery", "verification"])
def test_sixth_code_of_a_flow_is_not_looked_at(
    server: KratosServer, newest_code: Callable[..., str], kind: str
) -> None:
    http, email = Http(), server.add_person().email
    flow = http.get(f"{server.public_url}/self-service/{kind}/browser", headers={"Accept": JSON}).json()
    flow = expect(_sent(http, flow, method="code", email=email), 200).json()
    code = newest_code(email)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(5):
        flow = expect(_sent(http, flow, method="code", code=wrong), 200).json()

    form = {"csrf_token": nodes(flow)["csrf_token"]["value"], "method": "code", "code": code}
    sent = http.request("POST", flow["ui"]["action"], headers={"Accept": NAVIGATION}, data=form)

    page = urlsplit(expect(sent, 303).headers["Location"])
    assert f"{UI}/{kind}".endswith(page.path)
    new_id = page.query.removeprefix("flow=")
    url = f"{server.public_url}/self-service/{kind}/flows?id={new_id}"
    new = expect(http.get(url, headers={"Accept": JSON}), 200).json()
    (said,) = new["ui"]["messages"]
    assert (said["id"], said["text"]) == (
        4000001,
        "The request was submitted too often. Please request another code.",
    )
    assert new["state"] == "choose_method"
