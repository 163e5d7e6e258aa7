"""Security keys and passkeys: a real Kratos and the emulator are asked the same, and answer the same."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import uuid
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import requests
from fido2.cbor import decode

from tests.authenticator import FLAGS, Authenticator
from tests.browser.accounts import EmulatorOfAccounts, KratosOfAccounts
from tests.servers.base import Person
from tests.servers.kratos import JSON, NAVIGATION, KratosBrowser, KratosServer, nodes, totp_code

SITE = "http://localhost:8000"
SIGN_UP, SIGN_IN = "/self-service/registration/browser", "/self-service/login/browser"
SETTINGS, STEP_UP = "/self-service/settings/browser", f"{SIGN_IN}?aal=aal2"
REFRESH, REFRESH_2 = f"{SIGN_IN}?refresh=true", f"{STEP_UP}&refresh=true"
NO_ANSWERS = ["{}", "nonsense", "[]", "null", '"text"', '{"id": 1}', '{"rawId": "AA", "response": {}}', '{"id": "ä"}']


@pytest.fixture(scope="module")
def kratos(kratos_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KratosServer]:
    with contextlib.closing(KratosOfAccounts(kratos_binary, tmp_path_factory.mktemp("keys"), SITE)) as server:
        yield server


@pytest.fixture(scope="module")
def older() -> Iterator[EmulatorOfAccounts]:
    with contextlib.closing(start_emulator("v1.3.1")) as server:
        yield server


@pytest.fixture(scope="module")
def newer() -> Iterator[EmulatorOfAccounts]:
    with contextlib.closing(start_emulator("2026-07-29")) as server:
        yield server


@pytest.fixture(params=[pytest.param("kratos", marks=pytest.mark.kratos), "older", "newer"])
def server(request: pytest.FixtureRequest) -> KratosServer:
    found: KratosServer = request.getfixturevalue(request.param)
    return found


def start_emulator(version: str) -> EmulatorOfAccounts:
    return EmulatorOfAccounts(SITE, ui_url=f"{SITE}/ory-ui", version=version)


class Visitor:
    """Somebody with a browser and an authenticator."""

    def __init__(self, server: KratosServer, authenticator: Authenticator | None = None) -> None:
        self.person = Person("", f"{secrets.token_hex(6)}@example.test", secrets.token_urlsafe(16))
        self.browser = KratosBrowser(server, self.person)
        self.authenticator = authenticator or Authenticator(SITE)
        self.whoami_url = f"{server.public_url}/sessions/whoami"
        self.flow: dict[str, Any] = {}

    def begin(self, path: str) -> dict[str, Any]:
        self.flow = self.browser.fetch_flow(path)
        return self.flow

    def send(self, accept: str = JSON, **fields: Any) -> Result:
        """Sends the form; the flow in the answer, if there is one, takes its place."""
        result = Result(self.browser.submit(self.flow, accept=accept, **fields))
        self.flow = result.body if "ui" in result.body else self.flow
        return result

    def asked(self, name: str) -> dict[str, Any]:
        """What the form asks the authenticator to do."""
        value = json.loads(nodes(self.flow)[name]["value"])
        options: dict[str, Any] = value.get("credentialOptions", value)
        return options

    @property
    def proofs(self) -> list[tuple[str, str]]:
        methods = self.browser.http.get(self.whoami_url).json()["authentication_methods"]
        return [(each["method"], each["aal"]) for each in methods]

    # Whole flows

    def sign_up(self) -> None:
        self.begin(SIGN_UP)
        self.send(method="profile", **self.email)
        assert self.send(method="password", password=self.person.password, **self.email).status == 200

    def sign_up_with_passkey(self) -> None:
        self.begin(SIGN_UP)
        assert self.send(method="profile", **self.email).status == 400
        assert self.send(passkey_register=self.made_passkey(), **self.email).status == 200

    def add_passkey(self) -> Result:
        self.begin(SETTINGS)
        return self.send(passkey_settings_register=self.made_passkey())

    def add_key(self, name: str = "Blue") -> Result:
        self.begin(SETTINGS)
        return self.send(webauthn_register=self.made_key(), webauthn_register_displayname=name)

    def made_passkey(self) -> str:
        return self.authenticator.create(self.asked("passkey_create_data"))

    def made_key(self) -> str:
        return self.authenticator.create(self.asked("webauthn_register_trigger"))

    def with_key(self) -> dict[str, str]:
        answer = self.authenticator.get(self.asked("webauthn_login_trigger"))
        return {"identifier": self.person.email, "webauthn_login": answer}

    def with_passkey(self) -> dict[str, str]:
        return {"passkey_login": self.authenticator.get(self.asked("passkey_challenge"))}

    @property
    def email(self) -> dict[str, str]:
        return {"traits.email": self.person.email}

    def removal(self, kind: str) -> dict[str, Any]:
        return nodes(self.flow)[f"{kind}_remove"]


class Result:
    """What is worth comparing of an answer."""

    def __init__(self, response: requests.Response) -> None:
        self.status = response.status_code
        self.location = response.headers.get("Location", "")
        self.body: dict[str, Any] = response.json() if response.content else {}

    @property
    def messages(self) -> list[int]:
        return [message["id"] for message in self.body["ui"].get("messages", [])]

    @property
    def beside(self) -> dict[str, int]:
        return {
            node["attributes"]["name"]: message["id"]
            for node in self.body["ui"]["nodes"]
            for message in node["messages"]
        }

    @property
    def reason(self) -> str:
        reason: str = self.body["error"]["reason"]
        return reason


def of_another_site(visitor: Visitor) -> Authenticator:
    """The same keys on a page that is not Ory's."""
    return Authenticator("http://evil.test", held=visitor.authenticator.held)


