"""One visitor does not harm the others: no line that junk keeps them in, no outage that one of them makes up."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest
import requests
import urllib3
from django.test import RequestFactory

from django_ory_mfa.core.answer import QUEUED, Answer
from django_ory_mfa.core.credentials import Credential, CredentialKind
from django_ory_mfa.core.session import OrySession, SessionState
from django_ory_mfa.core.whoami import UNAVAILABLE
from django_ory_mfa.metrics import Event, listen
from django_ory_mfa.ory.health import Health
from django_ory_mfa.ory.lanes import Caller
from django_ory_mfa.ory.service import get_ory, use_transport
from django_ory_mfa.ory.singleflight import Group, SharedCall, _threads
from django_ory_mfa.runtime.steps import run
from django_ory_mfa.session.resolver import attach, session_steps
from django_ory_mfa.signals import ory_unavailable
from django_ory_mfa.testing import FakeOry
from django_ory_mfa.testing.transport import FakeOryTransport
from tests.clock import PassingTime
from tests.ory.log_lines import one_failure, outage_line
from tests.readiness import wait_for_readiness
from tests.site import Site

# Long enough for any thread here, and never waited for in a run that passes.
PATIENCE = 10
JUNK = "junk"
READY = "/health/ready"
WHOAMI = "/sessions/whoami"
QUEUE_LINE = (
    "A call to Ory was not made: no thread was free in time (see ORY_MFA_MAX_CONCURRENCY), or Ory is slow and "
    "the network of the visitor has a call under way."
)


class Front(FakeOryTransport):
    """What stands before Ory.

    ``odd`` is called with each request whose cookie or token holds ``JUNK``, ``health`` before one for its readiness.
    """

    def __init__(self, ory: FakeOry) -> None:
        super().__init__(ory)
        self.odd: Callable[[], object] = lambda: None
        self.health: Callable[[], object] = lambda: None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if str(request.url).endswith(READY):
            self.health()
        if JUNK in request.headers.get("Cookie", "") + request.headers.get("X-Session-Token", ""):
            self.odd()
        return super().send(request, *args, **kwargs)


class Hold:
    """Holds those who call it until they are let go."""

    def __init__(self) -> None:
        self._held = threading.Semaphore(0)
        self._release = threading.Event()

    def __call__(self) -> None:
        self._held.release()
        self._release.wait(PATIENCE)

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self._held.acquire(timeout=PATIENCE)

    def let_go(self) -> None:
        self._release.set()


class Crowd:
    """Sends requests of many visitors at the same time, in threads or in one event loop."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self._answers: list[Future[Any]] = []
        self._threads = ThreadPoolExecutor(32)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def visitor(self, cookie: str) -> Site:
        site = Site(self.mode)
        site.set_cookie("ory_kratos_session", cookie)
        return site

    def send(self, site: Site, page: str = "session") -> Future[Any]:
        if self.mode == "sync":
            answer = self._threads.submit(site.get, page)
        else:
            answer = asyncio.run_coroutine_threadsafe(site.client.get(f"/async/{page}"), self._loop)
        self._answers.append(answer)
        return answer

    def close(self) -> None:
        wait(self._answers, PATIENCE)
        self._threads.shutdown()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def front(ory: FakeOry) -> Iterator[Front]:
    front = Front(ory)
    before = use_transport(front)
    yield front
    use_transport(before)


@pytest.fixture
def hold(front: Front) -> Iterator[Hold]:
    hold = Hold()
    front.odd = hold
    yield hold
    hold.let_go()


@pytest.fixture
def crowd(mode: str, hold: Hold) -> Iterator[Crowd]:
    crowd = Crowd(mode)
    yield crowd
    hold.let_go()
    crowd.close()


@pytest.fixture
def outages() -> Iterator[list[str]]:
    told: list[str] = []

    def note(sender: Any, reason: str, **named: Any) -> None:
        told.append(reason)

    ory_unavailable.connect(note)
    yield told
    ory_unavailable.disconnect(note)


@pytest.fixture
def events() -> Iterator[list[Event]]:
    heard: list[Event] = []
    stop = listen(lambda event, value: heard.append(event))
    yield heard
    stop()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "django_ory_mfa"]


