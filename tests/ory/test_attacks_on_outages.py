"""Attacks on shared calls, the cache and outages that worked once."""

from __future__ import annotations

import asyncio
import sys
import threading
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from django.views.debug import ExceptionReporter

from django_ory_mfa.contrib.ui.cookies import flow_cookies
from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.credentials import choose_credential, session_cookies
from django_ory_mfa.core.session import OrySession, SessionState
from django_ory_mfa.ory.blocking_calls import ask
from django_ory_mfa.ory.client import LARGEST_BODY, STRANGER, OryClient
from django_ory_mfa.ory.service import get_ory
from django_ory_mfa.ory.singleflight import FINISHED_FOR, Group, SharedCall
from django_ory_mfa.runtime import clock
from django_ory_mfa.runtime.steps import arun
from django_ory_mfa.session.cache import Entry
from django_ory_mfa.signals import ory_unavailable
from django_ory_mfa.testing import FakeOry
from tests.backends.sick import LateCache
from tests.ory.log_lines import one_failure
from tests.site import Site, location

# In two parts, since reports show the lines of the program.
SECRET = "c00" + "kie"


def revoke_during(ory: FakeOry, path: str, act: Any) -> None:
    """Has ``act`` happen once, while Ory answers a call of ``path``."""
    before = ory.handle

    def handle(method: str, target: str, *rest: Any) -> Any:
        answer = before(method, target, *rest)
        if target.startswith(path):
            ory.handle = before  # type: ignore[method-assign]
            act()
        return answer

    ory.handle = handle  # type: ignore[method-assign, assignment]


@pytest.mark.parametrize("view", ["aal2", "highest"])
def test_session_that_ends_during_the_probe_leads_to_sign_in(
    site: Site, ory: FakeOry, settings: Any, view: str
) -> None:
    settings.ORY_MFA_CACHE_TTL = 60
    caches["default"].clear()
    ory.required_aal = ory.settings_required_aal = "aal1"
    session = ory.login(site, aal="aal1")
    site.get("session")
    revoke_during(ory, "/sessions/whoami", session.revoke)

    response = site.get(view)

    assert "/login/browser?return_to=" in location(response)


def test_seed_of_an_authenticator_app_is_kept_nowhere(site: Site, ory: FakeOry) -> None:
    ory.required_aal = ory.settings_required_aal = "aal1"
    ory.login(site, aal="aal1")
    site.get("aal2")

    calls = list(get_ory().calls._calls.values())
    answers = [call.answer.result(0) for call in calls]

    assert len(answers) == 2
    assert not [answer for answer in answers if b"totp_secret" in answer.body or answer.set_cookies]


def test_answer_that_landed_long_ago_is_not_fresh() -> None:
    group = Group()
    call, _ = group.join("key", 0, 0)
    group.finish("key", call)
    call.finished_at -= FINISHED_FOR

    assert group.join("key", 0, 0)[1]


def test_receiver_of_an_outage_can_ask_for_the_session(ory: FakeOry) -> None:
    states: list[str] = []

    async def receive(sender: Any, request: Any, **named: Any) -> None:
        states.append((await asyncio.wait_for(request.aory_session(), 5)).state)

    site = Site("async")
    ory.login(site)
    ory.fail(503, path=None)
    ory_unavailable.connect(receive)
    try:
        site.get("session")
    finally:
        ory_unavailable.disconnect(receive)

    assert states == ["unavailable"]


def test_visitor_with_a_huge_session_marks_nobody_down(site: Site, ory: FakeOry, caplog: Any) -> None:
    ory.login(site)
    ory.fail(200, b" " * (LARGEST_BODY + 1))
    sent: list[Any] = []

    def receive(sender: Any, **named: Any) -> None:
        sent.append(named)

    ory_unavailable.connect(receive)
    try:
        states = {site.get("session").json()["state"] for _ in range(4)}
    finally:
        ory_unavailable.disconnect(receive)
    ory.recover()

    assert (states, sent) == ({"unavailable"}, [])
    assert one_failure("body too large") in caplog.messages
    assert site.get("session").json()["state"] == "active"