@pytest.fixture
def visitor(server: KratosServer) -> Visitor:
    return Visitor(server)


# What is asked.


def shape(flow: dict[str, Any]) -> list[object]:
    """A form without what is different every time; within a group, the order of Kratos is not always the same."""
    groups = [group for group, _ in groupby(node["group"] for node in flow["ui"]["nodes"])]
    said = [message["text"] for message in flow["ui"].get("messages", [])]
    return [groups, sorted(map(shape_of_node, flow["ui"]["nodes"])), said]


def shape_of_node(node: dict[str, Any]) -> list[Any]:
    attributes, label = node["attributes"], node["meta"].get("label", {})
    return [
        node["group"],
        node["type"],
        attributes.get("name") or attributes["id"],
        str(attributes.get("type")),
        sorted(attributes),
        str(attributes.get("disabled")),
        label.get("id", 0),
        label.get("text", ""),
        sorted(label.get("context", {})),
        [message["text"] for message in node["messages"]],
    ]


def every_form(visitor: Visitor) -> Iterator[dict[str, Any]]:
    """The forms of a long life, in their order."""
    yield visitor.begin(SIGN_IN)
    yield visitor.begin(SIGN_UP)
    visitor.send(method="profile", **visitor.email)
    yield visitor.flow
    yield visitor.send(passkey_register="{}", **visitor.email).body
    visitor.sign_up_with_passkey()
    yield visitor.begin(SETTINGS)
    yield visitor.send(passkey_remove=visitor.removal("passkey")["value"]).body
    yield visitor.begin(REFRESH)
    yield visitor.add_key().body
    yield visitor.begin(SETTINGS)
    yield visitor.begin(REFRESH_2)
    yield visitor.send(identifier=visitor.person.email, webauthn_login="{}").body
    yield visitor.begin(REFRESH)
    visitor.begin(SETTINGS)
    secret = nodes(visitor.flow)["totp_secret_key"]["text"]["context"]["secret"]
    yield visitor.send(method="totp", totp_code=totp_code(secret)).body
    visitor.send(method="lookup_secret", lookup_secret_regenerate=True)
    visitor.send(method="lookup_secret", lookup_secret_confirm=True)
    yield visitor.begin(REFRESH_2)
    visitor.begin(SETTINGS)
    yield visitor.send(method="password", password=visitor.person.password).body
    yield visitor.begin(REFRESH)
    yield visitor.begin("/self-service/login/api?refresh=true")