def asked(ory: FakeOry, path: str = WHOAMI) -> int:
    return sum(call.path == path for call in ory.calls)


def state(response: Any) -> str:
    return str(response.json()["state"])


def come_with(mode: str, value: str) -> Any:
    """The response to a visitor with this cookie."""
    site = Site(mode)
    site.set_cookie("ory_kratos_session", value)
    response = site.get("session")
    wait_for_readiness()
    return response


# The line for a thread.


def test_made_up_credentials_do_not_keep_a_known_session_waiting(
    ory: FakeOry, crowd: Crowd, hold: Hold, settings: Any
) -> None:
    settings.ORY_MFA_MAX_CONCURRENCY, settings.ORY_MFA_TIMEOUT = 4, 3 * PATIENCE
    person = Site(crowd.mode)
    ory.login(person)
    crowd.send(person).result(PATIENCE)
    junk = [crowd.send(crowd.visitor(f"{JUNK}{number}")) for number in range(10)]
    hold.wait_for(2)

    answer = crowd.send(person).result(PATIENCE)

    assert state(answer) == "active"
    assert not any(request.done() for request in junk)


def test_time_in_our_own_line_is_no_outage(
    ory: FakeOry, front: Front, hold: Hold, settings: Any, outages: list[str], events: list[Event], caplog: Any
) -> None:
    """In blocking code there is no line: every thread makes its own calls."""
    settings.ORY_MFA_MAX_CONCURRENCY, settings.ORY_MFA_TIMEOUT = 1, 3 * PATIENCE
    crowd, person = Crowd("async"), Site("async")
    ory.login(person)
    junk = crowd.send(crowd.visitor(JUNK))
    hold.wait_for(1)
    # The event loop has read the setting for the first one when it serves another.
    crowd.send(person, "public").result(PATIENCE)
    settings.ORY_MFA_TIMEOUT = 0.1
    in_vain = [crowd.send(person, page).result(PATIENCE) for page in ("session", "aal2")]
    calls = asked(ory)
    settings.ORY_MFA_TIMEOUT = 3 * PATIENCE
    hold.let_go()
    junk.result(PATIENCE)
    after = crowd.send(person).result(PATIENCE)
    crowd.close()

    assert (state(in_vain[0]), in_vain[1].status_code, in_vain[1]["Retry-After"]) == ("unavailable", 503, "5")
    assert (state(after), calls, outages, lines(caplog)) == ("active", 0, [], [QUEUE_LINE])
    assert [event for event in events if event is not Event.CALL] == [Event.QUEUE_TIMEOUT] * 2


def test_health_that_could_not_be_asked_in_time_is_no_news() -> None:
    """It was taken for bad, for five seconds, by everybody whose credential Ory did not know."""
    health, answers = Health(get_ory().client, Group()), [QUEUED, Answer(200)]
    readiness, noted = [], []
    for answer in answers:
        steps = health.readiness(0)
        next(steps)
        with pytest.raises(StopIteration) as stop:
            steps.send((answer, 0.0))
        readiness.append(stop.value.value)
        noted.append(run(health.note(UNAVAILABLE, Answer(401), 0, is_known=False)) if answer is QUEUED else None)

    assert (readiness, noted) == ([False, True], [None, None])


def test_health_that_could_not_be_asked_in_time_makes_no_outage() -> None:
    steps = Health(get_ory().client, Group()).note(
        UNAVAILABLE, Answer.failed("ConnectionError", is_outage=True, is_broken=True), 0, is_known=False
    )
    next(steps)
    with pytest.raises(StopIteration) as stop:
        steps.send((QUEUED, 0.0))

    assert stop.value.value is None


def test_call_that_is_never_made_is_shared_by_nobody(hold: Hold, settings: Any) -> None:
    settings.ORY_MFA_MAX_CONCURRENCY = 1
    group = Group()
    call, _ = group.join("key", 0, 0)
    threads = _threads(1)
    threads.submit(hold, Caller())
    call.job = threads.submit(lambda: None, Caller())
    group.leave(call)

    assert (call.answer.result(0), group.join("key", 0, 0)[1]) == (QUEUED, True)


