"""FakeOry's flows answer what real servers answered: each recording is played again up to the recorded request."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from django_ory_mfa.testing import FakeIdentity, FakeOry, FakeSession
from django_ory_mfa.testing._csrf import csrf_token
from django_ory_mfa.testing.emulator._totp import totp_code
from tests.testing.test_fake_ory_recordings import (
    ALL,
    CSRF,
    Clock,
    header_table,
    levels,
    pairs,
    public_url_of,
    same,
    spelled,
)

PASSWORD = "a-long-unusual-passphrase-1"
NAVIGATION = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PAGE = "http://127.0.0.1:8000/app/x?a=1&b=2"


@dataclass
class Stage:
    """A fake server and one browser of one person."""

    ory: FakeOry
    clock: Clock = field(default_factory=Clock)
    person: FakeIdentity = field(init=False)
    session: FakeSession | None = None
    #: What stands in the recorded request: an id in its path, and fields of its form.
    id: str = ""
    fields: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ory.now = self.clock
        self.ory.allowed_return_urls = ["http://127.0.0.1:8000/"]

    def cookies(self) -> str:
        session = f"; {self.ory.cookie_name}={self.session.cookie}" if self.session else ""
        return f"{self.ory.csrf_cookie_name}={CSRF}{session}"

    def csrf(self) -> str:
        return csrf_token(base64.b64decode(CSRF))

    def get(self, target: str) -> dict[str, Any]:
        answer = self.ory.handle("GET", target, [("Accept", "application/json"), ("Cookie", self.cookies())])
        body: dict[str, Any] = json.loads(answer.body)
        return body

    def begin(self, target: str) -> dict[str, Any]:
        flow = self.get(target)
        self.id = flow["id"]
        return flow

    def submit(self, kind: str, **fields: Any) -> dict[str, Any]:
        headers = [("Accept", "application/json"), ("Content-Type", "application/json"), ("Cookie", self.cookies())]
        content = json.dumps({"csrf_token": self.csrf(), **fields}).encode()
        answer = self.ory.handle("POST", f"/self-service/{kind}?flow={self.id}", headers, content)
        body: dict[str, Any] = json.loads(answer.body)
        return body

    def prepare(self, *factors: str, signed_in: tuple[Any, ...] = (), **person: Any) -> Stage:
        self.ory.code_mfa = "code" in factors or person.pop("code_mfa", False)
        schema = "with_code" if "code" in factors else "default"
        self.person = self.ory.add_identity(password=PASSWORD, second_factors=factors, schema_id=schema, **person)
        if signed_in:
            self.session = self.ory.add_session(self.person, *signed_in)
        self.fields = {"identifier": self.person.email, "password": PASSWORD}
        return self


Scene = Callable[[Stage], object]


def person(*factors: str, signed_in: tuple[Any, ...] = (), **more: Any) -> Scene:
    return lambda stage: stage.prepare(*factors, signed_in=signed_in, **more)


def init(kind: str, query: str = "") -> Scene:
    return lambda stage: stage.begin(f"/self-service/{kind}/browser{query}")


def then(*steps: Scene) -> Scene:
    def scene(stage: Stage) -> None:
        for step in steps:
            step(stage)

    return scene


def wait(seconds: float) -> Scene:
    return lambda stage: stage.clock.advance(seconds)


def without_session(stage: Stage) -> None:
    stage.session = None


def native(query: str = "") -> Scene:
    def scene(stage: Stage) -> None:
        token = [("X-Session-Token", stage.session.token)] if stage.session else []
        answer = stage.ory.handle("GET", f"/self-service/login/api{query}", [("Accept", "application/json"), *token])
        stage.id = json.loads(answer.body)["id"]

    return scene


def show_code(stage: Stage) -> None:
    secret = stage.person.totp_secret or stage.ory.flows[stage.id].totp_secret
    stage.fields = {"totp_code": totp_code(secret, stage.clock())}


def show_lookup_secret(stage: Stage) -> None:
    stage.fields = {"lookup_secret": next(iter(stage.person.lookup_secrets))}


def receive_code(stage: Stage) -> None:
    if stage.ory.flows[stage.id].code is None:
        stage.submit("login", method="code", address=stage.person.email)
    stage.fields = {"code": stage.ory.messages[-1].code}


def ask_for_code(stage: Stage) -> None:
    stage.fields = {"address": stage.person.email}


def wrong_code(stage: Stage) -> None:
    receive_code(stage)
    stage.fields = {"code": "no code"}


def disable(stage: Stage) -> None:
    stage.person.state = "inactive"


def use_all_codes(stage: Stage) -> None:
    stage.person.lookup_secrets = dict.fromkeys(stage.person.lookup_secrets, stage.clock())


def break_database(stage: Stage) -> None:
    stage.ory.database_down = True


def short_flows(stage: Stage) -> None:
    stage.ory.flow_lifespan = 1


def privileges_end(stage: Stage) -> None:
    stage.ory.privileged_session_max_age = 1


def regenerate(stage: Stage) -> None:
    stage.submit("settings", method="lookup_secret", lookup_secret_regenerate=True)


def other_sessions(count: int, *proofs: str, ended: int = 0) -> Scene:
    def scene(stage: Stage) -> None:
        for number in range(count):
            session = stage.ory.add_session(stage.person, *(proofs or ("password",)))
            if number >= count - ended:
                session.revoke()
            stage.id = session.id

    return scene


def list_for_admin(stage: Stage) -> None:
    """Nine sessions, of which the newest and the oldest live."""
    stage.prepare(signed_in=("password",))
    other_sessions(7, ended=7)(stage)
    other_sessions(1)(stage)
    stage.id = stage.person.id


def sessions_of_v1(stage: Stage) -> None:
    """Three sessions at aal1, and the oldest one at aal2."""
    stage.prepare("totp", signed_in=("password", "totp"))
    other_sessions(4)(stage)
    stage.session = stage.ory.sessions[-1]


def own_id(stage: Stage) -> None:
    assert stage.session
    stage.id = stage.session.id


def person_id(stage: Stage) -> None:
    stage.id = stage.person.id


def error_id(target: str) -> Scene:
    def scene(stage: Stage) -> None:
        answer = stage.ory.handle("GET", target, [("Accept", NAVIGATION)])
        stage.id = dict(answer.headers)["Location"].partition("?id=")[2]

    return scene


def odd_return_to(stage: Stage) -> None:
    page = "http://127.0.0.1:8000/app/x?next=%2Fa%2Fb&q=a%20b+c&ü=é#frag"
    init("login", f"?aal=aal2&{urlencode({'return_to': page})}")(stage)


IN = ("password",)
RETURN_TO = "?" + urlencode({"return_to": PAGE})
RETURN_TO_RAW = "return_to=http://127.0.0.1:8000/app/x%3Fa%3D1%26b%3D2"
AAL2, REFRESH = "?aal=aal2", "?refresh=true"
LOGIN, SETTINGS = init("login"), init("settings")
TOTP_DUE = person("totp", signed_in=IN)
CODE_DUE = person("code", signed_in=IN)
LOOKUP_DUE = person("lookup_secret", signed_in=IN)
AT_AAL2 = person("totp", signed_in=("password", "totp"))
EXPIRED = then(person(), short_flows, init("login", "?return_to=http://127.0.0.1:8000/x"), wait(1.467))
OLD = then(person(signed_in=IN), privileges_end, SETTINGS, wait(2))

CASES: dict[str, Scene] = {
    "admin_delete_session_204": then(person(signed_in=IN), own_id),
    "admin_identity_code_only": then(person("code"), person_id),
    "admin_identity_code_only_include_credential": then(person("code"), person_id),
    "admin_identity_lookup_secret_enrolled": then(person("lookup_secret"), person_id),
    "admin_identity_no_second_factor": then(person(), person_id),
    "admin_identity_sessions_list": list_for_admin,
    "admin_identity_totp_enrolled": then(person("totp"), person_id),
    "admin_identity_totp_enrolled_include_credential": then(person("totp"), person_id),
    "admin_session_extend": then(person(signed_in=IN), own_id),
    "admin_session_get_expanded": then(person(signed_in=IN), own_id),
    "error_page_aal2_without_session": error_id("/self-service/login/browser?aal=aal2"),
    "error_page_return_to_forbidden": error_id("/self-service/login/browser?return_to=http://127.0.0.1:8001/app"),
    "login_api_submit_password_200": then(person(), native()),
    "login_api_submit_password_second_factor_enrolled": then(person("totp"), native()),
    "login_api_submit_password_second_factor_enrolled_lax": then(person("totp"), native()),
    "login_api_submit_totp_200": then(TOTP_DUE, native(AAL2), show_code),
    "login_browser_aal2_already_aal2_json": AT_AAL2,
    "login_browser_aal2_already_aal2_nav": AT_AAL2,
    "login_browser_aal2_already_aal2_nav_return_to": AT_AAL2,
    "login_browser_aal2_code_mfa_identity_without_code_credential_json": person(signed_in=IN, code_mfa=True),
    "login_browser_aal2_code_only_json_sends_otp": CODE_DUE,
    "login_browser_aal2_code_only_nav_sends_otp": CODE_DUE,
    "login_browser_aal2_lookup_codes_exhausted_json": then(LOOKUP_DUE, use_all_codes),
    "login_browser_aal2_lookup_secret_json": LOOKUP_DUE,
    "login_browser_aal2_no_second_factor_json": person(signed_in=IN),
    "login_browser_aal2_no_second_factor_nav": person(signed_in=IN),
    "login_browser_aal2_totp_and_code_json": person("totp", "code", signed_in=IN),
    "login_browser_aal2_totp_json": TOTP_DUE,
    "login_browser_aal2_totp_nav": TOTP_DUE,
    "login_browser_aal2_without_session_json": person(),
    "login_browser_aal2_without_session_nav": person(),
    "login_browser_database_down_json": then(person(signed_in=IN), break_database),
    "login_browser_database_down_nav": then(person(signed_in=IN), break_database),
    "login_browser_plain_already_logged_in_json": person(signed_in=IN),
    "login_browser_plain_already_logged_in_nav": person(signed_in=IN),
    "login_browser_plain_already_logged_in_nav_return_to": person(signed_in=IN),
    "login_browser_plain_session_aal1_enrolled_nav": TOTP_DUE,
    "login_browser_plain_without_session_json": person(),
    "login_browser_plain_without_session_nav": person(),
    "login_browser_refresh_aal2_nav": AT_AAL2,
    "login_browser_refresh_json_aal2_session": AT_AAL2,
    "login_browser_return_to_forbidden_json": person(),
    "login_browser_return_to_forbidden_nav": person(),
    "login_browser_submit_password_identity_disabled": then(person(), disable, LOGIN),
    "login_browser_submit_password_json_200_no_second_factor": then(person(), LOGIN),
    "login_browser_submit_password_json_code_only_lax": then(person("code"), LOGIN),
    "login_browser_submit_password_json_code_only_strict": then(person("code"), LOGIN),
    "login_browser_submit_password_json_second_factor_enrolled": then(person("totp"), init("login", RETURN_TO)),
    "login_browser_submit_password_json_second_factor_enrolled_lax": then(person("totp"), init("login", RETURN_TO)),
    "login_browser_submit_password_nav_second_factor_enrolled": then(person("totp"), init("login", RETURN_TO)),
    "login_browser_submit_password_nav_second_factor_enrolled_lax": then(person("totp"), init("login", RETURN_TO)),
    "login_flow_403_csrf_other_browser": then(person(), LOGIN),
    "login_flow_410_expired": EXPIRED,
    "login_flow_aal2_code_only_sent_email": then(
        CODE_DUE, init("login", f"{AAL2}&return_to=http://127.0.0.1:8000/app/")
    ),
    "login_flow_aal2_no_second_factor": then(person(signed_in=IN), init("login", f"{AAL2}&{RETURN_TO_RAW}")),
    "login_flow_aal2_totp": then(TOTP_DUE, init("login", f"{AAL2}&{RETURN_TO_RAW}")),
    "login_flow_refresh_aal2_code_only": then(
        person("code", signed_in=("password", "code")), init("login", f"{REFRESH}&aal=aal2")
    ),
    "login_flow_refresh_aal2_totp": then(AT_AAL2, init("login", f"{REFRESH}&aal=aal2&{RETURN_TO_RAW}")),
    "login_submit_403_csrf_json": then(person(), LOGIN),
    "login_submit_410_flow_expired_json": EXPIRED,
    "login_submit_code_address_json_400_sent_email": then(
        person("totp", "code", signed_in=IN), init("login", AAL2), ask_for_code
    ),
    "login_submit_code_json_200": then(
        person("code", signed_in=("password", "code")), init("login", f"{REFRESH}&aal=aal2"), receive_code
    ),
    "login_submit_code_nav": then(
        CODE_DUE, init("login", f"{AAL2}&return_to=http://127.0.0.1:8000/app/"), receive_code
    ),
    "login_submit_code_wrong_json": then(
        CODE_DUE, init("login", f"{AAL2}&return_to=http://127.0.0.1:8000/app/"), wrong_code
    ),
    "login_submit_flow_expired_nav": EXPIRED,
    "login_submit_lookup_secret_json": then(LOOKUP_DUE, init("login", AAL2), show_lookup_secret),
    "login_submit_refresh_password_json": then(AT_AAL2, init("login", REFRESH)),
    "login_submit_totp_nav_return_to": then(TOTP_DUE, init("login", f"{AAL2}&{RETURN_TO_RAW}"), show_code),
    "login_submit_totp_nav_return_to_with_query": then(TOTP_DUE, odd_return_to, show_code),
    "login_submit_totp_wrong_code_json": then(
        TOTP_DUE, init("login", f"{AAL2}&{RETURN_TO_RAW}"), lambda stage: stage.fields.clear()
    ),
    "login_submit_wrong_password_json": then(person(), LOGIN, lambda stage: stage.fields.pop("password")),
    "sessions_delete_all_others_200": then(person(signed_in=IN), other_sessions(3)),
    "sessions_delete_current_400": then(person(signed_in=IN), own_id),
    "sessions_delete_one_204": then(person(signed_in=IN), other_sessions(1)),
    "sessions_list_200": then(person(signed_in=IN), other_sessions(3)),
    "sessions_list_200_although_aal2_required": sessions_of_v1,
    "sessions_list_401_no_session": person(),
    "sessions_list_403_aal2_required": TOTP_DUE,
    "settings_submit_403_session_refresh_required_json": OLD,
    "settings_submit_lookup_confirm_json": then(person(signed_in=IN), SETTINGS, regenerate),
    "settings_submit_lookup_regenerate_json": then(person(signed_in=IN), SETTINGS),
    "settings_submit_session_refresh_required_nav": OLD,
    "settings_submit_totp_enrol_json": then(person(signed_in=IN), init("settings", f"?{RETURN_TO_RAW}"), show_code),
    "settings_submit_totp_enrol_nav_return_to": then(
        person(signed_in=IN), init("settings", f"?{RETURN_TO_RAW}"), show_code
    ),
}
GROUPS = ("admin_*", "error_page_*", "login_*", "sessions_*", "settings_submit_*")
NOT_COVERED: dict[str, str] = {}
PLAYED = [each for each in ALL if any(fnmatch(each[1].stem, group) for group in GROUPS)]


@pytest.mark.parametrize(
    ("version", "path"),
    [pytest.param(*each, id=f"{each[0]}-{each[1].stem}") for each in PLAYED if each[1].stem in CASES],
)
def test_recorded_request_gets_the_recorded_answer(version: str, path: Path) -> None:
    recording = json.loads(path.read_text())
    stage = Stage(FakeOry(version, public_url=public_url_of(recording), **levels(recording["mode"])))
    CASES[path.stem](stage)
    asked, expected = recording["request"], recording["response"]

    answer = stage.ory.handle(asked["method"], path_of(stage, asked), headers_of(stage, asked), body_of(stage, asked))

    assert answer.status == expected["status"], answer.body
    assert flow_headers(answer.headers) == flow_headers(pairs(expected["headers"]))
    assert flow_body(parsed(answer.body)) == flow_body(expected["body"])


def test_every_recording_is_covered_or_left_out_with_a_reason_and_no_other() -> None:
    assert sorted({path.stem for _, path in PLAYED}) == sorted([*CASES, *NOT_COVERED])


def path_of(stage: Stage, asked: dict[str, Any]) -> str:
    return re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", stage.id, asked["path"])


def headers_of(stage: Stage, asked: dict[str, Any]) -> list[tuple[str, str]]:
    session = stage.session
    values = {"SESSION-COOKIE-PLACEHOLDER": session.cookie if session else "", "CSRF-COOKIE-PLACEHOLDER": CSRF}
    values |= {"ory_st_PLACEHOLDER": session.token if session else ""}
    headers = [(name, str(value)) for name, value in asked["headers"].items()]
    for placeholder, value in values.items():
        headers = [(name, text.replace(placeholder, value)) for name, text in headers]
    return headers


def body_of(stage: Stage, asked: dict[str, Any]) -> bytes:
    """The recorded form, with what this person knows; a token that does not fit stays as it is."""
    body = asked.get("body")
    if body is None:
        return b""
    fields = body if isinstance(body, dict) else {name: values[0] for name, values in parse_qs(body).items()}
    known = {"csrf_token": stage.csrf() if len(fields.get("csrf_token", "")) > 1 else "x", **stage.fields}
    filled = {name: known.get(name, value) for name, value in fields.items()}
    if asked["method"] == "POST" and fields.get("password", PASSWORD) != PASSWORD:
        filled["password"] = fields["password"]
    return json.dumps(filled).encode() if isinstance(body, dict) else urlencode(filled).encode()


def parsed(body: bytes) -> Any:
    return json.loads(body) if body[:1] in {b"{", b"["} else body.decode()


PATTERNS = {
    r"\b(?:[\w.-]+@example\.test)": "<email>",
    r"(database=)\w+(`: )127\.0\.0\.1:\d+ (.*)127\.0\.0\.1:\d+:": r"\1…\2… \3…:",
    r"(TOTP secret is |secret=)[A-Z2-7]{32}": r"\1<totp secret>",
    r"\$2[ab]\$.*": "<hash>",
    r"^(?:[a-z0-9]{8}(?:, )?)+$": "<recovery codes>",
    r"Max-Age=2592000; ": "Max-Age=2592000; ",
}


def flow_body(value: Any) -> str:
    return spelled(with_patterns(value))


def with_patterns(value: Any) -> Any:
    if isinstance(value, dict):
        changed = {key: with_patterns(member) for key, member in value.items()}
        return changed | ({"since": "<nanoseconds>"} if "since" in changed else {})
    if isinstance(value, list):
        return [with_patterns(member) for member in value]
    return replaced(value) if isinstance(value, str) else value


def replaced(text: str) -> str:
    for pattern, name in PATTERNS.items():
        text = re.sub(pattern, name, text)
    return text


def flow_headers(headers: list[tuple[str, str]]) -> dict[str, list[str]]:
    table = header_table(headers)
    table["set-cookie"] = [re.sub(r"Expires=[^;]+", "Expires=<time>", cookie) for cookie in table.get("set-cookie", [])]
    return {name: sorted(same(value) for value in values) for name, values in table.items()}