@pytest.mark.kratos
def test_forms_are_those_of_kratos(kratos: KratosServer, older: EmulatorOfAccounts) -> None:
    walks = zip(every_form(Visitor(kratos)), every_form(Visitor(older)), strict=True)
    for number, (theirs, ours) in enumerate(walks):
        assert shape(ours) == shape(theirs), f"form {number} of {theirs['request_url']}"


def test_authenticators_are_asked_for_what_kratos_asks_for(visitor: Visitor) -> None:
    visitor.begin(SIGN_UP)
    visitor.send(method="profile", **visitor.email)
    sign_up = visitor.asked("passkey_create_data")["publicKey"]
    visitor.sign_up_with_passkey()
    visitor.add_key()
    passkey, key = (visitor.asked(name)["publicKey"] for name in ("passkey_create_data", "webauthn_register_trigger"))
    visitor.begin(REFRESH_2)
    login = visitor.asked("webauthn_login_trigger")["publicKey"]
    visitor.begin(REFRESH)
    again = visitor.asked("passkey_challenge")["publicKey"]

    wanted = {
        "authenticatorAttachment": "platform",
        "requireResidentKey": True,
        "residentKey": "required",
        "userVerification": "preferred",
    }
    assert [asked["rp"]["id"] for asked in (sign_up, passkey, key)] == ["localhost"] * 3
    assert [asked["authenticatorSelection"] for asked in (sign_up, passkey)] == [wanted] * 2
    assert key["authenticatorSelection"]["userVerification"] == "discouraged"
    # What is not said means the same.
    assert key["authenticatorSelection"].get("residentKey", "discouraged") == "discouraged"
    assert (passkey["user"]["name"], passkey["user"]["displayName"]) == (visitor.person.email,) * 2
    assert sign_up["user"]["name"] == key["user"]["name"] != visitor.person.email
    assert {"type": "public-key", "alg": -7} in passkey["pubKeyCredParams"]
    assert (login["rpId"], login["userVerification"], len(login["allowCredentials"])) == ("localhost", "discouraged", 1)
    assert (again["rpId"], again["userVerification"], len(again["allowCredentials"])) == ("localhost", "preferred", 1)


def test_script_is_the_one_whose_hash_the_form_states(visitor: Visitor) -> None:
    visitor.begin(SIGN_IN)
    (node,) = [node["attributes"] for node in visitor.flow["ui"]["nodes"] if node["type"] == "script"]

    response = visitor.browser.get(node["src"])

    assert response.headers["Content-Type"] == "text/javascript; charset=UTF-8"
    digest = base64.b64encode(hashlib.sha512(response.content).digest()).decode()
    assert node["integrity"] == f"sha512-{digest}"
    for function in ("oryWebAuthnLogin", "oryWebAuthnRegistration", "oryPasskeyLogin", "oryPasskeyRegistration"):
        assert f"window.{function} = " in response.text


# What right answers do.


def test_sign_up_with_a_passkey_is_aal1(visitor: Visitor) -> None:
    visitor.sign_up_with_passkey()

    assert visitor.proofs == [("passkey", "aal1")]


def test_passkey_signs_in_and_refreshes(server: KratosServer, visitor: Visitor) -> None:
    visitor.sign_up_with_passkey()
    other = Visitor(server, visitor.authenticator)
    other.begin(SIGN_IN)

    assert other.send(**other.with_passkey()).status == 200

    assert other.proofs == [("passkey", "aal1")]
    other.begin(REFRESH)
    assert other.send(**other.with_passkey()).status == 200
    assert other.proofs == [("passkey", "aal1")] * 2