def visitor_of(request: Any) -> Caller:
    """For whom the resolver asks Ory."""
    steps = session_steps(attach(request))
    call = next(steps)
    steps.close()
    assert isinstance(call, SharedCall)
    return call._caller


def test_request_waits_in_the_line_of_its_credential_and_address(ory: FakeOry, site: Site) -> None:
    session = ory.login(site)

    def request() -> Any:
        cookie = f"ory_kratos_session={session.cookie}"
        return RequestFactory(headers={"Cookie": cookie}, REMOTE_ADDR="198.51.100.7").get("/")

    before = visitor_of(request())
    site.get("session")
    known = visitor_of(request())
    session.revoke()
    site.get("session")

    assert before == visitor_of(request()) == Caller(is_known=False, address="198.51.100.7")
    assert known == Caller(is_known=True, address="198.51.100.7")


def test_session_from_the_cache_is_known(ory: FakeOry, site: Site, settings: Any) -> None:
    """A process that has just started asks Ory for few sessions, and finds the others there."""
    settings.ORY_MFA_CACHE_TTL = 60
    ory.login(site)
    site.get("session")
    known = get_ory().known_credentials
    (name,) = known._names
    known.forget(name)
    site.get("session")

    assert (name in known, asked(ory)) == (True, 1)


def test_second_factor_that_is_due_is_known(ory: FakeOry, site: Site) -> None:
    ory.login(site, aal="aal1", second_factors=["totp"])
    site.get("session")

    assert len(get_ory().known_credentials) == 1


def test_cookies_beside_a_valid_one_make_nobody_forgotten(ory: FakeOry, site: Site) -> None:
    """One account could fill the memory with any number of them."""
    session, name = ory.login(site), ory.cookie_name
    site.get("session")
    before = list(get_ory().known_credentials._names)
    states = []
    for number in range(3):
        cookies = {"Cookie": f"{name}={session.cookie}; {name}={JUNK}{number}"}
        states.append(state(Site(site.mode).get("session", headers=cookies)))

    assert (states, list(get_ory().known_credentials._names)) == (["active"] * 3, before)


def test_made_up_credentials_are_not_remembered(ory: FakeOry, site: Site) -> None:
    for number in range(3):
        come_with(site.mode, f"{JUNK}{number}")

    assert len(get_ory().known_credentials) == 0


# Outages that a visitor makes up.


def drop() -> None:
    raise requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted."))


def drop_by_tls() -> None:
    raise requests.exceptions.SSLError("alert")


def hang() -> None:
    raise requests.ReadTimeout


@pytest.mark.parametrize("end", [drop, drop_by_tls])
@pytest.mark.parametrize("is_busy", [True, False], ids=["busy site", "idle site"])
def test_visitors_whose_cookie_a_front_drops_mark_nobody_down(
    site: Site, ory: FakeOry, front: Front, outages: list[str], caplog: Any, *, end: Any, is_busy: bool
) -> None:
    front.odd = end
    ory.login(site)
    if is_busy:
        site.get("session")

    states = [state(come_with(site.mode, f"<{JUNK}{number}>")) for number in range(4)]

    assert states == ["unavailable"] * 4
    assert state(site.get("session")) == "active"
    assert outages == []
    assert [line.rpartition(":")[0] for line in lines(caplog)] == [one_failure("").rpartition(":")[0]]


@pytest.mark.parametrize(("status", "body"), [(500, b""), (502, b""), (503, b""), (200, b"<html>"), (302, b"")])
def test_visitors_whose_cookie_a_front_answers_itself_mark_nobody_down(
    site: Site, ory: FakeOry, front: Front, outages: list[str], caplog: Any, status: int, body: bytes
) -> None:
    front.odd = lambda: ory.fail(status, body)
    ory.login(site)
    for number in range(4):
        come_with(site.mode, f"{JUNK}{number}")
    ory.recover()

    assert (state(site.get("session")), outages) == ("active", [])
    assert lines(caplog) == [one_failure(f"status {status}")]


