"""What must hold for every input: one credential, one origin, and never more access from less."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.credentials import (
    SESSION_COOKIE_NAMES,
    choose_credential,
    is_sound,
    read_cookies,
    session_cookies,
)
from django_ory_mfa.core.decision import Outcome, decide
from django_ory_mfa.core.flows import Flows, is_return_to
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.core.session import AAL, AuthenticationMethod, OrySession, SessionState
from django_ory_mfa.core.settings_flow import read_enrolment
from django_ory_mfa.core.whoami import read_whoami
from django_ory_mfa.roundtrip.return_to import checked_next, return_to_of

# CI looks longer. Each run looks at other examples, and examples that failed are tried again.
EXAMPLES = 100 if os.environ.get("CI") else 40
# Few sessions are let in, and no more are wanted than come by chance.
some = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
more = settings(some, max_examples=3 * EXAMPLES)
NAME = "ory_kratos_session"
# RFC 6265, section 4.1.1, spelt out.
OCTETS = frozenset("!#$%&'()*+-./0123456789:<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~")

header_text = st.text(st.characters(min_codepoint=0, max_codepoint=0xFF), max_size=40)
sound = st.text(st.sampled_from(sorted(OCTETS)), min_size=1, max_size=20)
values = st.one_of(sound, header_text, st.just("a" * 4097), st.just(""))
pairs = st.tuples(st.sampled_from([NAME, "sessionid", "csrftoken", f"x{NAME}", NAME.upper(), ""]), values)
cookie_headers = st.one_of(
    header_text, st.lists(pairs, max_size=6).map(lambda found: "; ".join(f"{name}={value}" for name, value in found))
)
tokens = st.one_of(values, values.map(lambda value: f"ory_st_{value}"))
authorizations = st.one_of(
    header_text,
    st.builds(
        lambda scheme, token: f"{scheme} {token}", st.sampled_from(["Bearer", "bearer", "Basic", "Token"]), tokens
    ),
)


@given(session_token=tokens, cookies=cookie_headers, authorization=authorizations, name=st.sampled_from([NAME, None]))
@some
def test_credential_is_one_header_of_sound_values_from_the_request(
    session_token: str, cookies: str, authorization: str, name: str | None
) -> None:
    chosen = [] if name is None else session_cookies(cookies, name)
    credential = choose_credential(session_token=session_token, cookies=chosen, authorization=authorization)

    if credential is None:
        return
    ((header, value),) = credential.headers().items()
    sent = [value] if header == "X-Session-Token" else [pair.removeprefix(f"{NAME}=") for pair in value.split("; ")]
    assert all(1 <= len(part) <= 4096 and OCTETS.issuperset(part) for part in sent)
    if header == "X-Session-Token":
        assert value.startswith("ory_st_")
        assert value in (session_token, authorization[7:])
    else:
        assert (header, name) == ("Cookie", NAME)
        assert all(f"{NAME}={part}" in cookies for part in sent)
        assert [part for part in value.split("; ") if not part.startswith(f"{NAME}=")] == []


@given(found=st.lists(pairs.filter(lambda pair: ";" not in pair[1]), max_size=6))
@some
def test_session_cookies_are_all_sent_in_order(found: list[tuple[str, str]]) -> None:
    header = "; ".join(f"{name}={value}" for name, value in found)
    expected = [value for name, value in found if name == NAME and 1 <= len(value) <= 4096 and OCTETS.issuperset(value)]

    credential = choose_credential(session_token="", cookies=session_cookies(header, NAME), authorization="")

    sent = credential.value if credential else None
    assert sent == ("; ".join(f"{NAME}={value}" for value in expected) or None)


@given(header=cookie_headers)
@some
def test_names_of_session_cookies_come_from_the_request(header: str) -> None:
    assert all(f"{name}={value}" in header for name, value in session_cookies(header))


pieces = st.sampled_from([NAME, "ory_session_a", "ory_session_", "ory_", "=", ";", " ", "\t", "\n", "x", ".", '"'])


@given(header=st.lists(pieces, max_size=16).map("".join), name=st.sampled_from([NAME, "ory_session_a", ".", "x"]))
@more
def test_cookies_are_found_as_if_every_one_was_read(header: str, name: str) -> None:
    pairs = [(found, value) for found, value in read_cookies(header) if is_sound(value)]

    assert session_cookies(header) == [pair for pair in pairs if SESSION_COOKIE_NAMES.fullmatch(pair[0])]
    credential = choose_credential(session_token="", cookies=session_cookies(header, name), authorization="")
    sent = "; ".join(f"{found}={value}" for found, value in pairs if found == name)
    assert (credential.value if credential else "") == sent


SITE = "https://testserver"
pages = st.one_of(
    st.text(max_size=60),
    st.builds(
        lambda *parts: "".join(parts),
        st.sampled_from(["https:", "http:", "HTTPS:", "javascript:", ""]),
        st.sampled_from(["//", "/", "///", "\\\\", "/\\", ""]),
        st.sampled_from(["", "", "user@", "testserver@", "u:p@"]),
        st.sampled_from(["testserver", "testserver", "TestServer", "evil.test", "testserver.evil.test", "[::1]", "["]),
        st.sampled_from(["", "", ":443", ":80", ":0", ":99999", ":x", ":"]),
        st.sampled_from(["", "/", "?", "#", "\\", "@evil.test", ".evil.test"]),
        st.text(max_size=20),
    ),
    st.builds(lambda text: f"{SITE}/{text}", st.text(max_size=60)),
    st.integers(1900, 2100).map(lambda length: f"{SITE}/".ljust(length, "a")),
)


def is_page_of_the_site(url: str) -> bool:
    """Said without the code under test: what a browser would open is a page of this site."""
    parts = urlsplit(url)
    return url.isascii() and len(url) <= 2000 and (parts.scheme, parts.netloc) == ("https", "testserver")


@given(page=pages)
@some
def test_accepted_return_to_is_of_the_same_origin(page: str) -> None:
    if not is_return_to(page, SITE):
        return
    parts = urlsplit(page)
    assert page.isascii()
    assert len(page) <= 2000
    assert (parts.scheme.lower(), parts.hostname, parts.port or 443, parts.username) == (
        "https",
        "testserver",
        443,
        None,
    )
    assert [character for character in page if character <= " " or character == "\\"] == []


def request(method: str, path: str, **headers: str) -> HttpRequest:
    return RequestFactory().generic(method, path, secure=True, headers=headers)


@given(page=pages, method=st.sampled_from(["POST", "PUT", "DELETE"]), htmx=st.booleans())
@example(page="https://[", method="POST", htmx=False)
@example(page="https://testserver:port/", method="POST", htmx=True)
@some
def test_return_to_is_of_this_site_whatever_the_browser_says(page: str, method: str, *, htmx: bool) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": page} if htmx else {"Referer": page}

    return_to = return_to_of(request(method, "/page", **headers))

    # The site's own URL may come in another spelling.
    assert is_page_of_the_site(return_to) or is_page_of_the_site(return_to.lower().replace(":443", "", 1))


@given(path=st.text(max_size=2100), query=st.text(max_size=60))
@example(path="a" * 1981, query="")
@example(path="a" * 1982, query="")
@example(path="/evil.test/", query="")
@some
def test_return_to_of_a_page_is_of_this_site(path: str, query: str) -> None:
    asked = request("GET", "/")
    asked.path = f"/{path}"
    asked.META["QUERY_STRING"] = query

    assert is_page_of_the_site(return_to_of(asked))


@given(target=pages)
@example(target="https://[")
@example(target="//evil.test")
@example(target="/\\evil.test")
@some
def test_next_is_of_this_site(target: str) -> None:
    asked = RequestFactory().get("/", {"next": target.encode("utf-8", "replace")}, secure=True)

    page = checked_next(asked)

    assert is_page_of_the_site(page) or is_page_of_the_site(page.lower().replace(":443", "", 1))


NOW = datetime(2026, 11, 24, 11, 30, tzinfo=UTC)
times = st.one_of(st.none(), st.integers(-70, 1200).map(lambda seconds: NOW - timedelta(seconds=seconds)))
entries = st.builds(
    AuthenticationMethod, st.sampled_from(["password", "totp", "code", "oidc"]), st.sampled_from(AAL), times
)
sessions = st.builds(
    OrySession,
    st.just(SessionState.ACTIVE),
    id=st.just("1"),
    aal=st.sampled_from(AAL),
    authentication_methods=st.lists(entries, max_size=4).map(tuple),
)
requirements = st.builds(
    Requirement,
    st.sampled_from(["aal1", "aal2"]),
    st.one_of(st.none(), st.integers(1, 1200)),
    st.one_of(st.none(), st.just({"password", "totp"}), st.just({"code"})),
)
enrolments = st.sampled_from([True, False, None])


def older(time: datetime | None, seconds: int) -> datetime | None:
    """A time that proves less: one that has gone by for longer; one too far ahead, which proves nothing, stays."""
    is_dated = time is not None and time - NOW <= timedelta(seconds=60)
    return time - timedelta(seconds=seconds) if time is not None and is_dated else time


def lower(aal: AAL, steps: int) -> AAL:
    return list(AAL)[max(0, list(AAL).index(aal) - steps)]


@st.composite
def weaker(draw: st.DrawFn, session: OrySession) -> OrySession:
    """A session that proves at most what ``session`` proves."""
    kept = [entry for entry in session.authentication_methods if draw(st.booleans())]
    aged = [
        replace(
            entry,
            aal=lower(entry.aal, draw(st.integers(0, 3))),
            completed_at=draw(st.sampled_from([None, older(entry.completed_at, draw(st.integers(0, 900)))])),
        )
        for entry in kept
    ]
    level = lower(session.aal, draw(st.integers(0, 3)))
    return replace(session, aal=level, authentication_methods=tuple(draw(st.permutations(aged))))


@given(data=st.data(), session=sessions, requirement=requirements, enrolled=enrolments)
@more
def test_less_proof_never_opens_and_more_never_closes(
    data: st.DataObject, session: OrySession, requirement: Requirement, *, enrolled: bool | None
) -> None:
    less = data.draw(weaker(session))

    with_less = decide(less, requirement, now=NOW, enrolled=enrolled)
    with_more = decide(session, requirement, now=NOW, enrolled=enrolled)

    assert with_more.is_allowed or not with_less.is_allowed


@given(session=sessions, requirement=requirements, extra=entries, enrolled=enrolments)
@some
def test_one_more_proof_never_closes(
    session: OrySession, requirement: Requirement, extra: AuthenticationMethod, *, enrolled: bool | None
) -> None:
    assume(decide(session, requirement, now=NOW, enrolled=enrolled).is_allowed)

    for more in ((extra, *session.authentication_methods), (*session.authentication_methods, extra)):
        richer = replace(session, authentication_methods=more)
        assert decide(richer, requirement, now=NOW, enrolled=enrolled).is_allowed


@given(session=sessions, requirement=requirements, enrolled=enrolments)
@some
def test_only_an_active_session_at_the_level_is_let_in(
    session: OrySession, requirement: Requirement, *, enrolled: bool | None
) -> None:
    decision = decide(session, requirement, now=NOW, enrolled=enrolled)

    assert not decision.is_allowed or session.aal.value >= requirement.aal
    for state in SessionState:
        elsewhere = decide(replace(session, state=state), requirement, now=NOW, enrolled=enrolled)
        assert elsewhere.outcome is not Outcome.ALLOW or state is SessionState.ACTIVE


RECORDINGS = sorted((Path(__file__).parents[1] / "recordings").glob("*/whoami_*.json"))
JUNK: tuple[object, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1e300,
    float("nan"),
    10**30,
    "",
    "x",
    "AAL2",
    "2026-11-24",
    "\ud800",
    [],
    {},
    [[]],
)
junk = st.sampled_from(JUNK).map(copy.deepcopy)
LEVELS = [Requirement(aal, max_age) for aal in ("aal1", "aal2", "highest_available") for max_age in (None, 1e9)]
HIGHEST = {index for index, requirement in enumerate(LEVELS) if requirement.aal == "highest_available"}
recordings = st.sampled_from([json.loads(path.read_text())["response"] for path in RECORDINGS])


def read(recorded: dict[str, Any], body: bytes) -> OrySession:
    now = parsedate_to_datetime(recorded["headers"]["Date"])
    session = read_whoami(Answer(recorded["status"], {}, body), now=now, flows=Flows("http://127.0.0.1:14433"))
    # What is read only when somebody asks must not raise then.
    assert (session.identity is not None) == bool(session)
    return session


def dumped(recorded: dict[str, Any]) -> bytes:
    return json.dumps(recorded["body"]).encode()


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in inner for found in ((*path, key), *places(item, (*path, key)))]


def opened(session: OrySession) -> set[int]:
    """Which requirements the session meets, whatever is known of a second factor."""
    return {
        index
        for index, requirement in enumerate(LEVELS)
        for enrolled in (False, None)
        if decide(session, requirement, now=NOW, enrolled=enrolled).is_allowed
    }


@st.composite
def mutated(draw: st.DrawFn, body: Any) -> Any:
    """``body`` with some of its parts deleted or replaced by junk."""
    changed = copy.deepcopy(body)
    for _ in range(draw(st.integers(1, 3))):
        found = places(changed)
        if not found:
            return draw(junk)
        *path, last = draw(st.sampled_from(found))
        holder = changed
        for key in path:
            holder = holder[key]
        if draw(st.booleans()):
            del holder[last]
        else:
            holder[last] = draw(junk)
    return changed


@given(data=st.data(), recorded=recordings)
@more
def test_spoilt_answer_gains_nothing_and_breaks_nothing(data: st.DataObject, recorded: dict[str, Any]) -> None:
    spoilt = json.dumps(data.draw(mutated(recorded["body"]))).encode()

    before, after = read(recorded, dumped(recorded)), read(recorded, spoilt)

    assert after.aal <= before.aal
    assert bool(after) <= bool(before)
    # highest_available asks less of a session whose level is spoilt.
    assert opened(after) - HIGHEST <= opened(before)
    assert read_enrolment(Answer(200, body=spoilt)) is None


@given(data=st.data(), recorded=recordings)
@some
def test_answer_cut_short_is_no_session(data: st.DataObject, recorded: dict[str, Any]) -> None:
    body = dumped(recorded)

    session = read(recorded, body[: data.draw(st.integers(0, len(body) - 1))])

    assert not session
    assert session.aal is AAL.AAL0


@given(data=st.data(), recorded=recordings)
@some
def test_answer_with_a_gap_gains_no_level(data: st.DataObject, recorded: dict[str, Any]) -> None:
    body = dumped(recorded)
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 60)))

    assert read(recorded, body[:start] + body[end:]).aal <= read(recorded, body).aal


@given(status=st.integers(0, 599), body=st.one_of(st.binary(max_size=80), recordings.map(dumped)))
@some
def test_any_answer_can_be_read(status: int, body: bytes) -> None:
    session = read_whoami(Answer(status, body=body), now=NOW, flows=Flows("http://127.0.0.1:14433"))

    assert bool(session) <= (status == 200)
    assert (session.identity is not None) == bool(session)


@given(body=st.binary(max_size=80))
@pytest.mark.parametrize("status", [200, 403])
@some
def test_any_settings_answer_can_be_read(status: int, body: bytes) -> None:
    assert read_enrolment(Answer(status, body=body)) in (True, False, None)