def test_passkey_is_added_and_removed(visitor: Visitor) -> None:
    visitor.sign_up()

    assert visitor.add_passkey().messages == [1050001]

    assert visitor.proofs == [("password", "aal1"), ("passkey", "aal1")]
    assert not visitor.removal("passkey")["disabled"]
    assert visitor.send(passkey_remove=visitor.removal("passkey")["value"]).messages == [1050001]
    assert "passkey_remove" not in nodes(visitor.flow)


def test_security_key_is_a_second_factor_until_it_is_removed(server: KratosServer, visitor: Visitor) -> None:
    visitor.sign_up_with_passkey()
    passkey = list(visitor.authenticator.held)

    assert visitor.add_key().messages == [1050001]

    assert visitor.proofs == [("passkey", "aal1"), ("webauthn", "aal2")]
    other = Visitor(server, Authenticator(SITE, held={each: visitor.authenticator.held[each] for each in passkey}))
    other.begin(SIGN_IN)
    due = other.send(**other.with_passkey())
    assert (due.status, due.body["redirect_browser_to"].partition("?")[2]) == (422, "aal=aal2")
    other.authenticator, other.person = visitor.authenticator, visitor.person
    other.begin(STEP_UP)
    assert other.send(**other.with_key()).status == 200
    assert other.proofs == [("passkey", "aal1"), ("webauthn", "aal2")]
    other.begin(SETTINGS)
    assert 'Remove security key "Blue"' in json.dumps(other.flow["ui"]["nodes"]).replace("\\", "")
    assert other.send(webauthn_remove=other.removal("webauthn")["value"]).messages == [1050001]
    assert other.proofs == [("passkey", "aal1"), ("webauthn", "aal2")]
    third = Visitor(server, other.authenticator)
    third.authenticator.held = {each: visitor.authenticator.held[each] for each in passkey}
    third.begin(SIGN_IN)
    assert third.send(**third.with_passkey()).status == 200


def test_one_of_two_security_keys_stays(visitor: Visitor) -> None:
    visitor.sign_up()
    visitor.add_key("First")
    first = visitor.removal("webauthn")["value"]
    visitor.add_key("Second")

    assert visitor.send(webauthn_remove=first).messages == [1050001]

    assert visitor.removal("webauthn")["value"] == list(visitor.authenticator.held)[-1].hex()
    visitor.begin(REFRESH_2)
    assert visitor.send(**visitor.with_key()).status == 200


def test_browser_is_sent_on_after_a_right_answer(visitor: Visitor) -> None:
    visitor.sign_up()
    visitor.add_key()
    visitor.begin(f"{REFRESH_2}&return_to={SITE}/there")
    answer = visitor.with_key()

    proved = visitor.send(NAVIGATION, **answer)

    assert (proved.status, proved.location) == (303, f"{SITE}/there")
    again = visitor.send(**answer)
    assert (again.status, "Expected WebAuthN in internal context" in again.reason) == (500, True)


# What wrong answers do.


def test_what_is_no_answer_is_said_to_be_unreadable(visitor: Visitor) -> None:
    visitor.begin(SIGN_UP)
    visitor.send(method="profile", **visitor.email)
    for nonsense in NO_ANSWERS:
        assert visitor.send(passkey_register=nonsense, **visitor.email).messages == [4000001]
    visitor.begin(SIGN_IN)
    for nonsense in NO_ANSWERS:
        assert visitor.send(passkey_login=nonsense).messages == [4000001]
    visitor.sign_up()
    visitor.begin(SETTINGS)
    for nonsense in NO_ANSWERS:
        assert visitor.send(passkey_settings_register=nonsense).messages == [4000001]
        named = {"webauthn_register": nonsense, "webauthn_register_displayname": "Blue"}
        assert visitor.send(**named).messages == [4000001]
    visitor.add_key()
    visitor.begin(REFRESH_2)
    for nonsense in NO_ANSWERS:
        assert visitor.send(identifier=visitor.person.email, webauthn_login=nonsense).messages == [4000001]