def test_visitors_whom_a_front_lets_wait_mark_nobody_down_while_others_are_answered(
    site: Site, ory: FakeOry, front: Front, outages: list[str], events: list[Event]
) -> None:
    session = ory.login(site)
    cookie = Credential(CredentialKind.COOKIE, f"ory_kratos_session={session.cookie}")

    def answer_another() -> None:
        get_ory().client.whoami(cookie, Caller())
        hang()

    front.odd = answer_another
    states = [state(come_with(site.mode, f"{JUNK}{number}")) for number in range(4)]

    assert (states, outages) == (["unavailable"] * 4, [])
    assert Event.BREAKER_OPENED not in events


def test_visitors_whom_a_front_lets_wait_mark_nobody_down_on_a_quiet_site(
    site: Site, ory: FakeOry, front: Front, outages: list[str], events: list[Event], caplog: Any
) -> None:
    front.odd = hang
    ory.login(site)
    with caplog.at_level(logging.INFO, "django_ory_mfa"):
        for _ in range(2):
            for number in range(4):
                come_with(site.mode, f"{JUNK}{number}")
            assert state(site.get("session")) == "active"

    assert (outages, Event.BREAKER_OPENED in events) == ([], False)
    assert lines(caplog) == [one_failure("timeout")]


def test_health_is_asked_once_a_second_however_many_cookies_a_front_lets_wait(
    site: Site, ory: FakeOry, front: Front, clock: PassingTime
) -> None:
    front.odd = hang
    asked_then = []
    for _ in range(2):
        for number in range(4):
            come_with(site.mode, f"{JUNK}{number}")
        asked_then.append(asked(ory, READY))
        clock.passed += 1.1

    assert asked_then == [1, 2]


def test_frozen_ory_is_left_alone_although_nobody_known_is_there(
    site: Site, ory: FakeOry, outages: list[str], events: list[Event], clock: PassingTime, caplog: Any
) -> None:
    ory.fail_with("timeout")
    for number in range(5):
        come_with(site.mode, f"{JUNK}{number}")

    assert (asked(ory), asked(ory, READY), outages) == (3, 1, ["timeout"])
    assert events.count(Event.BREAKER_OPENED) == 1
    # Whether the first visitor is told apart depends on how soon the answer about the health was there.
    assert lines(caplog)[-1] == outage_line("timeout")


def test_visitor_whose_call_was_late_does_not_wait_for_the_health_of_ory(
    site: Site, ory: FakeOry, front: Front, hold: Hold
) -> None:
    """The time-out is the whole time that a visitor waits."""
    front.odd = hang
    front.health = hold
    site.set_cookie("ory_kratos_session", JUNK)

    assert state(site.get("session")) == "unavailable"
    hold.wait_for(1)
    assert asked(ory, READY) == 0
    hold.let_go()
    wait_for_readiness()
    assert asked(ory, READY) == 1


