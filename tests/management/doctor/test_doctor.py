"""The checks of the doctor on made-up facts, and how it reads answers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.management.doctor import cookies, levels, reaching, reading, returning
from django_ory_mfa.management.doctor.examination import examine_facts
from django_ory_mfa.management.doctor.facts import Cookie, Facts, Person, RateLimit, Seen, Site
from django_ory_mfa.management.doctor.results import Result, Status
from django_ory_mfa.management.init.identity_schema import identity_schema

OK, SKIPPED, WARNING, FAILED = Status.OK, Status.SKIPPED, Status.WARNING, Status.FAILED
SITE = Site(
    sdk_url="https://ory.example.com",
    browser_url="https://ory.example.com",
    addresses=("https://www.example.com",),
    session_cookie=None,
    network_cookie=None,
    declared_whoami_aal=None,
    declared_settings_aal=None,
)
SHOWN, REFUSED = Seen(200), Seen(403, error_id="session_aal2_required")
PERSON = Person(whoami=REFUSED, aal=None, settings=REFUSED, enrolled=True)
LAX = replace(PERSON, whoami=SHOWN, aal="aal1")
FACTS = Facts(
    site=SITE,
    whoami=Seen(401),
    is_ory=True,
    ready=Seen(200),
    skew=0,
    own_url="https://ory.example.com",
    cookie=Cookie("example.com", is_secure=True, same_site="Lax"),
    returns={"https://www.example.com/": Seen(200)},
    person=PERSON,
    admin=Seen(200),
    version="v26.2.0",
)


def facts(**changes: Any) -> Facts:
    """Return the facts of a healthy set-up with ``changes``, also of the settings."""
    of_site = {name: changes.pop(name) for name in tuple(changes) if name in Site.__dataclass_fields__}
    return replace(FACTS, site=replace(SITE, **of_site), **changes)


def only(check: Any, **changes: Any) -> Result:
    (result,) = check(facts(**changes))
    assert isinstance(result, Result)
    return result


def verdicts(check: Any, **changes: Any) -> list[Status]:
    return [result.status for result in check(facts(**changes))]


def test_healthy_facts_give_nothing_to_do() -> None:
    person = replace(PERSON, credentials=frozenset({"password", "totp"}))

    results = list(examine_facts(facts(person=person)))

    assert [result for result in results if result.status not in (OK, SKIPPED)] == []
    assert [result.check for result in results if result.status is SKIPPED] == ["cookie-name"]


def test_server_that_is_not_ory_is_asked_nothing_else() -> None:
    results = list(examine_facts(Facts(SITE, Seen(200), is_ory=False)))

    assert [(result.check, result.status) for result in results] == [
        ("reachable", FAILED),
        ("everything else", SKIPPED),
    ]


# Reaching Ory.


@pytest.mark.parametrize(
    ("seen", "is_ory", "status", "words"),
    [
        (Seen(401), True, OK, "Ory answers at https://ory.example.com"),
        (Seen(0, "timeout"), False, FAILED, "longer than ORY_MFA_TIMEOUT"),
        (Seen(0, "ConnectionError"), False, FAILED, "refused, or the host name cannot be resolved"),
        (Seen(0, "SSLError"), False, FAILED, "certificate"),
        (Seen(0, "ProxyError"), False, FAILED, "proxy"),
        (Seen(0, "body too large"), False, FAILED, "body too large"),
        (Seen(429), False, FAILED, "rate limit"),
        (Seen(200), False, FAILED, "it answers 200 where Ory answers 401"),
        (Seen(302, location="https://elsewhere.example/"), False, FAILED, "redirects to https://elsewhere.example/"),
        (Seen(307, location="/admin/sessions/whoami"), False, FAILED, "admin port"),
    ],
)
def test_reachable(seen: Seen, status: Status, words: str, *, is_ory: bool) -> None:
    result = only(reaching.check_reachable, whoami=seen, is_ory=is_ory)

    assert result.status is status
    assert words in result.reason
    assert bool(result.fix) is (status is FAILED)


def test_foreign_401_is_told_from_a_401_to_everything() -> None:
    foreign = only(reaching.check_reachable, whoami=Seen(401), is_ory=False, login=None)
    gate = only(reaching.check_reachable, whoami=Seen(401), is_ory=False, login=Seen(401))

    assert "in another form than Ory" in foreign.reason
    assert "to everything, also to the sign-in" in gate.reason


@pytest.mark.parametrize(
    ("ready", "status"),
    [(Seen(200), OK), (Seen(503), FAILED), (Seen(404), SKIPPED), (Seen(0, "timeout"), SKIPPED)],
)
def test_ready(ready: Seen, status: Status) -> None:
    assert only(reaching.check_ready, ready=ready).status is status


def test_ready_that_was_not_asked_says_nothing() -> None:
    assert verdicts(reaching.check_ready, ready=None) == []


@pytest.mark.parametrize(
    ("admin", "version", "status"),
    [
        (None, None, SKIPPED),
        (Seen(200), "v26.2.0", OK),
        (Seen(200), "v1.3.1", WARNING),
        (Seen(404), None, FAILED),
        (Seen(0, "ConnectionError"), None, FAILED),
    ],
)
def test_version(admin: Seen | None, version: str | None, status: Status) -> None:
    assert only(reaching.check_version, admin=admin, version=version).status is status


@pytest.mark.parametrize(("everybody", "status"), [(True, OK), (False, WARNING), (None, WARNING)])
def test_version_with_a_fault_is_fine_where_everybody_gets_codes(*, everybody: bool | None, status: Status) -> None:
    found = only(reaching.check_version, admin=Seen(200), version="v1.3.1", everybody_gets_codes=everybody)

    assert found.status is status


def schema(traits: object) -> dict[str, Any]:
    return {"id": "person", "schema": {"properties": {"traits": traits}}}


MARKED = {"ory.sh/kratos": {"credentials": {"code": {"identifier": True, "via": "email"}}}}
FOR_ALL = schema(
    {"properties": {"contact": {"properties": {"email": MARKED}, "required": ["email"]}}, "required": ["contact"]}
)


@pytest.mark.parametrize(
    ("schemas", "everybody"),
    [
        ([json.loads(identity_schema())], False),
        ([{"id": "person", "schema": json.loads(identity_schema())}], True),
        ([FOR_ALL], True),
        ([FOR_ALL, schema({"properties": {"email": MARKED}})], False),
        ([schema({"properties": {"email": MARKED}, "required": ["name", 1]})], False),
        (
            [
                schema(
                    {
                        "properties": {"email": {"ory.sh/kratos": {"credentials": {"password": {}}}}},
                        "required": ["email"],
                    }
                )
            ],
            False,
        ),
        ([schema(None), 1], False),
        ([], None),
        ({"schemas": 1}, None),
        ("person", None),
    ],
)
def test_schemas_tell_whether_everybody_gets_codes(schemas: object, *, everybody: bool | None) -> None:
    assert reading.read_everybody_gets_codes(answer(schemas)) is everybody


def test_schemas_that_are_not_shown_tell_nothing() -> None:
    assert reading.read_everybody_gets_codes(replace(answer([FOR_ALL]), status=404)) is None


@pytest.mark.parametrize(
    ("skew", "status"),
    [
        (None, SKIPPED),
        (0, OK),
        (5, OK),
        (-5, OK),
        (6, WARNING),
        (60, WARNING),
        (-60, WARNING),
        (61, FAILED),
        (-61, FAILED),
    ],
)
def test_clock(skew: float | None, status: Status) -> None:
    assert only(reaching.check_clock, skew=skew).status is status


@pytest.mark.parametrize(
    ("skew", "words"), [(90, "90 s ahead of the local clock"), (-90, "90 s behind the local clock")]
)
def test_clock_says_which_one_is_ahead(skew: float, words: str) -> None:
    assert words in only(reaching.check_clock, skew=skew).reason


@pytest.mark.parametrize(
    ("limit", "status"),
    [(None, OK), (RateLimit(100, 10), OK), (RateLimit(100, 9), WARNING), (RateLimit(100, 0), WARNING)],
)
def test_rate_limit(limit: RateLimit | None, status: Status) -> None:
    assert only(reaching.check_rate_limit, rate_limit=limit).status is status


@pytest.mark.parametrize(("seconds", "words"), [(None, "does not let"), (150, "come from a cache for 150 s")])
def test_answers_of_a_cache(seconds: int | None, words: str) -> None:
    result = only(reaching.check_cacheable, cacheable=seconds)

    assert (result.status, words in result.reason) == (OK, True)


# There and back.


@pytest.mark.parametrize(
    ("own_url", "status"),
    [
        ("https://ory.example.com", OK),
        (None, SKIPPED),
        ("http://ory.example.com", WARNING),
        ("https://ory.example.com/.ory", WARNING),
        ("https://other.example.com", FAILED),
        ("http://127.0.0.1:4433", FAILED),
    ],
)
def test_browser_url(own_url: str | None, status: Status) -> None:
    result = only(returning.check_browser_url, own_url=own_url)

    assert result.status is status
    if status in (WARNING, FAILED):
        assert f'ORY_MFA_BROWSER_URL = "{own_url}"' in result.fix
        assert "serve.public.base_url: https://ory.example.com/" in result.fix


HERE, FORBIDDEN = "https://www.example.com", Seen(400, error_id="self_service_flow_return_to_forbidden")


@pytest.mark.parametrize(
    ("returns", "status"),
    [
        ({"/": Seen(200)}, OK),
        ({"/": FORBIDDEN}, FAILED),
        ({"/": FORBIDDEN, "/app/": FORBIDDEN}, FAILED),
        ({"/": Seen(200), "/app/": Seen(200), "/b/": FORBIDDEN}, FAILED),
        ({"/": Seen(429)}, SKIPPED),
        ({"/": Seen(0, "timeout")}, SKIPPED),
        ({}, SKIPPED),
    ],
)
def test_return_to(returns: dict[str, Seen], status: Status) -> None:
    result = only(returning.check_return_to, returns={f"{HERE}{path}": seen for path, seen in returns.items()})

    assert result.status is status
    assert (f'selfservice.allowed_return_urls of Ory: add "{HERE}/"' == result.fix) is (status is FAILED)


def test_return_to_names_what_is_refused() -> None:
    returns = {f"{HERE}/": FORBIDDEN, f"{HERE}/app/": Seen(200), f"{HERE}/b/": FORBIDDEN}

    result = only(returning.check_return_to, returns=returns, default_return_to="/app/")

    assert f"{HERE}/, {HERE}/b/." in result.reason


def test_start_of_the_host_may_be_refused_where_nobody_is_sent_there() -> None:
    returns = {f"{HERE}/": FORBIDDEN, f"{HERE}/app/": Seen(200)}

    result = only(returning.check_return_to, returns=returns, default_return_to="/app/")

    assert (result.status, result.reason) == (OK, f"Ory redirects back to {HERE}/app/.")


@pytest.mark.parametrize(
    ("address", "default", "returns", "fix"),
    [
        (HERE, None, {"/": FORBIDDEN, "/app/x": Seen(200)}, "/app/x"),
        (f"{HERE}/app", "/", {"/app/": Seen(200), "/": FORBIDDEN}, "/app/"),
        (f"{HERE}/app", "/home", {"/app/": Seen(200), "/home": FORBIDDEN}, "/app/"),
    ],
    ids=["not set", "start of the host", "elsewhere"],
)
def test_default_page_that_ory_does_not_lead_back_to_names_the_setting(
    address: str, default: str | None, returns: dict[str, Seen], fix: str
) -> None:
    found = {f"{HERE}{path}": seen for path, seen in returns.items()}

    result = only(returning.check_return_to, addresses=(address,), default_return_to=default, returns=found)

    page = f"{HERE}{default or '/'}"
    assert (result.status, result.fix) == (
        FAILED,
        f'ORY_MFA_DEFAULT_RETURN_TO = "{fix}", or selfservice.allowed_return_urls of Ory: add "{page}"',
    )
    assert f"does not redirect back to {page}, " in result.reason


def test_address_below_a_path_is_judged_by_its_own_pages() -> None:
    returns = {f"{HERE}/app/": Seen(200), f"{HERE}/application/": FORBIDDEN}

    assert only(returning.check_return_to, addresses=(f"{HERE}/app",), returns=returns).status is OK


def test_every_address_of_the_site_is_judged_alone() -> None:
    addresses = (HERE, "https://app.example.com")
    returns = {f"{HERE}/": Seen(200), "https://app.example.com/": FORBIDDEN}

    assert verdicts(returning.check_return_to, addresses=addresses, returns=returns) == [OK, FAILED]


@pytest.mark.parametrize("check", [returning.check_return_to, cookies.check_reach])
def test_site_whose_url_is_unknown_is_not_checked(check: Any) -> None:
    result = only(check, addresses=())

    assert result.status is SKIPPED
    assert "--site-url" in result.fix


# Cookies.


def reach(ory: str, site: str, cookie: Cookie | None) -> list[Result]:
    return list(cookies.check_reach(facts(own_url=ory, addresses=(site,), cookie=cookie)))


@pytest.mark.parametrize(
    ("ory", "site", "domain"),
    [
        ("https://ory.example.com", "https://www.example.com", "example.com"),
        ("https://ory.example.com", "https://example.com", "example.com"),
        ("https://example.com", "https://example.com:8443", None),
        ("http://127.0.0.1:4433", "http://127.0.0.1:8000", None),
    ],
)
def test_cookie_that_reaches_the_site(ory: str, site: str, domain: str | None) -> None:
    (result,) = reach(ory, site, Cookie(domain))

    assert result.status is OK


@pytest.mark.parametrize(
    ("ory", "site", "domain", "fix"),
    [
        ("https://ory.example.com", "https://www.example.com", None, "cookies.domain of Ory: example.com"),
        ("https://ory.example.com", "https://www.example.com", "ory.example.com", "cookies.domain of Ory: example.com"),
        ("https://example.com", "https://www.example.com", None, "cookies.domain of Ory: example.com"),
        (
            "https://a.projects.oryapis.com",
            "https://www.example.org",
            None,
            "Give Ory a domain next to www.example.org",
        ),
        ("https://ory.example.com", "https://www.other.com", "example.com", "Give Ory a domain next to www.other.com"),
        (
            "https://ory.example.com",
            "https://notexample.com",
            "example.com",
            "Give Ory a domain next to notexample.com",
        ),
        ("https://ory.example.com", "https://www.example.com", "example.org", "a domain that ory.example.com is in"),
        ("http://127.0.0.1:4433", "http://localhost:8000", None, "Open both the site and Ory as 127.0.0.1"),
        ("http://localhost:4000", "http://127.0.0.1:8000", None, "Open both the site and Ory as localhost"),
        ("https://a.projects.oryapis.com", "http://localhost:8000", None, "Ory Tunnel"),
        ("http://127.0.0.1:4433", "https://www.example.com", None, "Give Ory a domain next to www.example.com"),
        ("http://127.0.0.1:4433", "http://10.0.0.1", None, "Give Ory a domain next to 10.0.0.1"),
    ],
)
def test_cookie_that_does_not_reach_the_site(ory: str, site: str, domain: str | None, fix: str) -> None:
    (result,) = reach(ory, site, Cookie(domain))

    assert result.status is FAILED
    assert fix in result.fix


@pytest.mark.parametrize(
    ("ory", "site", "cookie", "expected"),
    [
        ("http://x.example", "http://x.example", Cookie(is_secure=True), [FAILED]),
        ("http://127.0.0.1:4433", "http://127.0.0.1:8000", Cookie(is_secure=True), [WARNING]),
        ("https://x.example", "https://x.example", Cookie(is_secure=True), [OK]),
        ("http://x.example", "http://x.example", Cookie(same_site="None"), [FAILED]),
        ("https://x.example", "https://x.example", Cookie(is_secure=True, same_site="None"), [OK]),
        ("https://x.example", "https://x.example", Cookie(is_secure=True, same_site="Strict"), [WARNING]),
        ("http://x.example", "https://x.example", Cookie(same_site="Lax"), [WARNING]),
        ("https://x.example", "http://x.example", Cookie(is_secure=True, same_site="Lax"), [FAILED, WARNING]),
    ],
)
def test_cookie_and_schemes(ory: str, site: str, cookie: Cookie, expected: list[Status]) -> None:
    assert [result.status for result in reach(ory, site, cookie)] == expected


def test_cookie_that_was_not_seen_counts_as_one_of_the_host() -> None:
    (result,) = cookies.check_reach(facts(own_url=None, cookie=None))

    assert result.status is FAILED


NETWORK = "ory_session_happyfox"


@pytest.mark.parametrize(
    ("session_cookie", "network_cookie", "with_cookie", "status"),
    [
        (NETWORK, NETWORK, None, SKIPPED),
        ("ory_kratos_session", NETWORK, None, FAILED),
        (None, None, None, SKIPPED),
        (None, None, Seen(500), OK),
        (None, None, Seen(200), WARNING),
        ("mine", None, Seen(500), OK),
        ("mine", None, Seen(200), FAILED),
        ("mine", None, Seen(429), SKIPPED),
    ],
)
def test_cookie_name(
    session_cookie: str | None, network_cookie: str | None, with_cookie: Seen | None, status: Status
) -> None:
    person = replace(LAX, with_cookie=with_cookie, cookie_name=session_cookie or "ory_kratos_session")

    result = only(cookies.check_name, session_cookie=session_cookie, network_cookie=network_cookie, person=person)

    assert result.status is status
    assert ("ORY_MFA_SESSION_COOKIE" in result.fix) is (status in (WARNING, FAILED))


def test_cookie_name_is_not_checked_without_a_token() -> None:
    assert only(cookies.check_name, person=None).status is SKIPPED


# Levels.

LEVELS = [levels.check_whoami, levels.check_settings, levels.check_codes]


@pytest.mark.parametrize("check", LEVELS)
@pytest.mark.parametrize(
    ("person", "status", "words"),
    [
        (None, SKIPPED, "tells this only for a session"),
        (replace(PERSON, whoami=Seen(401)), FAILED, "does not accept the session token (401)"),
        (replace(PERSON, whoami=Seen(403, error_id="other")), FAILED, "does not accept the session token (other)"),
        (replace(LAX, aal="aal2"), SKIPPED, "is at aal2"),
    ],
)
def test_token_that_tells_nothing(check: Any, person: Person | None, status: Status, words: str) -> None:
    result = only(check, person=person)

    assert result.status is status
    assert words in result.reason
    assert "--session-token-file" in result.fix


UNKNOWN = replace(LAX, settings=SHOWN, enrolled=False)


@pytest.mark.parametrize(
    ("person", "declared", "status"),
    [
        (PERSON, None, OK),
        (PERSON, "highest_available", OK),
        (PERSON, "aal1", WARNING),
        (LAX, None, OK),
        (LAX, "aal1", OK),
        (LAX, "highest_available", FAILED),
        (replace(LAX, settings=SHOWN), "highest_available", FAILED),
        (UNKNOWN, "highest_available", SKIPPED),
        (replace(UNKNOWN, enrolled=None), None, SKIPPED),
    ],
)
def test_whoami_level(person: Person, declared: str | None, status: Status) -> None:
    result = only(levels.check_whoami, person=person, declared_whoami_aal=declared)

    assert result.status is status
    if status in (WARNING, FAILED):
        assert "ORY_MFA_WHOAMI_REQUIRED_AAL = " in result.fix


@pytest.mark.parametrize(
    ("person", "declared", "status"),
    [
        (PERSON, None, OK),
        (PERSON, "highest_available", OK),
        (PERSON, "aal1", WARNING),
        (replace(PERSON, settings=SHOWN), None, FAILED),
        (replace(PERSON, settings=SHOWN, enrolled=None), "aal1", FAILED),
        (replace(LAX, settings=SHOWN, enrolled=True), None, FAILED),
        (UNKNOWN, None, SKIPPED),
        (replace(PERSON, settings=Seen(500)), None, SKIPPED),
    ],
)
def test_settings_level(person: Person, declared: str | None, status: Status) -> None:
    result = only(levels.check_settings, person=person, declared_settings_aal=declared)

    assert result.status is status
    assert ("selfservice.flows.settings.required_aal" in result.fix) is (status is FAILED)


@pytest.mark.parametrize(
    ("person", "credentials", "version", "status"),
    [
        (LAX, None, None, OK),
        (PERSON, None, None, SKIPPED),
        (PERSON, None, "v26.2.0", SKIPPED),
        (PERSON, {"password", "totp"}, "v26.2.0", OK),
        (PERSON, {"password", "code"}, "v26.2.0", OK),
        (PERSON, {"password"}, "v26.2.0", FAILED),
        (PERSON, set(), "v26.2.0", FAILED),
    ],
)
def test_codes(person: Person, credentials: set[str] | None, version: str | None, status: Status) -> None:
    known = None if credentials is None else frozenset(credentials)

    assert only(levels.check_codes, person=replace(person, credentials=known), version=version).status is status


# Reading.


def answer(body: Any = b"", status: int = 200, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


PART = "\x1b]0\x9b"
EVIL = "\x1b]0;owned\x07\u202e\u200b\r\nx\x9b"


def test_text_is_made_safe_for_a_terminal() -> None:
    assert reading.printable(EVIL) == "?]0;owned?????x?"
    assert len(reading.printable("a" * 5000)) == 200


@pytest.mark.parametrize(
    "read",
    [
        lambda: reading.read_seen(answer({"error": {"id": EVIL}}, location=EVIL)),
        lambda: reading.read_seen(Answer.failed(EVIL)),
        lambda: reading.read_version(answer({"version": EVIL})),
        lambda: reading.read_aal(answer({"authenticator_assurance_level": EVIL})),
        lambda: reading.read_cookie(answer(set_cookie=f"csrf_token=a; Domain={PART}; SameSite={PART}")),
        lambda: reading.read_credentials(answer([{"credentials": {EVIL: {}}}])),
    ],
)
def test_nothing_that_is_read_holds_a_control_character(read: Any) -> None:
    shown = repr(read())

    assert "?]0" in shown
    assert "\\" not in shown


NONSENSE = [b"", b"<html>", b"[]", b"null", b"[" * 100_000, b'{"error": 1, "ui": [], "version": []}', b"\xff"]


@pytest.mark.parametrize("body", NONSENSE, ids=range(len(NONSENSE)))
def test_unexpected_body_is_read_as_nothing(body: bytes) -> None:
    told = answer(body, 401)

    assert reading.read_seen(told) == Seen(401)
    assert not reading.read_is_ory(told)
    assert reading.read_version(answer(body)) is None
    assert reading.read_everybody_gets_codes(answer(body)) is None
    assert reading.read_aal(answer(body)) is None
    assert reading.read_own_url(told) is None
    assert reading.read_identifier(told) is None
    assert reading.read_credentials(told) is None


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"error": {"code": 401}}, 401, True),
        ({"error": {"code": 401}}, 200, False),
        ({"error": {"code": 403}}, 401, False),
        ({"error": "unauthorized"}, 401, False),
    ],
)
def test_ory_is_known_by_its_refusal(body: Any, status: int, *, expected: bool) -> None:
    assert reading.read_is_ory(answer(body, status)) is expected


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("https://ory.example/self-service/login?flow=1", "https://ory.example"),
        ("https://app.example/.ory/self-service/login?flow=1", "https://app.example/.ory"),
        ("/self-service/login", None),
        ("https://[/self-service/login", None),
        ("https://me@ory.example/self-service/login", None),
        ('https://ory.example"; import os #/self-service/login', None),
        ('https://ory.example"+evil()+"/self-service/login', None),
        ("ftp://ory.example/self-service/login", None),
        ("https://ory.example/login", None),
        (3, None),
    ],
)
def test_own_url_is_read_from_the_form(action: Any, expected: str | None) -> None:
    assert reading.read_own_url(answer({"ui": {"action": action}})) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("csrf_token_1=a; Path=/; Max-Age=3; HttpOnly; SameSite=Lax", Cookie(None, is_secure=False, same_site="Lax")),
        (
            "csrf_token_1=a; Domain=.Example.COM; Secure; SameSite=None",
            Cookie("example.com", is_secure=True, same_site="None"),
        ),
        (
            "__cf_bm=x; Expires=Wed, 25 Nov 2026 23:00:00 GMT; Domain=.oryapis.com, csrf_token_1=a; domain=b.example",
            Cookie("b.example"),
        ),
        ("csrf_token_1=a", Cookie()),
        ("other=a; Domain=x.example", None),
        ("", None),
    ],
)
def test_cookie_is_read(header: str, expected: Cookie | None) -> None:
    assert reading.read_cookie(answer(set_cookie=header)) == expected


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        (
            [
                {"attributes": {"name": "csrf_token", "value": "x"}},
                {"attributes": {"name": "identifier", "value": "me"}},
            ],
            "me",
        ),
        ([{"attributes": {"name": "identifier", "value": ""}}], None),
        ([{"attributes": {"name": "identifier"}}], None),
        ([{"attributes": 3}, 4], None),
        ({}, None),
    ],
)
def test_identifier_is_read(nodes: Any, expected: str | None) -> None:
    assert reading.read_identifier(answer({"ui": {"nodes": nodes}})) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([{"credentials": {"password": {}, "totp": {}}}], frozenset({"password", "totp"})),
        ([{"credentials": {}}], frozenset()),
        ([{"credentials": None}], None),
        ([{}], None),
        ([{"credentials": {}}, {"credentials": {}}], None),
        ([], None),
        (3, None),
    ],
)
def test_credentials_of_the_one_who_was_found(body: Any, expected: frozenset[str] | None) -> None:
    assert reading.read_credentials(answer(body)) == expected


@pytest.mark.parametrize(
    ("limit", "remaining", "expected"),
    [
        ("100", "7", RateLimit(100, 7)),
        ("100, 100;w=60", "7", RateLimit(100, 7)),
        ("x", "7", None),
        ("100", "", None),
        ("9" * 12, "7", None),
    ],
)
def test_rate_limit_is_read(limit: str, remaining: str, expected: RateLimit | None) -> None:
    headers = {"x-ratelimit-limit": limit, "x-ratelimit-remaining": remaining}

    assert reading.read_rate_limit(Answer(200, headers)) == expected


@pytest.mark.parametrize(("header", "expected"), [("60", 60), ("0", 0), ("-1", None), ("soon", None)])
def test_seconds_of_a_cache_are_read(header: str, expected: int | None) -> None:
    assert reading.read_cacheable(answer(ory_session_cache_for=header)) == expected


NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Wed, 25 Nov 2026 12:00:00 GMT", 0),
        ("Wed, 25 Nov 2026 12:00:02 GMT", 0),
        ("Wed, 25 Nov 2026 11:59:59 GMT", 0),
        ("Wed, 25 Nov 2026 12:01:02 GMT", 60),
        ("Wed, 25 Nov 2026 11:58:59 GMT", -60),
        ("Wed, 25 Nov 2026 13:00:00 +0100", 0),
        ("Wed, 25 Nov 2026 12:00:00 -0000", 0),
        ("yesterday", None),
        ("Wed, 25 Nov 99999999999999999999 12:00:00 GMT", None),
        ("Wed, 25 Nov 2026 12:00:00 +999999999", None),
        ("", None),
    ],
)
def test_skew_is_what_the_time_of_the_call_does_not_explain(date: str, expected: float | None) -> None:
    assert reading.read_skew(answer(date=date), NOON, NOON + timedelta(seconds=2)) == expected


# Whatever the answers are, the doctor does not fail and prints no control characters.

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FLOWS = st.fixed_dictionaries(
    {},
    optional={
        "error": JSON | st.fixed_dictionaries({"id": JSON, "code": JSON | st.just(401)}),
        "ui": JSON
        | st.fixed_dictionaries({"action": JSON | st.text().map("https://{}/self-service/".format), "nodes": JSON}),
        "version": JSON,
        "authenticator_assurance_level": JSON,
    },
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["date", "set-cookie", "location", "ory-session-cache-for", "x-ratelimit-limit", "x-ratelimit-remaining"]
    ),
    st.text() | st.text().map("csrf_token_1=a; Domain={0}; SameSite={0}; Secure".format) | st.integers().map(str),
)
ANSWERS = st.builds(
    Answer,
    st.sampled_from([0, 200, 302, 400, 401, 403, 429, 500, 503]),
    HEADERS,
    st.binary() | (JSON | FLOWS).map(lambda value: json.dumps(value).encode()),
    st.none() | st.text(),
)


# The time for an example depends only on how busy the machine is.
@hypothesis_settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ANSWERS, min_size=8, max_size=8))
def test_no_answer_breaks_the_doctor_or_reaches_the_terminal_raw(answers: list[Answer]) -> None:
    whoami, ready, login, back, settings, named, admin, identities = answers
    seen = reading.read_seen
    person = Person(
        whoami=seen(settings),
        aal=reading.read_aal(settings),
        settings=seen(whoami),
        enrolled=None,
        with_cookie=seen(named),
        cookie_name="ory_kratos_session",
        credentials=reading.read_credentials(identities),
    )
    found = facts(
        whoami=seen(whoami),
        is_ory=True,
        ready=seen(ready),
        skew=reading.read_skew(whoami, NOON, NOON),
        rate_limit=reading.read_rate_limit(whoami),
        cacheable=reading.read_cacheable(whoami),
        own_url=reading.read_own_url(login),
        cookie=reading.read_cookie(login),
        returns={f"{HERE}/": seen(back)},
        person=person,
        admin=seen(admin),
        version=reading.read_version(admin),
    )

    for judged in (found, replace(found, is_ory=False)):
        shown = "".join(f"{result.reason}{result.fix}" for result in examine_facts(judged))
        assert shown.isascii()
        assert shown.isprintable()