def test_key_made_for_another_site_is_refused(visitor: Visitor) -> None:
    evil = of_another_site(visitor)
    visitor.begin(SIGN_UP)
    visitor.send(method="profile", **visitor.email)
    made = evil.create(visitor.asked("passkey_create_data"))
    refused = visitor.send(passkey_register=made, **visitor.email)
    assert (refused.status, "Unable to create WebAuthn credential: " in refused.reason) == (500, True)
    assert visitor.send(NAVIGATION, passkey_register=made, **visitor.email).location.startswith(
        f"{SITE}/ory-ui/error?id="
    )
    visitor.sign_up()
    visitor.begin(SETTINGS)
    made = evil.create(visitor.asked("passkey_create_data"))
    assert visitor.send(passkey_settings_register=made).status == 500
    assert visitor.send(NAVIGATION, passkey_settings_register=made).location.startswith(f"{SITE}/ory-ui/error?id=")
    made = evil.create(visitor.asked("webauthn_register_trigger"))
    assert visitor.send(webauthn_register=made, webauthn_register_displayname="Blue").status == 500
    assert not [name for name in nodes(visitor.begin(SETTINGS)) if name.endswith("_remove")]


def test_answer_without_anybody_present_is_refused(visitor: Visitor) -> None:
    visitor.authenticator.flags = FLAGS(0)
    visitor.sign_up()

    assert visitor.add_key().status == 500
    assert visitor.add_passkey().status == 500


def test_answer_for_another_site_proves_nothing(server: KratosServer, visitor: Visitor) -> None:
    visitor.sign_up_with_passkey()
    evil = Visitor(server, of_another_site(visitor))
    evil.begin(SIGN_IN)
    assert evil.send(**evil.with_passkey()).messages == [4000008]
    assert evil.browser.http.get(evil.whoami_url).status_code == 401
    visitor.add_key()
    visitor.authenticator = of_another_site(visitor)
    visitor.begin(REFRESH_2)
    assert visitor.send(**visitor.with_key()).messages == [4000008]


def test_key_of_somebody_else_proves_nothing(server: KratosServer, visitor: Visitor) -> None:
    visitor.sign_up()
    visitor.add_key()
    other = Visitor(server)
    other.sign_up()
    other.add_key()
    visitor.authenticator = other.authenticator
    visitor.begin(REFRESH_2)

    assert visitor.send(**visitor.with_key()).messages == [4000008]
    back = visitor.send(NAVIGATION, **visitor.with_key())
    assert (back.status, "/ory-ui/login?flow=" in back.location) == (303, True)


def test_answer_to_an_earlier_question_proves_nothing(visitor: Visitor) -> None:
    visitor.sign_up()
    visitor.add_key()
    visitor.begin(REFRESH_2)
    earlier = visitor.with_key()
    visitor.begin(REFRESH_2)

    assert visitor.send(**earlier).messages == [4000008]


def test_passkey_that_nobody_has_is_unknown(visitor: Visitor) -> None:
    visitor.begin(SIGN_UP)
    visitor.send(method="profile", **visitor.email)
    visitor.made_passkey()
    visitor.begin(SIGN_IN)

    assert visitor.send(**visitor.with_passkey()).messages == [4000015]


def test_address_that_is_taken_gets_no_passkey(server: KratosServer, visitor: Visitor) -> None:
    visitor.sign_up()
    other = Visitor(server)
    other.person = visitor.person
    other.begin(SIGN_UP)
    other.send(method="profile", **other.email)
    answer = other.made_passkey()

    assert other.send(passkey_register=answer, **other.email).messages == [4000007]
    assert other.send(passkey_register=answer, **{"traits.email": "nonsense"}).beside == {"traits.email": 4000001}
    other.person = Visitor(server).person
    assert other.send(passkey_register=answer, **other.email).status == 200


def test_passkey_before_it_was_asked_for_is_refused(visitor: Visitor) -> None:
    visitor.begin(SIGN_UP)
    visitor.send(method="profile", **visitor.email)
    answer = visitor.made_passkey()
    visitor.begin(SIGN_UP)

    assert visitor.send(passkey_register=answer, **visitor.email).status == 500


