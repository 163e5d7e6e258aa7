"""What an Ory that is down, ill or asked too often means to requests, to the log and to whoever listens."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.session import OrySession, SessionState
from django_ory_mfa.metrics import Event, listen
from django_ory_mfa.ory import enrolment_memory as enrolment
from django_ory_mfa.ory import health
from django_ory_mfa.ory.enrolment_memory import EnrolmentMemory
from django_ory_mfa.ory.service import get_ory
from django_ory_mfa.ory.singleflight import Group
from django_ory_mfa.runtime.steps import run
from django_ory_mfa.signals import ory_unavailable
from django_ory_mfa.testing import FakeOry
from tests.clock import PassingTime
from tests.ory.log_lines import one_failure, outage_line
from tests.site import Site

WHOAMI = "/sessions/whoami"
READY = "/health/ready"
PROBE = "/self-service/settings/browser"


@pytest.fixture
def events() -> Iterator[list[Event]]:
    heard: list[Event] = []
    stop = listen(lambda event, value: heard.append(event))
    yield heard
    stop()


@pytest.fixture
def outages() -> Iterator[list[dict[str, Any]]]:
    sent: list[dict[str, Any]] = []

    def note(sender: Any, **named: Any) -> None:
        sent.append({"sender": sender, **named})

    ory_unavailable.connect(note)
    yield sent
    ory_unavailable.disconnect(note)


def asked(ory: FakeOry, path: str = WHOAMI) -> int:
    return sum(call.path == path for call in ory.calls)


def sign_in(site: Site, ory: FakeOry) -> None:
    """Signs a person in whose credential Ory recognised, so that failures from then on are not the visitor's doing."""
    ory.login(site)
    site.get("session")
    ory.calls.clear()


# The breaker.


@pytest.mark.parametrize("failure", [500, 502, 503, "timeout", "connect-error"])
def test_ory_is_left_alone_after_three_failures(
    site: Site, ory: FakeOry, clock: PassingTime, events: list[Event], failure: Any
) -> None:
    sign_in(site, ory)
    ory.fail(failure) if isinstance(failure, int) else ory.fail_with(failure, WHOAMI)

    responses = [site.get("aal2") for _ in range(5)]

    assert [response.status_code for response in responses] == [503] * 5
    assert [response["Retry-After"] for response in responses] == ["5", "5", "5", "2", "2"]
    assert asked(ory) == 3
    assert (events.count(Event.BREAKER_OPENED), events.count(Event.BREAKER_REFUSED)) == (1, 2)


def test_one_request_finds_out_that_ory_is_back(site: Site, ory: FakeOry, clock: PassingTime) -> None:
    sign_in(site, ory)
    ory.fail(503)
    for _ in range(3):
        site.get("aal2")
    ory.recover()
    before = site.get("aal2").status_code
    clock.passed += 2

    assert (before, site.get("aal2").status_code, site.get("aal2").status_code) == (503, 200, 200)


def test_seconds_of_the_pause_are_told(site: Site, ory: FakeOry, clock: PassingTime) -> None:
    sign_in(site, ory)
    ory.fail(503)
    for _ in range(3):
        site.get("aal2")
    clock.passed += 2
    site.get("aal2")

    assert site.get("aal2")["Retry-After"] == "4"


@pytest.mark.parametrize("status", [400, 404, 418, 429, 431])
def test_one_visitor_cannot_mark_ory_down(
    site: Site, ory: FakeOry, outages: list[Any], events: list[Event], status: int
) -> None:
    sign_in(site, ory)
    ory.fail(status)
    refused = {site.get("aal2").status_code for _ in range(5)}
    ory.recover()

    assert refused == {503}
    assert site.get("aal2").status_code == 200
    assert (outages, asked(ory)) == ([], 6)
    assert Event.BREAKER_OPENED not in events