@pytest.mark.parametrize(
    "traits",
    [
        b'{"name": "\xff\xfe"}',
        b'{"name": "\\ud800x"}',
        b'{"name": %s}' % (b"7" * 5_000),
        b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["bytes", "surrogate", "number", "nesting"],
)
def test_visitor_with_traits_that_cannot_be_read_marks_nobody_down(site: Site, ory: FakeOry, traits: bytes) -> None:
    ory.login(site)
    assert site.get("session").json()["state"] == "active"
    ory.fail(200, b'{"id": "1", "active": true, "identity": {"id": "1", "traits": %s}}' % traits)
    sent: list[Any] = []

    def receive(sender: Any, **named: Any) -> None:
        sent.append(named)

    ory_unavailable.connect(receive)
    try:
        states = [site.get("session").json()["state"] for _ in range(2)]
    finally:
        ory_unavailable.disconnect(receive)

    assert (states, sent) == (["unavailable"] * 2, [])


@pytest.mark.parametrize("status", [404, 500])
def test_visitor_who_asks_for_odd_flows_does_not_keep_ory_marked_down(site: Site, ory: FakeOry, status: int) -> None:
    ory.login(site)
    site.get("session")
    ory.fail(503)
    for _ in range(3):
        site.get("session")
    ory.recover()
    ory.fail(status, path="/self-service/login/flows")
    breaker_of_ory = get_ory().client._breaker
    breaker_of_ory._paused_until = 0

    get_ory().client.flow("login", "odd", "")

    assert not breaker_of_ory.is_closed
    assert site.get("session").json()["state"] == "active"


def test_cookies_of_one_visitor_stay_below_what_proxies_take() -> None:
    value, name = "x" * 4096, "ory_session_" + "n" * 100
    header = "; ".join([f"{name}={value}"] * 8)

    assert choose_credential(session_token="", cookies=session_cookies(header, name), authorization="") is None
    assert session_cookies(f"ory_session_{'n' * 101}=a; ory_session_\x01=a; ory_session_ok=a") == [
        ("ory_session_ok", "a")
    ]
    assert flow_cookies(header, name) == ""


def test_junk_leaves_nothing_in_the_cache(mode: str, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_CACHE_TTL = 60
    cache: Any = caches["default"]
    cache.clear()
    site = Site(mode)
    site.set_cookie("ory_kratos_session", "junk")
    site.post("/account/security/logout/")
    Site(mode).post("/account/security/logout/", headers={"X-Session-Token": "ory_st_junk"})

    assert len(cache._cache) == 0


def test_cache_that_does_not_tell_of_a_sign_out_keeps_nobody(ory: FakeOry, settings: Any, mode: str) -> None:
    settings.CACHES = {"default": {"BACKEND": "tests.backends.sick.ForgetfulCache"}}
    settings.ORY_MFA_CACHE_TTL = 60
    site = Site(mode)
    session = ory.login(site)
    site.get("fresh")
    session.revoke()

    assert site.get("aal2").status_code == 302


def test_sign_out_wins_over_a_request_that_was_broken_off(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "tests.backends.sick.LateCache"}}
    settings.ORY_MFA_CACHE_TTL = 60
    now, answer = clock.now(), Answer(200, body=b'{"id": "s", "identity": {"id": "i"}}')
    session = OrySession(SessionState.ACTIVE, id="s", expires_at=now + timedelta(hours=1))
    LateCache.kept.clear()

    async def main() -> None:
        keeping = asyncio.ensure_future(arun(Entry("name", 60).keep(session, answer, age=0)))
        await asyncio.sleep(0.05)
        keeping.cancel()
        await arun(Entry("name", 60).sign_out())
        await asyncio.sleep(0.5)

    asyncio.run(main())

    assert [key.rpartition(":")[2] for key in LateCache.kept] == ["signed-out"]


def test_visitors_who_left_are_not_asked_for(settings: Any) -> None:
    settings.ORY_MFA_MAX_CONCURRENCY = 1
    group, made = Group(), list[int]()
    busy, release = threading.Event(), threading.Event()

    def slow() -> Answer:
        busy.set()
        release.wait(5)
        return Answer(200)

    def counted() -> Answer:
        made.append(1)
        return Answer(200)

    async def main() -> Answer:
        first = asyncio.ensure_future(SharedCall(group, "first", slow).arun())
        await asyncio.to_thread(busy.wait, 5)
        gone = [asyncio.ensure_future(SharedCall(group, number, counted).arun()) for number in range(20)]
        await asyncio.sleep(0)
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        last = asyncio.ensure_future(SharedCall(group, "last", lambda: Answer(401)).arun())
        release.set()
        await first
        answer, _ = await last
        return answer

    assert (asyncio.run(main()), made) == (Answer(401), [])


def test_cookies_of_a_flow_are_in_no_report(settings: Any) -> None:
    settings.ORY_MFA_TIMEOUT = "soon"
    request = RequestFactory().get("/")
    try:
        OryClient("http://127.0.0.1:9").flow("login", "1", f"ory_kratos_session={SECRET}")
    except ImproperlyConfigured:
        report = ExceptionReporter(request, *sys.exc_info()).get_traceback_html()

    assert SECRET not in report


def test_cookies_of_a_call_that_breaks_in_its_slot_are_in_no_report() -> None:
    def breaks(cookies: str, caller: Any) -> Answer:
        raise LookupError("unforeseen")

    try:
        ask(partial(breaks, f"ory_kratos_session={SECRET}"), STRANGER)
    except LookupError:
        report = ExceptionReporter(RequestFactory().get("/"), *sys.exc_info()).get_traceback_html()

    assert "LookupError" in report
    assert SECRET not in report