def test_last_way_to_sign_in_is_not_removed(visitor: Visitor) -> None:
    visitor.sign_up_with_passkey()
    visitor.begin(SETTINGS)
    assert visitor.removal("passkey")["disabled"]

    for _ in range(2):
        refused = visitor.send(passkey_remove=nodes(visitor.begin(SETTINGS))["passkey_remove"]["value"])
        assert (refused.status, refused.beside) == (400, {"webauthn_remove": 4000001})
    assert visitor.send(passkey_remove=visitor.removal("passkey")["value"]).beside == {"webauthn_remove": 4000001}


def test_key_that_is_not_there_is_not_removed(visitor: Visitor) -> None:
    visitor.sign_up()
    visitor.begin(SETTINGS)
    texts = []
    for name in ("passkey_remove", "webauthn_remove"):
        texts += [message["text"] for message in visitor.send(**{name: "00"}).body["ui"]["messages"]]
    visitor.add_passkey()
    texts += [message["text"] for message in visitor.send(passkey_remove="00").body["ui"]["messages"]]

    assert texts == [
        "You tried to remove a WebAuthn but you have no WebAuthn set up.",
        "You tried to remove a WebAuthn credential which does not exist.",
        "You tried to remove a passkey which does not exist.",
    ]


def test_security_key_needs_a_name(visitor: Visitor) -> None:
    visitor.sign_up()

    assert visitor.add_key("").beside == {"webauthn_register_displayname": 4000002}


def test_security_key_needs_an_identifier(visitor: Visitor) -> None:
    visitor.sign_up()
    visitor.add_key()
    visitor.begin(REFRESH_2)

    assert visitor.send(webauthn_login=visitor.with_key()["webauthn_login"]).beside == {"identifier": 4000002}


@pytest.mark.parametrize("method", ["webauthn", "passkey"])
def test_method_without_an_answer_changes_nothing(visitor: Visitor, method: str) -> None:
    visitor.sign_up()
    visitor.begin(SETTINGS)

    assert visitor.send(method=method).messages == [4010004]


@pytest.mark.parametrize("answer", ["passkey_login", "webauthn_login"])
def test_native_client_has_neither(visitor: Visitor, answer: str) -> None:
    flow = visitor.begin("/self-service/login/api")
    assert {node["group"] for node in flow["ui"]["nodes"]} == {"default", "password"}

    assert visitor.send(**{answer: "{}", "identifier": "a@example.test"}).messages == [4010002]


# What administrators see and do.


def of_admin(server: KratosServer, visitor: Visitor, method: str, path: str = "") -> Result:
    session = visitor.browser.http.get(visitor.whoami_url).json()
    visitor.person.id = session["identity"]["id"]
    url = f"{server.admin_url}/admin/identities/{visitor.person.id}{path}"
    return Result(visitor.browser.http.request(method, url))


def test_administrator_sees_the_keys(server: KratosServer, visitor: Visitor) -> None:
    visitor.sign_up_with_passkey()
    visitor.add_key()
    passkey, key = visitor.authenticator.held

    query = "?include_credential=webauthn&include_credential=passkey"
    credentials = of_admin(server, visitor, "GET", query).body["credentials"]

    for kind, held, is_passwordless, name in (("passkey", passkey, True, ""), ("webauthn", key, False, "Blue")):
        (kept,) = credentials[kind]["config"]["credentials"]
        assert (base64.b64decode(kept["id"]), kept["display_name"]) == (held, name)
        assert kept["is_passwordless"] is is_passwordless
        public: Any = decode(base64.b64decode(kept["public_key"]))
        assert public[3] == -7
    handle = base64.b64decode(credentials["passkey"]["config"]["user_handle"])
    assert credentials["passkey"]["identifiers"] == [handle.decode()]
    assert credentials["webauthn"]["identifiers"] == [visitor.person.email]
    owner = base64.b64decode(credentials["webauthn"]["config"]["user_handle"])
    assert uuid.UUID(bytes=owner) == uuid.UUID(visitor.person.id)