def test_good_answers_in_between_keep_it_closed(site: Site, ory: FakeOry, events: list[Event]) -> None:
    sign_in(site, ory)
    for _ in range(3):
        ory.fail(503)
        site.get("aal2")
        site.get("aal2")
        ory.recover()
        site.get("aal2")

    assert Event.BREAKER_OPENED not in events


def test_public_pages_do_not_notice(site: Site, ory: FakeOry) -> None:
    ory.login(site)
    ory.fail_with("timeout")

    assert [site.get("public").status_code for _ in range(5)] == [200] * 5
    assert ory.calls == []


def test_sign_out_is_told_at_once_that_ory_is_down(ory: FakeOry, clock: PassingTime) -> None:
    site = Site("sync")
    ory.login(site)
    ory.fail(503, path=None)
    for _ in range(3):
        site.get("aal2")
    ory.calls.clear()

    assert (site.post("/account/security/logout/").status_code, ory.calls) == (503, [])


# Log, signal, counts.


@pytest.mark.parametrize("status", [500, 503])
def test_outage_is_one_line_and_one_signal(
    site: Site, ory: FakeOry, outages: list[dict[str, Any]], caplog: pytest.LogCaptureFixture, status: int
) -> None:
    sign_in(site, ory)
    ory.fail(status)
    with caplog.at_level(logging.INFO, "django_ory_mfa"):
        for _ in range(5):
            site.get("aal2")
        ory.recover()
        site.get("session")

    lines = [record.getMessage() for record in caplog.records if record.name == "django_ory_mfa"]
    assert lines == [outage_line(f"status {status}")]
    [outage] = outages
    assert (outage["sender"].__name__, outage["reason"], outage["session"].state) == (
        "OrySession",
        f"status {status}",
        "unavailable",
    )
    assert outage["request"].path == f"/{site.mode}/aal2"


def test_end_of_an_outage_is_told_and_the_next_is_another(
    site: Site, ory: FakeOry, clock: PassingTime, outages: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    sign_in(site, ory)
    with caplog.at_level(logging.INFO, "django_ory_mfa"):
        for _ in range(2):
            ory.fail(503)
            site.get("aal2")
            ory.recover()
            site.get("aal2")
            clock.passed += 60

    lines = [record.getMessage() for record in caplog.records if record.name == "django_ory_mfa"]
    assert lines == [outage_line("status 503"), "Ory answers again."] * 2
    assert len(outages) == 2


def test_outages_that_come_and_go_write_two_lines_a_minute(
    site: Site, ory: FakeOry, clock: PassingTime, caplog: pytest.LogCaptureFixture
) -> None:
    """What the log said last is corrected once the minute is over, also if nothing new happens then."""
    sign_in(site, ory)
    told = []
    with caplog.at_level(logging.INFO, "django_ory_mfa"):
        for is_out in (True, False, True, False, True):
            ory.fail(503) if is_out else ory.recover()
            site.get("aal2")
        told.append([line for line in caplog.messages if line.startswith("Ory ")])
        clock.passed += 60
        for is_out in (True, False, True):
            ory.fail(503) if is_out else ory.recover()
            site.get("aal2")
        told.append([line for line in caplog.messages if line.startswith("Ory ")])

    both = [outage_line("status 503"), "Ory answers again."]
    assert told == [both, both * 2]


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"active": true}'])
def test_answers_that_cannot_be_read_are_an_outage_too(
    site: Site, ory: FakeOry, outages: list[dict[str, Any]], body: bytes
) -> None:
    sign_in(site, ory)
    ory.fail(200, body)
    for _ in range(2):
        site.get("aal2")

    assert [outage["reason"] for outage in outages] == ["status 200"]


def test_receiver_that_fails_breaks_no_page(site: Site, ory: FakeOry) -> None:
    def fail(sender: Any, **named: Any) -> None:
        raise LookupError

    sign_in(site, ory)
    ory.fail(503)
    ory_unavailable.connect(fail)
    try:
        assert site.get("aal2").status_code == 503
    finally:
        ory_unavailable.disconnect(fail)