def test_late_call_of_a_process_without_threads_to_spare_proves_nothing(
    site: Site, ory: FakeOry, front: Front, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    front.odd = hang
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        for _ in range(4):
            get_ory().client.whoami(Credential(CredentialKind.COOKIE, f"ory_kratos_session={JUNK}"))
    assert Event.BREAKER_OPENED not in events
    come_with(site.mode, JUNK)

    assert asked(ory, READY) == 1


def test_frozen_ory_that_one_unknown_credential_probes_pauses_again(
    site: Site, ory: FakeOry, clock: PassingTime
) -> None:
    ory.fail_with("timeout")
    for number in range(3):
        come_with(site.mode, f"{JUNK}{number}")
    clock.passed += 2
    for number in range(3):
        come_with(site.mode, f"{JUNK}{number}")

    assert asked(ory) == 4


@pytest.mark.parametrize("is_frozen", [True, False], ids=["for all", "for this flow"])
def test_flow_that_hangs_counts_if_ory_hangs_for_all(
    ory: FakeOry, events: list[Event], clock: PassingTime, *, is_frozen: bool
) -> None:
    ory.fail_with("timeout", *([] if is_frozen else ["/self-service/login/flows"]))
    for number in range(4):
        get_ory().client.flow("login", f"odd{number}", "")
        wait_for_readiness()

    assert events.count(Event.BREAKER_OPENED) == is_frozen


def test_hanging_flow_does_not_hide_that_known_sessions_hang(
    site: Site, ory: FakeOry, events: list[Event], clock: PassingTime
) -> None:
    """The health, which is asked for the flow, is good: that is no answer to those who wait."""
    ory.login(site)
    site.get("session")
    ory.fail_with("timeout", WHOAMI)
    ory.fail_with("timeout", "/self-service/login/flows")
    for _ in range(3):
        site.get("session")
        get_ory().client.flow("login", "odd", "")
        wait_for_readiness()
        clock.passed += 1.1

    assert events.count(Event.BREAKER_OPENED) == 1


@pytest.mark.parametrize("name", ["connect-error", "timeout"])
@pytest.mark.parametrize("is_known", [True, False], ids=["known", "unknown"])
def test_ory_that_nobody_reaches_is_left_alone_after_three_failures(
    site: Site, ory: FakeOry, outages: list[str], *, name: str, is_known: bool
) -> None:
    ory.login(site)
    if is_known:
        site.get("session")
    ory.calls.clear()
    ory.fail_with(name)
    for _ in range(5):
        site.get("session")
        wait_for_readiness()

    assert (asked(ory), len(outages)) == (3, 1)


def test_front_that_drops_everybody_is_an_outage(
    site: Site, ory: FakeOry, front: Front, outages: list[str], events: list[Event]
) -> None:
    front.odd = drop
    ory.fail(502, path=READY)
    for number in range(5):
        come_with(site.mode, f"{JUNK}{number}")

    assert (events.count(Event.BREAKER_OPENED), outages, asked(ory, READY)) == (1, ["ConnectionError"], 3)


def test_front_that_drops_known_sessions_is_an_outage(
    site: Site, ory: FakeOry, front: Front, outages: list[str], events: list[Event]
) -> None:
    ory.login(site)
    site.get("session")
    front.send = lambda *args, **kwargs: drop()  # type: ignore[method-assign, assignment]
    for _ in range(5):
        site.get("session")

    assert (events.count(Event.BREAKER_OPENED), outages) == (1, ["ConnectionError"])


def test_health_is_asked_once_a_second_however_many_cookies_a_front_drops(
    site: Site, ory: FakeOry, front: Front
) -> None:
    front.odd = drop
    for number in range(4):
        come_with(site.mode, f"{JUNK}{number}")

    assert asked(ory, READY) == 1


def test_made_up_credentials_do_not_hide_an_outage_of_known_sessions(
    site: Site, ory: FakeOry, front: Front, events: list[Event]
) -> None:
    """Ory refuses what it cannot decode without its database, also while that is frozen and all others wait."""
    ory.login(site)
    site.get("session")
    front.odd = lambda: ory.fail(401, path=WHOAMI)
    ory.fail_with("timeout")
    for number in range(2):
        ory.fail_with("timeout", WHOAMI)
        site.get("session")
        come_with(site.mode, f"{JUNK}{number}")

    assert events.count(Event.BREAKER_OPENED) == 1


def test_token_whose_revocation_makes_ory_fail_marks_nobody_down(site: Site, ory: FakeOry) -> None:
    ory.login(site)
    ory.fail(500, path="/self-service/logout/api")
    for number in range(4):
        Site(site.mode).post("/account/security/logout/", headers={"X-Session-Token": f"ory_st_{number}"})

    assert state(site.get("session")) == "active"


@pytest.mark.parametrize("call", ["settings_flow", "logout_flow"])
def test_session_whose_flows_make_ory_fail_marks_nobody_down(site: Site, ory: FakeOry, call: str) -> None:
    ory.login(site)
    ory.fail(500, path="/self-service/settings/browser")
    ory.fail(500, path="/self-service/logout/browser")
    for number in range(4):
        getattr(get_ory().client, call)(Credential(CredentialKind.COOKIE, f"ory_kratos_session={number}"))

    assert state(site.get("session")) == "active"


def test_session_that_is_found_ends_no_outage_that_was_not_told(caplog: Any) -> None:
    run(Health(get_ory().client, Group()).note(OrySession(SessionState.ACTIVE), Answer(200), 0, is_known=True))

    assert lines(caplog) == []