def test_administrator_takes_security_keys_away_but_no_passkeys(server: KratosServer, visitor: Visitor) -> None:
    visitor.sign_up_with_passkey()
    visitor.add_key()

    statuses = [of_admin(server, visitor, "DELETE", f"/credentials/{kind}").status for kind in ("webauthn", "passkey")]

    assert statuses == [204, 400]
    visitor.begin(SETTINGS)
    assert "webauthn_remove" not in nodes(visitor.flow)
    assert visitor.removal("passkey")


def test_disabled_person_does_not_come_in_by_a_passkey(server: KratosServer, visitor: Visitor) -> None:
    visitor.sign_up_with_passkey()
    of_admin(server, visitor, "GET")
    server.set_identity_state(visitor.person, "inactive")
    visitor.begin(SIGN_IN)

    answer = visitor.send(**visitor.with_passkey())

    if server.version == "2026-07-29":
        assert (answer.status, answer.messages, answer.body["active"]) == (400, [4010011], "passkey")
    else:
        assert (answer.status, answer.reason) == (401, "This account was disabled.")


# The fake Ory alone.


def test_key_that_nobody_holds_is_asked_for_and_can_be_removed() -> None:
    with contextlib.closing(start_emulator("v1.3.1")) as server:
        visitor = Visitor(server)
        visitor.sign_up()
        (identity,) = server.ory.identities
        identity.enrol("webauthn")
        visitor.begin(STEP_UP)
        asked = visitor.asked("webauthn_login_trigger")["publicKey"]
        assert [each["type"] for each in asked["allowCredentials"]] == ["public-key"]
        visitor.authenticator.create({"publicKey": {"user": {"id": ""}, "rp": {"id": "localhost"}, "challenge": ""}})
        assert visitor.send(**visitor.with_key()).messages == [4000008]
        server.ory.settings_required_aal = "aal1"
        visitor.begin(SETTINGS)
        assert visitor.removal("webauthn")
        server.ory.webauthn = False
        visitor.begin(SETTINGS)
        assert "webauthn_register_trigger" not in nodes(visitor.flow)

        assert visitor.send(webauthn_remove=visitor.removal("webauthn")["value"]).messages == [1050001]

        assert (identity.second_factors, identity.security_keys) == (set(), [])


def test_emulator_without_either_method_takes_no_answer() -> None:
    with contextlib.closing(start_emulator("v1.3.1")) as server:
        server.ory.webauthn = server.ory.passkey = False
        visitor = Visitor(server)
        visitor.begin(SIGN_IN)
        assert visitor.send(passkey_login="{}").messages == [4010002]
        visitor.begin(SIGN_UP)
        visitor.send(method="profile", **visitor.email)
        assert visitor.send(passkey_register="{}", **visitor.email).messages == [4010003]
        visitor.sign_up()
        visitor.begin(SETTINGS)
        assert not {"script", "button"} & {node["attributes"].get("type") for node in visitor.flow["ui"]["nodes"]}
        for name in ("webauthn_register", "passkey_settings_register"):
            assert visitor.send(**{name: "{}", "webauthn_register_displayname": "Blue"}).messages == [4010004]


def test_old_session_proves_itself_before_a_key_is_added() -> None:
    with contextlib.closing(start_emulator("2026-07-29")) as server:
        visitor = Visitor(server)
        visitor.sign_up()
        visitor.begin(SETTINGS)
        path = f"/self-service/settings?flow={visitor.flow['id']}"
        server.ory.privileged_session_max_age = 0.000001

        refused = visitor.send(webauthn_register=visitor.made_key(), webauthn_register_displayname="Blue")

        server.ory.privileged_session_max_age = 3600
        assert (refused.status, refused.body["error"]["id"]) == (403, "session_refresh_required")
        visitor.begin(REFRESH)
        visitor.send(method="password", identifier=visitor.person.email, password=visitor.person.password)
        visitor.browser.get(path)
        assert ("webauthn", "aal2") in visitor.proofs