def test_refused_request_is_logged_once_a_minute(site: Site, ory: FakeOry, caplog: pytest.LogCaptureFixture) -> None:
    ory.login(site)
    ory.fail(431)
    with caplog.at_level(logging.WARNING, "django_ory_mfa"):
        for _ in range(2):
            site.get("session")

    lines = [record.getMessage() for record in caplog.records if record.name == "django_ory_mfa"]
    assert lines == [one_failure("status 431")]


def test_every_call_is_counted_with_its_seconds(site: Site, ory: FakeOry) -> None:
    heard: list[tuple[Event, float]] = []
    stop = listen(lambda event, value: heard.append((event, value)))
    ory.login(site)
    site.get("aal2")
    stop()
    site.get("aal2")

    [(event, seconds)] = heard
    assert event == "call"
    assert 0 < seconds < 10


def test_time_outs_and_limits_are_counted(site: Site, ory: FakeOry, events: list[Event]) -> None:
    ory.login(site)
    ory.fail(429)
    site.get("session")
    ory.recover()
    ory.fail_with("timeout", WHOAMI)
    site.get("session")

    # The last one asks for the health.
    assert sorted(events) == sorted([Event.CALL, Event.RATE_LIMITED, Event.CALL, Event.TIMEOUT, Event.CALL])


def test_listener_that_fails_breaks_nothing(site: Site, ory: FakeOry, caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: Event, value: float) -> None:
        raise LookupError

    heard: list[Event] = []
    stops = [listen(fail), listen(lambda event, value: heard.append(event))]
    ory.login(site)
    status = site.get("aal2").status_code
    for stop in stops:
        stop()

    assert (status, heard) == (200, [Event.CALL])
    assert "A metrics listener of django_ory_mfa failed." in caplog.messages
    assert {record.name for record in caplog.records if record.exc_info} == {"django_ory_mfa"}


# Server-Timing.


