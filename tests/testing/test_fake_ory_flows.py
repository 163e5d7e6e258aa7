"""FakeOry's flows where no recording shows them: refusals, wrong input, native clients, the admin API."""

from __future__ import annotations

import base64
import json
import struct
import sys
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from django_ory_mfa.testing import FakeOry
from django_ory_mfa.testing._return_to import checked_return_to
from django_ory_mfa.testing.emulator._courier import mail_code
from django_ory_mfa.testing.emulator._flows import new_flow
from django_ory_mfa.testing.emulator._qr import qr_code
from django_ory_mfa.testing.emulator._totp import totp_code, totp_matches, totp_secret_in, totp_url
from tests.testing.test_fake_ory_flow_recordings import IN, NAVIGATION, PASSWORD, Stage, show_code
from tests.testing.test_fake_ory_recordings import CSRF

JSON = "application/json"
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(params=["v1.3.1", "2026-07-29"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return Stage(FakeOry(request.param))


@pytest.fixture
def older() -> Stage:
    return Stage(FakeOry("v1.3.1"))


@pytest.fixture
def newer() -> Stage:
    return Stage(FakeOry("2026-07-29"))


class Answer:
    """An answer, and what tests look at."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status
        self.body: Any = json.loads(response.body) if response.body[:1] in (b"{", b"[") else response.body
        self.headers = dict(response.headers)
        self.location: str = self.headers.get("Location", "")

    @property
    def error_id(self) -> str:
        return str(self.body["error"].get("id", ""))

    @property
    def messages(self) -> list[int]:
        return [message["id"] for message in self.body["ui"].get("messages", [])]

    @property
    def beside(self) -> dict[str, int]:
        """The message beside each input that has one."""
        nodes = self.body["ui"]["nodes"]
        return {node["attributes"]["name"]: node["messages"][0]["id"] for node in nodes if node["messages"]}

    @property
    def names(self) -> list[str]:
        nodes = (node["attributes"] for node in self.body["ui"]["nodes"])
        return [attributes.get("name") or attributes["id"] for attributes in nodes]


def ask(
    stage: Stage,
    target: str,
    method: str = "GET",
    *,
    accept: str = JSON,
    body: Any = None,
    cookies: str | None = None,
    **headers: str,
) -> Answer:
    sent = [("Accept", accept), ("Cookie", stage.cookies() if cookies is None else cookies)]
    sent += [(name.replace("_", "-"), value) for name, value in headers.items()]
    if isinstance(body, (dict, list)):
        sent.append(("Content-Type", JSON))
        body = json.dumps(body).encode()
    return Answer(stage.ory.handle(method, target, sent, body or b""))


def post(stage: Stage, kind: str, *, accept: Any = JSON, flow: Any = None, **fields: Any) -> Answer:
    """Sends the form of the flow that was begun last, with a token that fits."""
    target = f"/self-service/{kind}?flow={flow or stage.id}"
    fields = {"csrf_token": stage.csrf(), **fields}
    if accept == JSON:
        return ask(stage, target, "POST", body=fields)
    return ask(stage, target, "POST", accept=accept, body=urlencode(fields).encode())


def login(stage: Stage, query: str = "") -> str:
    flow_id: str = stage.begin(f"/self-service/login/browser{query}")["id"]
    return flow_id


def settings(stage: Stage, query: str = "") -> dict[str, Any]:
    return stage.begin(f"/self-service/settings/browser{query}")


# Where browsers may be sent back to


ALLOWED = ["http://127.0.0.1:8000/app", "https://*.example.com/", "http://noslash.test"]


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("http://127.0.0.1:8000/app", True),
        ("http://127.0.0.1:8000/app/x?a=1&b=2#frag", True),
        ("http://127.0.0.1:8000/apple", True),
        ("http://127.0.0.1:8000/app/../secret", True),
        ("http://user:pw@127.0.0.1:8000/app", True),
        ("http://127.0.0.1:8000/", False),
        ("http://127.0.0.1:8000/APP", False),
        ("http://127.0.0.1:8001/app", False),
        ("http://127.0.0.1/app", False),
        ("http://localhost:8000/app", False),
        ("https://127.0.0.1:8000/app", False),
        ("//evil.test/app", False),
        ("javascript:alert(1)", False),
        ("http://127.0.0.1:8000@evil.example/app", False),
        ("https://a.example.com", True),
        ("https://a.b.example.com/x", True),
        ("https://A.EXAMPLE.com/", True),
        ("https://example.com/", False),
        ("https://evilexample.com/", False),
        ("https://a.example.com:444/", False),
        ("http://noslash.test/anything", True),
        ("http://127.0.0.1:9000/", False),
        ("/rel/x?a=1", False),
        ("rel", False),
        ("http://[", False),
        ("http://127.0.0.1:x/app", False),
        ("http://127.0.0.1:4433/self-service/settings/browser", True),
        ("http://127.0.0.1:4433/sessions/whoami", False),
    ],
)
def test_return_to_is_compared_letter_by_letter(stage: Stage, url: str, *, is_allowed: bool) -> None:
    stage.ory.allowed_return_urls = ALLOWED
    stage.ory.default_return_url = "http://127.0.0.1:9000/"

    answer = ask(stage, f"/self-service/login/browser?{urlencode({'return_to': url})}")

    assert (answer.status, checked_return_to(stage.ory, url)) == ((200, url) if is_allowed else (400, None))


def test_path_is_completed_by_the_default_url_if_that_is_listed(stage: Stage) -> None:
    stage.ory.allowed_return_urls = ["http://127.0.0.1:8000/"]

    assert checked_return_to(stage.ory, "/rel/x?a=1") == "http://127.0.0.1:8000/rel/x?a=1"


def test_without_a_list_everything_is_allowed(stage: Stage) -> None:
    stage.ory.allowed_return_urls = None

    assert checked_return_to(stage.ory, "http://anywhere.test/") == "http://anywhere.test/"


@pytest.mark.parametrize("path", ["login/browser", "login/api", "settings/browser", "settings/api", "logout/browser"])
def test_forbidden_return_to_opens_no_flow(stage: Stage, path: str) -> None:
    if not path.startswith("login"):
        stage.prepare(signed_in=IN)

    answer = ask(stage, f"/self-service/{path}?return_to=http://evil.test/")

    assert (answer.status, answer.error_id) == (400, "self_service_flow_return_to_forbidden")


def test_sign_out_checks_return_to_again(stage: Stage) -> None:
    session = stage.prepare(signed_in=IN).session
    assert session

    answer = ask(stage, f"/self-service/logout?token={session.logout_token}&return_to=http://evil.test/")

    assert (answer.status, session.active) == (400, True)


# Login


@pytest.mark.parametrize(("aal", "status"), [("aal3", 400), ("foo", 400), ("AAL1", 200)])
def test_unknown_level_is_refused(stage: Stage, aal: str, status: int) -> None:
    assert ask(stage, f"/self-service/login/browser?aal={aal}").status == status
    assert ask(stage, f"/self-service/login/api?aal={aal}", accept="*/*").status == status


def test_native_client_that_is_signed_in_needs_no_flow(stage: Stage) -> None:
    session = stage.prepare(signed_in=IN).session
    assert session

    answer = ask(stage, "/self-service/login/api", cookies="", X_Session_Token=session.token)

    assert (answer.status, answer.error_id) == (400, "session_already_available")


@pytest.mark.parametrize("path", ["login/api", "login/browser"])
def test_login_needs_the_database(stage: Stage, path: str) -> None:
    login(stage)
    stage.ory.database_down = True

    assert ask(stage, f"/self-service/{path}").status == 500
    assert post(stage, "login", method="password").status == 500


@pytest.mark.parametrize("query", ["", f"?id={NOBODY}"])
@pytest.mark.parametrize("kind", ["login", "settings"])
def test_unknown_flow_is_not_found(stage: Stage, kind: str, query: str) -> None:
    stage.prepare(signed_in=IN)

    assert ask(stage, f"/self-service/{kind}/flows{query}").status == 404


@pytest.mark.parametrize("kind", ["login", "settings"])
def test_form_of_no_flow_is_refused(stage: Stage, kind: str) -> None:
    stage.prepare(signed_in=IN)

    answer = post(stage, kind, flow=NOBODY)
    page = post(stage, kind, flow=NOBODY, accept=NAVIGATION)

    assert (answer.status, answer.body["error"]["reason"][:24]) == (400, "The flow query parameter")
    assert page.location.startswith("http://127.0.0.1:8000/ory-ui/error?id=")


@pytest.mark.parametrize("kind", ["login", "settings"])
@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_form_that_cannot_be_read_is_refused(stage: Stage, kind: str, body: bytes) -> None:
    stage.prepare(signed_in=IN)
    flow = login(stage, "?refresh=true") if kind == "login" else settings(stage)["id"]

    answer = ask(stage, f"/self-service/{kind}?flow={flow}", "POST", body=body, Content_Type="application/json")

    assert answer.status == 400


@pytest.mark.parametrize("token", ["", "x", "QUJD", base64.b64encode(b"x" * 64).decode()])
def test_form_of_another_browser_goes_back_to_the_page(stage: Stage, token: str) -> None:
    flow = login(stage)

    assert post(stage, "login", csrf_token=token, method="password").status == 403
    page = post(stage, "login", accept=NAVIGATION, csrf_token=token, method="password")
    assert page.location == f"http://127.0.0.1:8000/ory-ui/login?flow={flow}"


def test_form_without_a_csrf_cookie_is_refused(stage: Stage) -> None:
    flow = login(stage)

    answer = ask(stage, f"/self-service/login?flow={flow}", "POST", cookies="", body={"csrf_token": stage.csrf()})

    assert answer.error_id == "security_csrf_violation"


def test_token_is_masked_anew_in_every_form(stage: Stage) -> None:
    login(stage)
    tokens = {stage.get(f"/self-service/login/flows?id={login(stage)}")["ui"]["nodes"][0]["attributes"]["value"], CSRF}

    assert len(tokens | {stage.csrf(), stage.csrf()}) == 4


def test_missing_input_is_named_beside_it(stage: Stage) -> None:
    login(stage)

    both = post(stage, "login", method="password")
    one = post(stage, "login", method="password", identifier="a@example.test")

    assert (both.status, both.messages, both.beside) == (400, [], {"identifier": 4000002, "password": 4000002})
    assert one.beside == {"password": 4000002}


@pytest.mark.parametrize("fields", [{}, {"method": "foo"}, {"method": "totp", "totp_code": "000000"}])
def test_method_that_does_not_fit_is_refused(stage: Stage, fields: dict[str, str]) -> None:
    login(stage)

    assert post(stage, "login", **fields).messages == [4010002]


def test_method_that_a_person_does_not_hold_is_refused(stage: Stage) -> None:
    stage.prepare("totp", signed_in=IN)
    login(stage, "?aal=aal2")

    assert post(stage, "login", method="lookup_secret", lookup_secret="x").messages == [4010002]


def test_wrong_password_of_a_page_goes_back_to_the_page(stage: Stage) -> None:
    stage.prepare()
    flow = login(stage)

    page = post(stage, "login", accept=NAVIGATION, method="password", **{**stage.fields, "password": "wrong"})

    assert (page.status, page.location) == (303, f"http://127.0.0.1:8000/ory-ui/login?flow={flow}")
    shown = stage.get(f"/self-service/login/flows?id={flow}")
    assert [message["id"] for message in shown["ui"]["messages"]] == [4000006]


@pytest.mark.parametrize("identifier", ["nobody@example.test", "{email}"])
def test_unknown_person_and_person_without_password_are_refused_alike(stage: Stage, identifier: str) -> None:
    stage.prepare()
    stage.person.password = None
    login(stage)

    answer = post(
        stage, "login", method="password", identifier=identifier.format(email=stage.person.email), password="x"
    )

    assert answer.messages == [4000006]


def test_address_may_be_written_in_any_case(stage: Stage) -> None:
    stage.prepare()
    login(stage)

    answer = post(stage, "login", method="password", identifier=str(stage.person.email).upper(), password=PASSWORD)

    assert answer.status == 200


def test_disabled_person_is_told_on_a_page(older: Stage) -> None:
    older.prepare()
    older.person.state = "inactive"
    login(older)

    page = post(older, "login", accept=NAVIGATION, method="password", **older.fields)

    assert page.location.startswith("http://127.0.0.1:8000/ory-ui/error?id=")


def test_refresh_without_a_password_shows_nothing_to_fill_in(stage: Stage) -> None:
    stage.prepare(signed_in=IN)
    stage.person.password = None

    assert ask(stage, "/self-service/login/browser?refresh=true").body["ui"]["nodes"][1:] == []


def test_refresh_by_somebody_else_gives_that_person_a_session(stage: Stage) -> None:
    first = stage.prepare(signed_in=IN).session
    other = stage.ory.add_identity(password="other password")
    login(stage, "?refresh=true")

    answer = post(stage, "login", method="password", identifier=other.email, password="other password")

    assert answer.body["session"]["identity"]["id"] == other.id
    assert first
    assert first.active


def test_refresh_of_a_higher_level_says_both(stage: Stage) -> None:
    stage.prepare("totp", signed_in=IN)

    assert ask(stage, "/self-service/login/browser?refresh=true&aal=aal2").messages == [1010003, 1010004]


def test_finished_flow_ends_at_the_default_url(stage: Stage) -> None:
    stage.prepare("totp", signed_in=IN)
    login(stage, "?aal=aal2&return_to=http://127.0.0.1:8000/app/")
    show_code(stage)
    first = post(stage, "login", accept=NAVIGATION, method="totp", **stage.fields)

    again = post(stage, "login", accept=NAVIGATION, method="totp", **stage.fields)
    script = post(stage, "login", method="totp", **stage.fields)

    assert (first.location, again.location) == ("http://127.0.0.1:8000/app/", "http://127.0.0.1:8000/")
    assert (script.status, script.messages) == (400, [4000001])


def test_second_factor_after_the_session_has_ended(stage: Stage) -> None:
    session = stage.prepare("totp", signed_in=IN).session
    login(stage, "?aal=aal2")
    assert session
    session.revoke()

    answer = post(stage, "login", method="totp", totp_code="x")

    assert (answer.status, answer.error_id) == (401, "session_aal1_required")


def test_same_code_is_accepted_twice(stage: Stage) -> None:
    stage.prepare("totp", signed_in=IN)
    statuses = []
    for _ in range(2):
        login(stage, "?aal=aal2&refresh=true")
        show_code(stage)
        statuses.append(post(stage, "login", method="totp", **stage.fields).status)

    assert statuses == [200, 200]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"method": "lookup_secret", "lookup_secret": "unknown"}, 4000016),
        ({"method": "lookup_secret", "lookup_secret": "used"}, 4000012),
        ({"method": "totp", "totp_code": "1"}, 4000008),
        ({"method": "code", "address": "other@example.test"}, 4000035),
        ({"method": "code"}, 4000035),
        ({"method": "code", "code": "1"}, 4010008),
    ],
)
def test_wrong_second_factor_is_named(stage: Stage, fields: dict[str, str], message: int) -> None:
    stage.prepare("totp", "lookup_secret", "code", signed_in=IN)
    stage.person.lookup_secrets["used"] = stage.clock()
    login(stage, "?aal=aal2")

    answer = post(stage, "login", **fields)

    assert (answer.status, answer.messages) == (400, [message])


@pytest.mark.parametrize(("method", "name"), [("totp", "totp_code"), ("lookup_secret", "lookup_secret")])
def test_missing_second_factor_is_named_beside_its_input(stage: Stage, method: str, name: str) -> None:
    stage.prepare("totp", "lookup_secret", signed_in=IN)
    login(stage, "?aal=aal2")

    answer = post(stage, "login", method=method)

    assert (answer.messages, answer.beside) == ([], {name: 4000002})


def test_sixth_mailed_code_is_not_judged(newer: Stage) -> None:
    newer.prepare("code", signed_in=IN)
    login(newer, "?aal=aal2")
    code = newer.ory.messages[-1].code
    wrong = f"{(int(code) + 1) % 10**6:06}"
    said = [post(newer, "login", method="code", code=each).messages for each in [wrong] * 5 + [code]]
    assert said == [[4010008]] * 5 + [[4000001]]

    post(newer, "login", method="code", resend="code")

    # Another code does not help in this flow.
    assert post(newer, "login", method="code", code=newer.ory.messages[-1].code).messages == [4000001]
    login(newer, "?aal=aal2")
    assert post(newer, "login", method="code", code=newer.ory.messages[-1].code).status == 200


def test_mailed_code_counts_once_and_makes_the_address_verified(newer: Stage) -> None:
    newer.prepare("code", signed_in=IN, verified=False)
    flow = login(newer, "?aal=aal2&refresh=true")
    code = newer.ory.messages[-1].code

    statuses = [post(newer, "login", method="code", code=code).status for _ in range(2)]

    assert (statuses, newer.person.verified, newer.ory.flows[flow].code) == ([200, 400], True, None)


@pytest.mark.parametrize("field", ["address", "identifier", "resend"])
def test_code_is_mailed_again_and_replaces_the_first(stage: Stage, field: str) -> None:
    stage.prepare("code", signed_in=IN)
    login(stage, "?aal=aal2")
    post(stage, "login", method="code", address=stage.person.email)
    first = stage.ory.messages[-1].code

    answer = post(stage, "login", method="code", **{field: "code" if field == "resend" else stage.person.email})

    assert (answer.status, answer.body["state"]) == (400, "sent_email")
    assert (stage.ory.flows[stage.id].code, len({first})) == (stage.ory.messages[-1].code, 1)


def test_expired_login_begins_anew_with_what_was_wanted(stage: Stage) -> None:
    stage.prepare("totp", signed_in=IN)
    old = login(stage, "?aal=aal2&refresh=true&return_to=http://127.0.0.1:8000/x")
    stage.clock.advance(3500)
    stage.session = stage.ory.add_session(stage.person, *IN)
    stage.clock.advance(200)

    answer = post(stage, "login", flow=old, method="totp", totp_code="x")
    new = stage.get(f"/self-service/login/flows?id={answer.body['use_flow_id']}")

    assert answer.status == 410
    assert (new["requested_aal"], new["refresh"], new["return_to"]) == ("aal2", True, "http://127.0.0.1:8000/x")
    said = new["ui"]["messages"][-1]
    assert (said["id"], said["type"]) == (4010001, "error")
    assert said["text"] == "The login flow expired 1.67 minutes ago, please try again."
    assert set(said["context"]) == {"expired_at", "expired_at_unix"}


def test_native_client_needs_no_csrf_and_gets_json(stage: Stage) -> None:
    stage.prepare()
    flow = ask(stage, "/self-service/login/api", cookies="", accept="*/*").body
    target = f"/self-service/login?flow={flow['id']}"

    wrong = ask(
        stage, target, "POST", cookies="", accept="*/*", body={"method": "password", "identifier": "x", "password": "y"}
    )
    right = ask(stage, target, "POST", cookies="", accept="*/*", body={"method": "password", **stage.fields})

    assert flow["ui"]["nodes"][0]["attributes"]["value"] == ""
    assert (wrong.status, wrong.messages) == (400, [4000006])
    assert right.body["session_token"].startswith("ory_st_")
    assert "Set-Cookie" not in right.headers


def test_head_mails_a_code_too(newer: Stage) -> None:
    newer.prepare("code", signed_in=IN)

    answer = ask(newer, "/self-service/login/browser?aal=aal2", "HEAD")

    assert (answer.status, answer.body, len(newer.ory.messages)) == (200, b"", 1)


# Settings


@pytest.mark.parametrize("target", ["settings/flows?id=x", "settings?flow=x"])
def test_settings_need_a_session(stage: Stage, target: str) -> None:
    method = "GET" if "flows" in target else "POST"

    answer = ask(stage, f"/self-service/{target}", method)
    page = ask(stage, f"/self-service/{target}", method, accept=NAVIGATION)

    assert (answer.status, answer.error_id) == (401, "")
    assert (page.status, page.location) == (302, "http://127.0.0.1:8000/ory-ui/login")


def test_settings_belong_to_one_person(stage: Stage) -> None:
    stage.prepare(signed_in=IN)
    flow = settings(stage)["id"]
    stage.prepare(signed_in=IN)

    answers = [
        ask(stage, f"/self-service/settings/flows?id={flow}"),
        post(stage, "settings", flow=flow, method="password", password="another password"),
        ask(stage, f"/self-service/settings?flow={flow}"),
    ]

    assert [(answer.status, answer.error_id) for answer in answers] == [(403, "security_identity_mismatch")] * 3


def test_settings_wait_for_the_second_factor(stage: Stage) -> None:
    stage.prepare(signed_in=IN)
    flow = settings(stage)["id"]
    stage.person.enrol("totp")

    answer = ask(stage, f"/self-service/settings/flows?id={flow}")

    assert (answer.status, answer.error_id) == (403, "session_aal2_required")


def test_settings_expire(stage: Stage) -> None:
    stage.prepare(signed_in=IN)
    flow = settings(stage, "?return_to=http://127.0.0.1:8000/x")["id"]
    stage.clock.advance(3500)
    stage.session = stage.ory.add_session(stage.person, *IN)
    stage.clock.advance(200)

    fetched = ask(stage, f"/self-service/settings/flows?id={flow}")
    sent = post(stage, "settings", flow=flow, method="password", password="another password")
    page = post(stage, "settings", flow=flow, accept=NAVIGATION, method="password", password="another password")

    assert (fetched.status, fetched.body["error"]["details"]["return_to"]) == (410, "http://127.0.0.1:8000/x")
    assert (sent.status, stage.ory.flows[sent.body["use_flow_id"]].return_to) == (410, "http://127.0.0.1:8000/x")
    assert flow not in page.location


def test_settings_of_another_browser_are_an_error(stage: Stage) -> None:
    stage.prepare(signed_in=IN)
    settings(stage)

    assert post(stage, "settings", csrf_token="x", method="totp").error_id == "security_csrf_violation"
    page = post(stage, "settings", accept=NAVIGATION, csrf_token="x", method="totp")
    assert page.location.startswith("http://127.0.0.1:8000/ory-ui/error?id=")


@pytest.mark.parametrize(
    ("fields", "messages", "beside"),
    [
        ({}, [4010004], {}),
        ({"method": "foo"}, [4010004], {}),
        ({"method": "lookup_secret"}, [4010004], {}),
        ({"method": "lookup_secret", "lookup_secret_confirm": True}, [4000001], {}),
        ({"method": "totp"}, [], {"totp_code": 4000002}),
        ({"method": "totp", "totp_code": "1"}, [], {"totp_code": 4000008}),
        ({"method": "password"}, [], {"password": 4000002}),
        ({"method": "password", "password": "x"}, [], {"password": 4000032}),
        ({"method": "profile"}, [], {"traits.email": 4000002}),
    ],
)
def test_wrong_settings_are_named(stage: Stage, fields: Any, messages: list[int], beside: dict[str, int]) -> None:
    stage.prepare(signed_in=IN)
    flow = settings(stage)["id"]

    answer = post(stage, "settings", **fields)
    page = post(stage, "settings", accept=NAVIGATION, **fields)

    assert (answer.status, answer.messages, answer.beside) == (400, messages, beside)
    assert page.location == f"http://127.0.0.1:8000/ory-ui/settings?flow={flow}"


def test_password_is_changed(stage: Stage) -> None:
    stage.prepare(signed_in=IN)
    flow = settings(stage)["id"]

    page = post(stage, "settings", accept=NAVIGATION, method="password", password="another password")

    assert (page.location, stage.person.password) == (
        f"http://127.0.0.1:8000/ory-ui/settings?flow={flow}",
        "another password",
    )


@pytest.mark.parametrize(
    "traits", [{"traits": {"email": "{}", "name": "Al"}}, {"traits.email": "{}", "traits.name": "Al"}]
)
def test_profile_is_changed(stage: Stage, traits: Any) -> None:
    stage.prepare(signed_in=IN)
    settings(stage)

    filled = json.loads(json.dumps(traits).replace("{}", str(stage.person.email).upper()))
    answer = post(stage, "settings", method="profile", **filled)

    assert (answer.status, stage.person.traits["name"], stage.person.verified) == (200, "Al", True)


def test_new_address_is_not_verified(stage: Stage) -> None:
    stage.prepare(signed_in=IN)
    settings(stage)

    post(stage, "settings", method="profile", **{"traits.email": "new@example.test"})

    assert (stage.person.email, stage.person.traits, stage.person.verified) == (
        "new@example.test",
        {"email": "new@example.test"},
        False,
    )


def test_address_of_somebody_without_one(stage: Stage) -> None:
    stage.prepare(signed_in=IN, traits={})
    settings(stage)

    assert post(stage, "settings", method="profile", **{"traits.email": "new@example.test"}).status == 200


def test_recovery_codes_are_shown_and_switched_off(stage: Stage) -> None:
    stage.prepare("lookup_secret", signed_in=("password", "lookup_secret"))
    first, second, *_ = stage.person.lookup_secrets
    stage.person.lookup_secrets[first] = datetime(2026, 11, 24, 23, 55, 32, tzinfo=UTC)
    settings(stage)

    shown = post(stage, "settings", method="lookup_secret", lookup_secret_reveal=True)
    single = next(n for n in shown.body["ui"]["nodes"] if n["attributes"].get("id") == "lookup_secret_codes")
    used, unused = single["attributes"]["text"]["context"]["secrets"][:2]
    off = post(stage, "settings", method="lookup_secret", lookup_secret_disable="true")

    assert used == {
        "id": 1050014,
        "text": "Secret was used at 2026-11-24 23:55:32 +0000 UTC",
        "type": "info",
        "context": {"used_at": "2026-11-24T23:55:32Z", "used_at_unix": 1795564532},
    }
    assert unused["context"] == {"secret": second}
    assert shown.names[-3:] == ["lookup_secret_codes", "lookup_secret_disable", "lookup_secret_regenerate"]
    assert (off.body["state"], stage.person.second_factors, stage.person.lookup_secrets) == ("success", set(), {})


def test_authenticator_app_is_taken_away(stage: Stage) -> None:
    session = stage.prepare("totp", signed_in=("password", "totp")).session
    settings(stage)

    second = post(stage, "settings", method="totp", totp_code="1")
    page = post(stage, "settings", accept=NAVIGATION, method="totp", totp_unlink="true")

    assert (second.status, page.status, stage.person.totp_secret) == (400, 303, None)
    assert session
    assert session.aal == "aal2"


def test_native_client_enrols(stage: Stage) -> None:
    session = stage.prepare(signed_in=IN).session
    assert session
    token = {"X_Session_Token": session.token, "cookies": "", "accept": "*/*"}
    flow = ask(stage, "/self-service/settings/api", **token).body

    code = totp_code(stage.ory.flows[flow["id"]].totp_secret, stage.clock())
    fields = {"method": "totp", "totp_code": code}
    answer = ask(stage, f"/self-service/settings?flow={flow['id']}", "POST", body=fields, **token)

    assert (answer.status, session.aal, "Set-Cookie" in answer.headers) == (200, "aal2", False)


def test_change_waits_for_a_fresh_proof_and_is_applied_then(stage: Stage) -> None:
    session = stage.prepare(signed_in=IN).session
    assert session
    stage.ory.privileged_session_max_age = 60
    settings(stage, "?return_to=http://127.0.0.1:8000/x")
    stage.clock.advance(61)

    asked = post(stage, "settings", method="password", password="another password")
    cookie = asked.headers["Set-Cookie"].partition(";")[0]
    too_early = ask(stage, f"/self-service/settings?flow={stage.id}", cookies=f"{stage.cookies()}; other=x")
    session.prove("password")
    resumed = ask(
        stage,
        f"/self-service/settings?flow={stage.id}",
        accept=NAVIGATION,
        cookies=f"{stage.cookies()}; ory_kratos_continuity=other; {cookie}",
    )
    again = ask(stage, f"/self-service/settings?flow={stage.id}", accept=NAVIGATION)

    assert (asked.status, asked.error_id) == (403, "session_refresh_required")
    assert too_early.body["state"] == "show_form"
    assert (resumed.location, stage.person.password) == ("http://127.0.0.1:8000/x", "another password")
    assert again.location.startswith("http://127.0.0.1:8000/ory-ui/settings?flow=")


@pytest.mark.parametrize(("target", "status"), [("settings?flow=x", 400)])
def test_nothing_to_go_on_with(stage: Stage, target: str, status: int) -> None:
    assert ask(stage, f"/self-service/{target}").status == 401
    stage.prepare(signed_in=IN)
    assert ask(stage, f"/self-service/{target}").status == status


def test_harmless_change_needs_a_fresh_proof_on_the_older_version_only(stage: Stage) -> None:
    stage.prepare(signed_in=IN)
    stage.ory.privileged_session_max_age = 60
    settings(stage)
    stage.clock.advance(61)

    answer = post(stage, "settings", method="profile", **{"traits.email": stage.person.email})

    assert answer.status == (200 if stage.ory.is_newer else 403)


def test_privileges_may_last_for_ever(stage: Stage) -> None:
    stage.prepare(signed_in=IN)
    stage.ory.privileged_session_max_age = 0
    settings(stage)
    stage.clock.advance(3500)

    assert post(stage, "settings", method="password", password="another password").status == 200


# Errors and sessions


def test_oldest_flows_and_mails_are_forgotten(newer: Stage) -> None:
    newer.prepare("code", signed_in=IN)
    first = login(newer, "?aal=aal2")
    code = newer.ory.messages[0]
    for _ in range(1000):
        mail_code(newer.ory, new_flow(newer.ory, "login", "browser", "", "", None), "a@example.test")

    assert first not in newer.ory.flows
    assert code not in newer.ory.messages
    assert (len(newer.ory.flows), len(newer.ory.messages)) == (1000, 1000)


def test_unknown_error_is_not_found(stage: Stage) -> None:
    assert ask(stage, f"/self-service/errors?id={NOBODY}").status == 404


def test_sessions_need_a_session(stage: Stage) -> None:
    answers = [ask(stage, "/sessions", "DELETE"), ask(stage, f"/sessions/{NOBODY}", "DELETE")]

    assert [answer.status for answer in answers] == [401, 401]


def test_session_of_nobody_or_somebody_else_is_left_alone(stage: Stage) -> None:
    foreign = stage.prepare(signed_in=IN).session
    assert foreign
    stage.prepare(signed_in=IN)
    mine, other = (stage.ory.add_session(stage.person, *IN) for _ in range(2))

    statuses = [ask(stage, f"/sessions/{each}", "DELETE").status for each in (NOBODY, foreign.id, mine.id, "zzz")]

    assert statuses == [204, 204, 204, 400]
    assert (foreign.active, mine.active, other.active) == (True, False, True)


# Admin API


def admin(stage: Stage, method: str, path: str, body: Any = None) -> Answer:
    return ask(stage, f"/admin{path}", method, body=body, cookies="")


def described(**more: Any) -> dict[str, Any]:
    return {"traits": {"email": "new@example.test"}, **more}


def test_admin_makes_people(stage: Stage) -> None:
    password = {"password": {"config": {"password": "some password"}}}
    address = {"value": "new@example.test", "via": "email", "verified": True}

    answer = admin(
        stage,
        "POST",
        "/identities",
        described(schema_id="with_code", credentials=password, verifiable_addresses=[address]),
    )

    (identity,) = stage.ory.identities
    assert answer.status == 201
    assert list(answer.body["credentials"]) == ["code", "password"]
    assert (identity.password, identity.second_factors, identity.verified) == ("some password", {"code"}, True)


def test_newer_admin_imports_second_factors(newer: Stage) -> None:
    secret = "JBSWY3DPEHPK3PXP"
    credentials = {
        "totp": {"config": {"totp_url": totp_url(secret, "new@example.test", "LocalDev")}},
        "lookup_secret": {"config": {"codes": [{"code": "abcdefgh"}]}},
    }

    created = admin(newer, "POST", "/identities", described(credentials=credentials)).body
    query = "?include_credential=totp&include_credential=lookup_secret&include_credential=password"
    newer.ory.identities[0].password = "some password"
    shown = admin(newer, "GET", f"/identities/{created['id']}{query}").body["credentials"]

    assert shown["lookup_secret"]["config"] == {"recovery_codes": [{"code": "abcdefgh", "used_at": None}]}
    assert totp_secret_in(shown["totp"]["config"]["totp_url"]) == secret
    assert shown["password"]["config"]["hashed_password"].startswith("$2a$")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (described(), 409),
        (described(schema_id="nope"), 400),
        (described(state="asleep"), 400),
        ({"traits": {}}, 400),
        ({"traits": []}, 400),
        ({"foo": 1}, 400),
        ([], 400),
        (b"{", 400),
        (described(traits={"email": "x@example.test"}, credentials={"passkey": {}}), 400),
        (described(traits={"email": "x@example.test"}, credentials=[1]), 400),
        (described(traits={"email": "x@example.test"}, credentials={"password": 5}), 400),
    ],
)
def test_admin_refuses_odd_descriptions(stage: Stage, body: Any, status: int) -> None:
    stage.ory.add_identity(email="new@example.test")

    assert admin(stage, "POST", "/identities", body).status == status
    assert len(stage.ory.identities) == 1


def test_older_admin_imports_passwords_only(older: Stage) -> None:
    assert admin(older, "POST", "/identities", described(credentials={"totp": {}})).status == 400


def test_admin_changes_a_person(stage: Stage) -> None:
    identity = stage.ory.add_identity(email="old@example.test")
    path = f"/identities/{identity.id}"

    patch = [{"op": "replace", "path": "/state", "value": "inactive"}]
    assert admin(stage, "PATCH", path, patch).body["state"] == "inactive"
    assert admin(stage, "PUT", path, described()).body["state"] == "active"
    assert identity.email == "new@example.test"
    assert admin(stage, "PUT", path, {"foo": 1}).status == 400
    for wrong in ([{**patch[0], "path": "/id"}], [{**patch[0], "value": "asleep"}], {"a": 1}, [], b"{"):
        assert admin(stage, "PATCH", path, wrong).status == 400


def test_admin_lists_and_deletes_people(stage: Stage) -> None:
    first, second = (stage.ory.add_identity() for _ in range(2))

    assert [each["id"] for each in admin(stage, "GET", "/identities").body] == [first.id, second.id]
    statuses = [admin(stage, "DELETE", f"/identities/{first.id}").status for _ in range(2)]
    assert (statuses, stage.ory.identities) == ([204, 404], [second])


def test_admin_knows_what_can_be_included(stage: Stage) -> None:
    identity = stage.ory.add_identity()

    assert admin(stage, "GET", f"/identities/{identity.id}?include_credential=foo").status == 400
    assert admin(stage, "GET", f"/identities/{identity.id}?include_credential=webauthn").status == 200


def test_admin_takes_second_factors_away(stage: Stage) -> None:
    stage.prepare("totp", "lookup_secret")
    path = f"/identities/{stage.person.id}/credentials"

    statuses = [admin(stage, "DELETE", f"{path}/{kind}").status for kind in ("totp", "totp", "password", "code", "foo")]

    assert statuses == [204, 404, 400, 400, 404]
    assert stage.person.second_factors == {"lookup_secret"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/identities/{}"),
        ("PUT", "/identities/{}"),
        ("PATCH", "/identities/{}"),
        ("DELETE", "/identities/{}/credentials/totp"),
        ("DELETE", "/identities/{}/sessions"),
        ("GET", "/sessions/{}"),
        ("DELETE", "/sessions/{}"),
        ("PATCH", "/sessions/{}/extend"),
    ],
)
def test_admin_does_not_find_what_is_not_there(stage: Stage, method: str, path: str) -> None:
    body = described() if method == "PUT" else None

    assert admin(stage, method, path.format(NOBODY), body).status == 404


def test_admin_deletes_sessions(stage: Stage) -> None:
    session = stage.prepare(signed_in=IN).session
    assert session
    path = f"/identities/{stage.person.id}/sessions"

    statuses = [admin(stage, "DELETE", path).status for _ in range(2)]

    assert (statuses, admin(stage, "GET", path).body, session.active) == ([204, 404], [], False)


def test_admin_reads_the_mails(newer: Stage) -> None:
    newer.prepare("code", signed_in=IN)
    login(newer, "?aal=aal2")
    login(newer, "?aal=aal2")

    newest, _ = admin(newer, "GET", "/courier/messages?page_size=250").body

    assert newer.ory.messages[-1].code in newest["body"]
    assert len(admin(newer, "GET", "/courier/messages?page_size=1").body) == 1
    assert admin(newer, "GET", "/courier/messages?recipient=other@example.test").body == []
    assert newest["recipient"] == newer.person.email


def test_admin_knows_version_and_health(stage: Stage) -> None:
    assert admin(stage, "GET", "/version").body == {"version": "master" if stage.ory.is_newer else "v1.3.1"}
    assert [admin(stage, "GET", f"/health/{name}").status for name in ("alive", "ready")] == [200, 200]


# One-time passwords and QR codes


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_totp_gives_the_codes_of_the_rfc(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)

    assert totp_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", at) == code


@pytest.mark.parametrize(("drift", "matches"), [(-31, True), (0, True), (31, True), (61, False), (-61, False)])
def test_totp_allows_for_clocks_that_are_a_little_wrong(drift: int, *, matches: bool) -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    at = datetime.fromtimestamp(1_000_000_000, UTC)

    code = totp_code(secret, datetime.fromtimestamp(1_000_000_000 + drift, UTC))

    assert totp_matches(secret, code, at) is matches


def test_totp_of_a_damaged_seed_matches_nothing() -> None:
    assert not totp_matches("1!", "000000", datetime.now(UTC))


def image_size(url: str) -> tuple[int, int]:
    """The width and height of a PNG in a ``data:`` URL."""
    picture = base64.b64decode(url.removeprefix("data:image/png;base64,"))
    assert picture.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    return struct.unpack(">II", picture[16:24])


@pytest.mark.parametrize(("length", "modules"), [(17, 21), (100, 37), (271, 57)])
def test_qr_code_grows_with_its_text(length: int, modules: int) -> None:
    # Four modules of nothing at each side, four pixels per module.
    assert image_size(qr_code("a" * length)) == (4 * (modules + 8), 4 * (modules + 8))


def test_settings_without_segno_show_the_key_and_no_picture(newer: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    qr_code.cache_clear()
    monkeypatch.setitem(sys.modules, "segno", None)
    newer.prepare(signed_in=IN)

    flow = settings(newer)
    shown = {node["attributes"].get("id"): node["attributes"] for node in flow["ui"]["nodes"]}

    assert "totp_qr" not in shown
    assert shown["totp_secret_key"]["text"]["text"] == newer.ory.flows[flow["id"]].totp_secret
