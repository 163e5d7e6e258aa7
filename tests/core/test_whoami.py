"""Answers no server should give: whatever is odd gives less, never more, and never breaks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.flows import Flows
from django_ory_mfa.core.session import AAL, OF_ERRORS, OrySession, SessionState
from django_ory_mfa.core.whoami import UNAVAILABLE as NO_ANSWER
from django_ory_mfa.core.whoami import read_whoami
from tests.ids import stable

NOW = datetime(2026, 11, 24, 11, 30, tzinfo=UTC)
BROWSER_URL = "https://app.example.test/.ory"
BASE = f"{BROWSER_URL}/self-service"
ACTIVE, ANONYMOUS, STEP_UP_REQUIRED, UNAVAILABLE = SessionState
GONE = object()
GOOD: dict[str, Any] = {
    "id": "0815",
    "active": True,
    "expires_at": "2026-11-24T12:30:00Z",
    "authenticated_at": "2026-11-24T11:29:00Z",
    "issued_at": "2026-11-24T11:28:00Z",
    "authenticator_assurance_level": "aal2",
    "authentication_methods": [
        {"method": "password", "aal": "aal1", "completed_at": "2026-11-24T11:28:00Z"},
        {"method": "totp", "aal": "aal2", "completed_at": "2026-11-24T11:29:00Z"},
    ],
    "identity": {"id": "4711", "traits": {"email": "person@example.test"}},
}


def read(status: int, body: bytes, **headers: str) -> OrySession:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_whoami(Answer(status, named, body), now=NOW, flows=Flows(BROWSER_URL))


def whoami(**changes: Any) -> OrySession:
    body = {name: value for name, value in {**GOOD, **changes}.items() if value is not GONE}
    return read(200, json.dumps(body).encode())


def person(**fields: Any) -> OrySession:
    return whoami(identity={**GOOD["identity"], **fields})


def forbidden(body: object) -> OrySession:
    return read(403, json.dumps(body).encode())


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat()


def test_answer_as_it_should_be_is_active() -> None:
    session = whoami()

    assert (session.state, session.aal, session.id, session.raw) == (ACTIVE, AAL.AAL2, "0815", GOOD)
    assert session.identity is not None
    assert (session.identity.id, session.identity.traits) == ("4711", {"email": "person@example.test"})
    assert (session.error_id, session.redirect_browser_to, session.retry_after) == (None, None, None)


@pytest.mark.parametrize("name", OF_ERRORS)
def test_active_session_has_nothing_of_an_error(name: str) -> None:
    assert getattr(whoami(**{name: "2026-11-24T11:29:00Z"}), name) is None


@pytest.mark.parametrize("active", [False, GONE, None, 1, 1.0, "true", "True", [True], {}, float("nan")], ids=stable)
def test_any_other_active_is_anonymous(active: object) -> None:
    assert whoami(active=active) == OrySession(ANONYMOUS)


@pytest.mark.parametrize(
    ("expires_at", "expected"),
    [
        pytest.param(ago(-3600), ACTIVE, id="in-an-hour"),
        pytest.param(ago(0), ACTIVE, id="now"),
        pytest.param(ago(59.999999), ACTIVE, id="within-the-skew"),
        pytest.param(ago(60), ACTIVE, id="exactly-60s-ago"),
        pytest.param(ago(60.000001), ANONYMOUS, id="beyond-the-skew"),
        pytest.param("2026-11-24T12:28:00+01:00", ANONYMOUS, id="past-in-another-zone"),
        pytest.param("2026-11-24T10:31:00-01:00", ACTIVE, id="future-in-another-zone"),
        pytest.param("1970-01-01T00:00:00Z", ANONYMOUS, id="epoch"),
        pytest.param("0001-01-01T00:00:00Z", ANONYMOUS, id="gos-zero-time"),
        pytest.param(GONE, ACTIVE, id="missing"),
        pytest.param(None, ACTIVE, id="null"),
        pytest.param("", ACTIVE, id="empty"),
        pytest.param("yesterday", ACTIVE, id="no-time"),
        pytest.param("2026-11-24T11:00:00", ACTIVE, id="past-without-offset-is-unreadable"),
        pytest.param(1764000000, ACTIVE, id="number"),
        pytest.param(["2026-11-24T11:00:00Z"], ACTIVE, id="list"),
    ],
)
def test_session_that_expired_is_anonymous(expires_at: object, expected: SessionState) -> None:
    assert whoami(expires_at=expires_at).state is expected


@pytest.mark.parametrize("value", [GONE, None, "", 0, 5, True, ["0815"], {"id": "0815"}], ids=stable)
def test_session_without_a_string_id_is_unavailable(value: object) -> None:
    assert whoami(id=value) == NO_ANSWER


@pytest.mark.parametrize("value", [None, "", 0, 5, True, ["4711"], {"id": "4711"}], ids=stable)
def test_person_without_a_string_id_is_unavailable(value: object) -> None:
    assert person(id=value) == NO_ANSWER


@pytest.mark.parametrize("value", [GONE, None, "4711", 5, True, ["id"], [{"id": "4711"}], {}], ids=stable)
def test_session_without_a_person_is_unavailable(value: object) -> None:
    assert whoami(identity=value) == NO_ANSWER


DEEP = 100_000
GOOD_BYTES = json.dumps(GOOD).encode()


def with_traits(value: bytes) -> bytes:
    """The good answer with ``value`` as the traits, byte for byte."""
    before, after = GOOD_BYTES.split(b'{"email": "person@example.test"}')
    return before + value + after


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" \n", id="blank"),
        pytest.param(b"null", id="null"),
        pytest.param(b"true", id="true"),
        pytest.param(b"0", id="number"),
        pytest.param(b'"aal2"', id="string"),
        pytest.param(b"[]", id="empty-list"),
        pytest.param(b"[" + GOOD_BYTES + b"]", id="session-in-a-list"),
        pytest.param(b"{}", id="empty-object"),
        pytest.param(b"<html><body>OK</body></html>", id="html"),
        pytest.param(b"OK", id="text"),
        pytest.param(GOOD_BYTES[:-1], id="cut-short"),
        pytest.param(GOOD_BYTES * 2, id="twice"),
        pytest.param(b"\x00" + GOOD_BYTES, id="nul-before"),
        pytest.param(GOOD_BYTES + b"\x00", id="nul-after"),
        pytest.param(with_traits(b'{"name": "\xff\xfe"}'), id="invalid-utf-8"),
        pytest.param(with_traits(b'{"name": "\xc3"}'), id="cut-utf-8"),
        pytest.param(with_traits(b'{"name": "\xc0\xaf"}'), id="overlong-utf-8"),
        pytest.param(with_traits(b'{"name": "\xed\xa0\x80"}'), id="surrogate-in-utf-8"),
        pytest.param(with_traits(b'{"name": "\\ud800"}'), id="lone-surrogate-escaped"),
        pytest.param(with_traits(b'{"name": "\\uDFFFx"}'), id="lone-surrogate-in-capitals"),
        pytest.param(with_traits(b'{"\\ud800": 1}'), id="lone-surrogate-as-name"),
        pytest.param(with_traits(b'{"\\ud83d \\ude00": 1}'), id="surrogates-parted"),
        pytest.param(
            json.dumps({**GOOD, "x": "\ud800"}, ensure_ascii=False).encode("utf-16", "surrogatepass"),
            id="lone-surrogate-in-utf-16",
        ),
        pytest.param(with_traits(b'{"name": "\x01"}'), id="control-character"),
        pytest.param(with_traits(b'{"n": ' + b"9" * 5000 + b"}"), id="int-beyond-python"),
        pytest.param(with_traits(b"[" * DEEP + b"]" * DEEP), id="deep-list"),
        pytest.param(with_traits(b'{"a":' * DEEP + b"1" + b"}" * DEEP), id="deep-object"),
        pytest.param(with_traits(b"[" * DEEP), id="deep-and-cut-short"),
        pytest.param(with_traits(b"[" * DEEP + b'"\\ud800"' + b"]" * DEEP), id="deep-surrogate"),
    ],
)
def test_body_that_is_no_session_is_unavailable(body: bytes) -> None:
    assert read(200, body) == NO_ANSWER


@pytest.mark.parametrize(
    "traits",
    [
        pytest.param(b'{"name": "\\ud83d\\ude00"}', id="surrogate-pair"),
        pytest.param('{"name": "é😀"}'.encode(), id="utf-8"),
        pytest.param(b'{"name": "\\\\ud800"}', id="backslash-that-only-looks-like-a-surrogate"),
        pytest.param(b'{"n": ' + b"9" * 4000 + b"}", id="large-int"),
        pytest.param(b'{"n": NaN, "m": -Infinity, "o": 1e999}', id="nan-and-infinity"),
        pytest.param(b"[" * 50 + b"]" * 50, id="nested"),
    ],
)
def test_odd_but_readable_traits_do_not_matter(traits: bytes) -> None:
    session = read(200, with_traits(traits))

    assert (session.state, session.aal) == (ACTIVE, AAL.AAL2)


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        pytest.param(b', "active": false}', (ANONYMOUS, AAL.AAL0), id="active"),
        pytest.param(b', "authenticator_assurance_level": "aal1"}', (ACTIVE, AAL.AAL1), id="level"),
        pytest.param(b', "identity": null}', (UNAVAILABLE, AAL.AAL0), id="person"),
    ],
)
def test_last_of_duplicate_names_counts(member: bytes, expected: tuple[SessionState, AAL]) -> None:
    session = read(200, GOOD_BYTES[:-1] + member)

    assert (session.state, session.aal) == expected


@pytest.mark.parametrize(
    "level", [GONE, None, "", "aal9", "AAL2", "aal2 ", 2, True, ["aal2"], {"aal": "aal2"}, float("inf")], ids=stable
)
def test_level_that_is_none_is_aal0(level: object) -> None:
    session = whoami(authenticator_assurance_level=level)

    assert (session.state, session.aal) == (ACTIVE, AAL.AAL0)


@pytest.mark.parametrize("level", ["aal0", "aal1", "aal2", "aal3"])
def test_level_is_the_sessions_own_whatever_its_entries_say(level: str) -> None:
    assert whoami(authenticator_assurance_level=level).aal == level


@pytest.mark.parametrize("entries", [GONE, None, "totp", 5, True, {"method": "totp", "aal": "aal2"}, []], ids=stable)
def test_entries_that_are_no_list_are_none(entries: object) -> None:
    assert whoami(authentication_methods=entries).authentication_methods == ()


def test_entries_that_are_no_objects_are_left_out() -> None:
    session = whoami(
        authentication_methods=[None, "totp", 5, ["totp", "aal2"], {"method": "totp", "aal": "aal2"}, True]
    )

    assert [(entry.method, entry.aal) for entry in session.authentication_methods] == [("totp", AAL.AAL2)]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param({}, ("", "aal0", None, None), id="empty"),
        pytest.param({"method": "new", "aal": "aal2"}, ("new", "aal2", None, None), id="unknown-method"),
        pytest.param({"method": 5, "aal": 2, "provider": 7}, ("", "aal0", None, None), id="numbers"),
        pytest.param({"method": ["totp"], "aal": ["aal2"]}, ("", "aal0", None, None), id="lists"),
        pytest.param({"method": "totp", "aal": "AAL2"}, ("totp", "aal0", None, None), id="level-in-capitals"),
        pytest.param({"method": "totp"}, ("totp", "aal0", None, None), id="no-level"),
        pytest.param(
            {"method": "oidc", "aal": "aal1", "provider": "acme", "upstream_acr": "x"},
            ("oidc", "aal1", None, "acme"),
            id="provider",
        ),
        pytest.param({"method": "oidc", "aal": "aal1", "provider": ""}, ("oidc", "aal1", None, None), id="no-provider"),
    ],
)
def test_entry_is_read_as_far_as_it_can_be(entry: object, expected: tuple[Any, ...]) -> None:
    (read_entry,) = whoami(authentication_methods=[entry]).authentication_methods

    assert (read_entry.method, read_entry.aal, read_entry.completed_at, read_entry.provider) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T11:29:00Z", NOW - timedelta(minutes=1)),
        ("2026-11-24T11:29:00.5Z", NOW - timedelta(seconds=59.5)),
        ("2026-11-24T11:28:59.123456789Z", datetime(2026, 11, 24, 11, 28, 59, 123456, tzinfo=UTC)),
        ("2026-11-24T13:29:00+02:00", NOW - timedelta(minutes=1)),
        ("2026-11-23T21:29:00-14:00", NOW - timedelta(minutes=1)),
        ("2026-11-24T11:29:00", None),
        ("2026-11-24T11:29:00.123456789", None),
        ("2026-11-24", None),
        ("2026-02-30T00:00:00Z", None),
        ("2026-11-24T25:00:00Z", None),
        ("2026-11-24T11:29:00+25:00", None),
        ("0001-01-01T00:00:00+14:00", datetime(1970, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("10000-01-01T00:00:00Z", None),
        ("now", None),
        ("", None),
        ("\x00", None),
        ("2026-11-24T11:29:00Z\n", None),
        ("\uff12\uff10\uff12\uff16-11-24T11:29:00Z", None),
        (None, None),
        (1764000000, None),
        (True, None),
        ({"time": "2026-11-24T11:29:00Z"}, None),
    ],
    ids=stable,
)
def test_time_is_aware_or_not_there(text: object, expected: datetime | None) -> None:
    entry = {"method": "totp", "aal": "aal2", "completed_at": text}

    session = whoami(authentication_methods=[entry], authenticated_at=text, issued_at=text)

    assert session.authentication_methods[0].completed_at == expected
    assert (session.authenticated_at, session.issued_at) == (expected, expected)
    assert expected is None or (session.issued_at is not None and session.issued_at.tzinfo is UTC)


TEXTS = ("external_id", "schema_id", "state", "organization_id")


@pytest.mark.parametrize("name", TEXTS)
def test_text_of_a_person_is_kept(name: str) -> None:
    assert getattr(person(**{name: "value"}).identity, name) == "value"


@pytest.mark.parametrize("value", [None, "", 5, True, ["value"], {"value": 1}], ids=stable)
@pytest.mark.parametrize("name", TEXTS)
def test_text_of_a_person_that_is_none_is_left_out(name: str, value: object) -> None:
    assert getattr(person(**{name: value}).identity, name) is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("traits", {"a": {"b": [1]}}, {"a": {"b": [1]}}),
        ("traits", None, {}),
        ("traits", ["a"], {}),
        ("traits", "a", {}),
        ("metadata_public", {"a": 1}, {"a": 1}),
        ("metadata_public", ["a"], ["a"]),
        ("metadata_public", None, None),
        ("verifiable_addresses", [{"value": "a"}, "b", None], ({"value": "a"},)),
        ("verifiable_addresses", {"value": "a"}, ()),
        ("recovery_addresses", [{"value": "a"}], ({"value": "a"},)),
        ("recovery_addresses", "a", ()),
        ("created_at", "2026-11-24T11:30:00Z", NOW),
        ("created_at", "2026-11-24T11:30:00", None),
        ("updated_at", "2026-11-24T11:30:00Z", NOW),
        ("updated_at", 5, None),
    ],
    ids=stable,
)
def test_field_of_a_person_is_read_as_far_as_it_can_be(name: str, value: object, expected: object) -> None:
    assert getattr(person(**{name: value}).identity, name) == expected


@pytest.mark.parametrize("body", [b"", b"{}", GOOD_BYTES, b"<html>", b'{"error": {"id": "session_aal2_required"}}'])
def test_401_is_anonymous_whatever_it_says(body: bytes) -> None:
    assert read(401, body).state == ANONYMOUS


@pytest.mark.parametrize("error_id", ["session_aal2_required", "session_aal2_enrollment_required"])
@pytest.mark.parametrize(
    ("url", "kept"),
    [
        pytest.param(f"{BASE}/login/browser?aal=aal2", True, id="ours"),
        pytest.param("https://evil.test/self-service/login/browser", False, id="foreign"),
        pytest.param(None, False, id="none"),
    ],
)
def test_known_403_is_step_up_required_and_keeps_only_a_safe_url(error_id: str, url: str | None, *, kept: bool) -> None:
    session = forbidden({"error": {"id": error_id}, "redirect_browser_to": url})

    expected = OrySession(STEP_UP_REQUIRED, error_id=error_id, redirect_browser_to=url if kept else None)
    assert session == expected


@pytest.mark.parametrize("error", [{"id": "something_new"}, {"id": 5}, {"id": ""}, {}, None, "text", [1]], ids=stable)
def test_other_403_with_a_safe_url_is_step_up_required(error: object) -> None:
    url = f"{BASE}/verification/browser?flow=1"

    session = forbidden({"error": error, "redirect_browser_to": url})

    assert (session.state, session.redirect_browser_to) == (STEP_UP_REQUIRED, url)
    assert session.error_id == ("something_new" if error == {"id": "something_new"} else None)


UNSAFE_URLS = {
    "missing": None,
    "empty": "",
    "number": 5,
    "list": [f"{BASE}/login/browser"],
    "other-host": "https://evil.test/.ory/self-service/login/browser",
    "host-that-begins-alike": "https://app.example.test.evil.test/.ory/self-service/login/browser",
    "user-info": "https://app.example.test@evil.test/.ory/self-service/login/browser",
    "user-info-before-our-host": "https://u:p@app.example.test/.ory/self-service/login/browser",
    "other-scheme": "http://app.example.test/.ory/self-service/login/browser",
    "script": "javascript:alert(1)//app.example.test/.ory/self-service/",
    "data": "data:text/html,x",
    "other-port": "https://app.example.test:8443/.ory/self-service/login/browser",
    "protocol-relative": "//app.example.test/.ory/self-service/login/browser",
    "path-only": "/.ory/self-service/login/browser",
    "outside": "https://app.example.test/elsewhere",
    "without-the-prefix": "https://app.example.test/self-service/login/browser",
    "climbing": f"{BASE}/../../admin",
    "climbing-in-percent-codes": f"{BASE}/%2e%2E/%2E./admin",
    "backslash": f"{BASE}\\..\\admin",
    "backslash-host": "https:\\\\evil.test\\.ory/self-service/",
    "line-break": f"{BASE}/login\r\nSet-Cookie: a=b",
    "tab": "https://app.exa\tmple.test/.ory/self-service/login/browser",
    "leading-space": f" {BASE}/login/browser",
    "non-ascii": f"{BASE}/lögin",
    "full-width-host": "https://\uff41pp.example.test/.ory/self-service/login/browser",
    "bad-port": "https://app.example.test:99999/.ory/self-service/login",
    "bad-ipv6": "https://[::1/.ory/self-service/login",
}


@pytest.mark.parametrize("url", UNSAFE_URLS.values(), ids=UNSAFE_URLS)
def test_other_403_with_an_unsafe_url_is_unavailable(url: object) -> None:
    assert forbidden({"error": {"id": "something_new"}, "redirect_browser_to": url}).state == UNAVAILABLE


@pytest.mark.parametrize("url", UNSAFE_URLS.values(), ids=UNSAFE_URLS)
def test_known_403_with_an_unsafe_url_keeps_none(url: object) -> None:
    session = forbidden({"error": {"id": "session_aal2_required"}, "redirect_browser_to": url})

    assert session == OrySession(STEP_UP_REQUIRED, error_id="session_aal2_required")


def test_url_in_the_details_alone_is_not_followed() -> None:
    details = {"redirect_browser_to": f"{BASE}/verification/browser"}

    assert forbidden({"error": {"id": "something_new", "details": details}}).state == UNAVAILABLE


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{}", b"[]", b"<html>Forbidden by a proxy</html>", b"null", b"\xff", b"[" * DEEP),
        *(b'{"error": "session_aal2_required"}', b'{"id": "session_aal2_required"}'),
        b'{"error": {"id": "SESSION_AAL2_REQUIRED"}}',
    ],
    ids=range(10),
)
def test_403_that_says_nothing_is_unavailable(body: bytes) -> None:
    assert read(403, body).state == UNAVAILABLE


@pytest.mark.parametrize(
    "status", [0, 100, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 402, 404, 405, 408, 410, 422, 431]
)
def test_other_status_is_unavailable_even_with_a_session(status: int) -> None:
    assert read(status, GOOD_BYTES, x_ratelimit_reset="20").state == UNAVAILABLE


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 520, 599])
def test_failure_of_ory_is_unavailable(status: int) -> None:
    assert read(status, b'{"error": {"code": 500}}', retry_after="20").state == UNAVAILABLE


@pytest.mark.parametrize("reason", ["timeout", "body too large", "ConnectionError"])
def test_no_answer_is_unavailable(reason: str) -> None:
    assert read_whoami(Answer.failed(reason), now=NOW, flows=Flows(BROWSER_URL)).state == UNAVAILABLE


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({}, 5, id="missing"),
        pytest.param({"x_ratelimit_reset": ""}, 5, id="empty"),
        pytest.param({"x_ratelimit_reset": "0"}, 1, id="zero"),
        pytest.param({"x_ratelimit_reset": "1"}, 1, id="one"),
        pytest.param({"x_ratelimit_reset": "7"}, 7, id="seven"),
        pytest.param({"x_ratelimit_reset": "007"}, 7, id="leading-zeros"),
        pytest.param({"x_ratelimit_reset": "30"}, 30, id="thirty"),
        pytest.param({"x_ratelimit_reset": "31"}, 30, id="more-than-thirty"),
        pytest.param({"x_ratelimit_reset": "1764000000"}, 30, id="point-in-time"),
        pytest.param({"x_ratelimit_reset": "9" * 10_000}, 30, id="longer-than-python-reads"),
        pytest.param({"x_ratelimit_reset": "-1"}, 5, id="negative"),
        pytest.param({"x_ratelimit_reset": "1.5"}, 5, id="fraction"),
        pytest.param({"x_ratelimit_reset": "soon"}, 5, id="word"),
        pytest.param({"x_ratelimit_reset": "²"}, 5, id="superscript-digit"),
        pytest.param({"x_ratelimit_reset": "\u0667"}, 5, id="arabic-digit"),
        pytest.param({"retry_after": "20"}, 5, id="another-header"),
    ],
)
def test_429_says_when_to_ask_again(headers: dict[str, str], expected: int) -> None:
    session = read(429, b'{"error": {"code": 429}}', **headers)

    assert (session.state, session.retry_after) == (UNAVAILABLE, expected)


@pytest.mark.parametrize(("status", "state"), [(401, SessionState.ANONYMOUS), (500, UNAVAILABLE), (403, UNAVAILABLE)])
@pytest.mark.parametrize(("error", "expected"), [({"id": "of_ory"}, "of_ory"), ({"id": 5}, None), ({}, None)])
def test_id_of_the_error_is_kept(status: int, state: SessionState, error: dict[str, Any], expected: str | None) -> None:
    session = read(status, json.dumps({"error": error}).encode())

    assert (session.state, session.error_id) == (state, expected)
    assert session.retry_after == (5 if state == UNAVAILABLE else None)


@pytest.mark.parametrize("status", [0, 404, 500, 503])
def test_only_429_says_when_to_ask_again(status: int) -> None:
    assert read(status, b"{}", x_ratelimit_reset="20").retry_after == 5


@pytest.mark.parametrize(("seconds", "expected"), [(None, 5), (0.0, 1), (0.2, 1), (2.0, 2), (2.1, 3), (60.0, 60)])
def test_failed_call_says_in_whole_seconds_when_to_ask_again(seconds: float | None, expected: int) -> None:
    failed = Answer.failed("breaker", is_outage=True, retry_after=seconds)

    assert read_whoami(failed, now=NOW, flows=Flows("https://ory.example")).retry_after == expected


def test_answer_hides_what_it_holds() -> None:
    answer = Answer(200, {"set-cookie": "ory_kratos_session=secret"}, b"secret")

    assert "secret" not in repr(answer)


def test_failed_answer_says_why() -> None:
    answer = Answer.failed("timeout")

    assert (answer.status, answer.failure, answer.json_object()) == (0, "timeout", {})


@pytest.mark.parametrize(("seconds", "state"), [(59, "active"), (60, "active"), (60.5, "anonymous"), (61, "anonymous")])
def test_clock_of_ory_may_differ_by_a_minute(seconds: float, state: str) -> None:
    assert whoami(expires_at=(NOW - timedelta(seconds=seconds)).isoformat()).state == state