def test_developers_see_what_ory_was_asked(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.DEBUG = True
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1")

    timing = site.get("aal2")["Server-Timing"]

    assert [part.partition(";")[2].partition("desc=")[2] for part in timing.split(", ")] == [
        '"whoami"',
        '"the settings flow"',
    ]
    assert all(part.startswith("ory;dur=") for part in timing.split(", "))


def test_page_for_which_ory_was_not_asked_has_no_timing(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.DEBUG = True

    assert "Server-Timing" not in site.get("public")


def test_nobody_else_does(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert "Server-Timing" not in site.get("aal2")


def test_timing_of_the_site_stays(settings: Any) -> None:
    from django.http import HttpResponse

    from django_ory_mfa.session.server_timing import show_timings

    response = HttpResponse(headers={"Server-Timing": "db;dur=1"})
    show_timings(response, [("whoami", 0.0123)])

    assert response["Server-Timing"] == 'db;dur=1, ory;dur=12.3;desc="whoami"'


# An Ory whose database is down.


def test_ill_database_is_an_outage_and_no_sign_out(
    site: Site, ory: FakeOry, outages: list[dict[str, Any]], clock: PassingTime
) -> None:
    ory.login(site)
    ory.database_down = True

    responses = [site.get("aal2") for _ in range(3)]

    assert [(response.status_code, response["Retry-After"]) for response in responses] == [(503, "5")] * 3
    assert (asked(ory), asked(ory, READY)) == (3, 1)
    assert [outage["reason"] for outage in outages] == ["status 401"]


@pytest.mark.parametrize(
    ("down", "seconds", "ready_calls"), [(True, 4.9, 1), (True, 5.1, 2), (False, 0.5, 1), (False, 1.1, 2)]
)
def test_news_of_health_last_for_a_while(
    site: Site, ory: FakeOry, clock: PassingTime, *, down: bool, seconds: float, ready_calls: int
) -> None:
    ory.login(site).revoke()
    ory.database_down = down
    site.get("session")
    clock.passed += seconds
    site.get("session")

    assert asked(ory, READY) == ready_calls


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (503, "unavailable"),
        ("timeout", "unavailable"),
        ("connect-error", "unavailable"),
        (404, "anonymous"),
        (200, "anonymous"),
    ],
)
def test_only_a_bad_health_makes_nobody_an_outage(site: Site, ory: FakeOry, failure: Any, state: str) -> None:
    ory.login(site).revoke()
    ory.fail(failure, path=READY) if isinstance(failure, int) else ory.fail_with(failure, READY)

    assert site.get("session").json()["state"] == state


def test_health_is_not_asked_for_those_who_sent_nothing(site: Site, ory: FakeOry) -> None:
    site.get("aal2")

    assert ory.calls == []


def test_session_is_back_with_the_database(site: Site, ory: FakeOry, clock: PassingTime) -> None:
    ory.login(site)
    ory.database_down = True
    site.get("aal2")
    ory.recover()

    assert site.get("aal2").status_code == 200


def test_bad_news_of_the_database_end_with_a_session_that_is_found(
    site: Site, ory: FakeOry, outages: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    """For five seconds visitors without a session met an outage that was over, each of them a new one in the log."""
    stranger, person = Site(site.mode), site
    ory.login(stranger).revoke()
    ory.login(person)
    ory.database_down = True
    stranger.get("aal2")
    ory.recover()

    statuses = [visitor.get("aal2").status_code for visitor in (stranger, person, stranger, person, stranger)]

    assert statuses == [503, 200, 302, 200, 302]
    assert len(outages) == 1
    assert caplog.messages.count(outage_line("status 401")) == 1


def told(steps: Any, health_of_ory: Answer) -> bool:
    """What ``steps`` come to where Ory says so of its health, if they ask."""
    try:
        next(steps)
        steps.send((health_of_ory, 0.0))
    except StopIteration as stop:
        return bool(stop.value)
    raise AssertionError("more is asked than the health")


def test_answer_from_before_the_database_was_back_signs_nobody_out() -> None:
    ill = health.Health(get_ory().client, Group())
    during = told(ill.readiness(1.0), Answer(503))
    run(ill.note(OrySession(SessionState.ACTIVE), Answer(200), 5.0, is_known=True))
    before, after = told(ill.readiness(4.9), Answer(200)), told(ill.readiness(5.0), Answer(503))

    assert (during, before, after) == (False, False, True)


@pytest.mark.parametrize(
    ("of_health", "is_outage"),
    [
        (Answer(200), False),
        (Answer(404), False),
        (Answer(500, is_outage=True), True),
        (Answer(503, is_outage=True), True),
        (Answer.failed("body too large"), True),
    ],
    ids=["well", "no such page", "error", "not ready", "unreadable"],
)
def test_failure_that_one_visitor_may_have_caused_is_an_outage_if_the_health_is_bad(
    of_health: Answer, *, is_outage: bool
) -> None:
    failed = Answer.failed("ConnectionError", is_outage=True, is_broken=True)
    ill = health.Health(get_ory().client, Group())

    assert told(ill.note(OrySession(SessionState.UNAVAILABLE), failed, 0, is_known=False), of_health) is is_outage


# Rate limits.


@pytest.mark.parametrize(("reset", "after"), [("7", "7"), ("0", "1"), ("900", "30"), ("", "5"), ("soon", "5")])
def test_limit_is_passed_on(site: Site, ory: FakeOry, reset: str, after: str) -> None:
    ory.login(site)
    ory.fail(429, headers=[("x-ratelimit-reset", reset)])

    response = site.get("aal2")

    assert (response.status_code, response["Retry-After"]) == (503, after)


def test_nobody_probes_until_the_limit_resets(
    site: Site, ory: FakeOry, clock: PassingTime, caplog: pytest.LogCaptureFixture
) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1")
    ory.fail(429, headers=[("x-ratelimit-reset", "7")], path=PROBE)
    first = site.get("aal2").status_code
    ory.recover()
    clock.passed += 6.5
    paused = site.get("aal2").status_code
    clock.passed += 1

    # Unknown is a step-up, and to somebody without a second factor the page that says how to get one.
    assert (first, paused, site.get("aal2").status_code) == (302, 302, 403)
    assert asked(ory, PROBE) == 2
    assert caplog.messages.count("Ory answered 429 (too many requests).") == 1


# The memory of the probe.


def test_probe_is_remembered(site: Site, ory: FakeOry, clock: PassingTime) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1")

    statuses = [site.get("aal2").status_code for _ in range(2)]
    clock.passed += 29
    statuses.append(site.get("aal2").status_code)
    remembered = asked(ory, PROBE)
    clock.passed += 2
    statuses.append(site.get("aal2").status_code)

    assert (statuses, remembered, asked(ory, PROBE)) == ([403] * 4, 1, 2)


@pytest.mark.parametrize(("seconds", "probes"), [(4, 1), (6, 2)])
def test_unknown_is_remembered_for_a_short_time(
    site: Site, ory: FakeOry, clock: PassingTime, seconds: float, probes: int
) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1")
    ory.fail(500, path=PROBE)
    site.get("aal2")
    clock.passed += seconds
    site.get("aal2")

    assert asked(ory, PROBE) == probes


def test_probe_is_remembered_of_the_person_and_not_of_the_session(mode: str, ory: FakeOry) -> None:
    ory.required_aal = "aal1"
    first, second, other = Site(mode), Site(mode), Site(mode)
    session = ory.login(first, aal="aal1")
    again = ory.add_session(session.identity, ("password", 0))
    second.set_cookie("ory_kratos_session", again.cookie)
    ory.login(other, aal="aal1", second_factors=["totp"])

    statuses = [site.get("aal2").status_code for site in (first, second, other)]

    assert (statuses, asked(ory, PROBE)) == ([403, 403, 302], 2)


def test_second_factor_that_was_seen_makes_the_memory_worthless(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "highest_available"
    ory.required_aal = "aal1"
    session = ory.login(site, aal="aal1")
    allowed = site.get("highest").status_code
    session.enrol("totp")
    site.get("aal2")
    lower = ory.add_session(session.identity, ("password", 0))
    site.set_cookie("ory_kratos_session", lower.cookie)

    assert (allowed, site.get("highest").status_code) == (200, 302)


def test_prefetch_is_told_what_is_remembered(site: Site, ory: FakeOry) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1")
    unknown = site.request("head", "aal2").status_code
    site.get("aal2")

    assert (unknown, site.request("head", "aal2").status_code, asked(ory, PROBE)) == (403, 403, 1)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolment, "MOST_PEOPLE", 2)
    memory = EnrolmentMemory()
    for name in ("first", "second", "first", "third"):
        memory.note(name, enrolled=True)

    assert [memory.recall(name) for name in ("first", "second", "third")] == [(True, True), (None, False), (True, True)]


def test_forgetting_somebody_unknown_is_no_error() -> None:
    memory = EnrolmentMemory()
    memory.note("somebody", enrolled=False)
    memory.forget("nobody")
    memory.forget("somebody")

    assert memory.recall("somebody") == (None, False)


def test_settings_page_asks_afresh(ory: FakeOry) -> None:
    ory.required_aal = ory.settings_required_aal = "aal1"
    site = Site("sync")
    session = ory.login(site, aal="aal1")
    site.get("aal2")
    session.enrol("totp")
    lower = ory.add_session(session.identity, ("password", 0))
    site.set_cookie("ory_kratos_session", lower.cookie)

    assert site.get("/account/security/").context["enrolled"] is True


def test_failed_answers_say_how_long_to_wait() -> None:
    from django_ory_mfa.core.whoami import retry_after

    assert [retry_after(Answer.failed("breaker", retry_after=seconds)) for seconds in (0.2, 1.2, 10)] == [1, 2, 10]
