"""Log lines that a visitor can cause: one of a kind per minute, and how many were left out."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from django_ory_mfa.runtime import limited_log
from django_ory_mfa.runtime.limited_log import MOST_KINDS, LineLimit
from django_ory_mfa.signals import aal_denied
from django_ory_mfa.testing import FakeOry
from tests.clock import PassingTime
from tests.site import Site


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "django_ory_mfa"]


def test_second_line_of_a_kind_is_left_out_for_a_minute(clock: PassingTime, caplog: pytest.LogCaptureFixture) -> None:
    limited_log.warning("Odd: %s", "a")
    clock.seconds += 59.9
    limited_log.warning("Odd: %s", "b")

    assert lines(caplog) == ["Odd: a"]


def test_next_line_tells_how_many_were_left_out(clock: PassingTime, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        limited_log.warning("Odd: %s", "a")
    clock.seconds += 60
    limited_log.warning("Odd: %s", "b")
    clock.seconds += 60
    limited_log.warning("Odd: %s", "c")

    assert lines(caplog) == ["Odd: a", "Odd: b (and 2 more since the last such line)", "Odd: c"]


def test_lines_of_different_kinds_do_not_limit_each_other(clock: PassingTime, caplog: pytest.LogCaptureFixture) -> None:
    limited_log.warning("Odd: %s", "a")
    limited_log.warning("Strange")
    limited_log.warning("Odd: %s", "b", kind="b")
    limited_log.warning("Odd: %s", "b", kind="b")

    assert lines(caplog) == ["Odd: a", "Strange", "Odd: b"]


def test_errors_are_limited_by_class_and_keep_their_traceback(
    clock: PassingTime, caplog: pytest.LogCaptureFixture
) -> None:
    for error in (LookupError("first"), LookupError("second"), OSError("third")):
        try:
            raise error
        except (LookupError, OSError) as raised:
            limited_log.exception("It broke.", raised)

    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["first", "third"]
    assert {record.levelname for record in caplog.records} == {"ERROR"}


def test_warning_about_an_error_that_is_handled_has_no_traceback(
    clock: PassingTime, caplog: pytest.LogCaptureFixture
) -> None:
    """It may hold what the visitor sent."""
    try:
        raise LookupError
    except LookupError:
        limited_log.warning("Odd")

    assert [bool(record.exc_info) for record in caplog.records] == [False]


def test_line_names_the_place_that_it_is_about(clock: PassingTime, caplog: pytest.LogCaptureFixture) -> None:
    limited_log.warning("Odd")

    assert [record.funcName for record in caplog.records] == ["test_line_names_the_place_that_it_is_about"]


def test_line_that_nobody_wants_is_not_counted(clock: PassingTime, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "django_ory_mfa"):
        limited_log.warning("Odd")
    limited_log.warning("Odd")

    assert lines(caplog) == ["Odd"]


def test_line_of_a_kind_that_has_room_takes_it_from_no_other(clock: PassingTime) -> None:
    limit = LineLimit()
    for number in (*range(MOST_KINDS), 0):
        limit.admit(number)
    clock.seconds += 60

    assert [limit.admit(1), limit.admit(0)] == [0, 1]


def test_kind_whose_line_is_new_keeps_no_other_out(clock: PassingTime) -> None:
    limit = LineLimit()
    for number in range(MOST_KINDS):
        limit.admit(number)
    clock.seconds += 60

    assert [limit.admit(0), limit.admit("new")] == [0, 0]


def test_number_of_kinds_is_limited(clock: PassingTime) -> None:
    """A kind that finds no room is left out, so that even many kinds write no more lines than this."""
    limit = LineLimit()
    admitted = [limit.admit(number) for number in range(MOST_KINDS + 5)]
    clock.seconds += 60
    later = limit.admit(MOST_KINDS)

    assert (admitted.count(0), admitted[MOST_KINDS:]) == (MOST_KINDS, [None] * 5)
    assert (later, len(limit)) == (0, MOST_KINDS)


# Through requests.


def test_cookies_of_several_projects_are_one_line(
    site: Site, ory: FakeOry, clock: PassingTime, caplog: pytest.LogCaptureFixture
) -> None:
    site.set_cookie("ory_kratos_session", "a")
    site.set_cookie("ory_session_other", "b")
    for _ in range(3):
        site.get("session")
    clock.seconds += 60
    site.get("session")

    line = "Cookies of several Ory projects in one request: set ORY_MFA_SESSION_COOKIE to the right one."
    assert lines(caplog) == [line, f"{line} (and 2 more since the last such line)"]


@pytest.fixture
def _reporting(settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_ory_mfa.middleware.AALRequiredMiddleware"]
    settings.ORY_MFA_RULES = [(r"/", "aal2", {"report_only": True})]


@pytest.mark.usefixtures("_reporting")
def test_rule_that_only_reports_is_one_line_for_each_url_pattern_and_a_signal_each_time(
    site: Site, ory: FakeOry, clock: PassingTime, caplog: pytest.LogCaptureFixture
) -> None:
    reported: list[str] = []

    def receive(sender: Any, request: Any, **named: Any) -> None:
        if named["report_only"]:
            reported.append(request.path)

    aal_denied.connect(receive)
    try:
        for path in ("public", "public?a=1", "inside/aal1", "inside/aal2"):
            site.get(path)
    finally:
        aal_denied.disconnect(receive)

    paths = [f"/{site.mode}/{path}" for path in ("public", "public", "inside/aal1", "inside/aal2")]
    assert [line.partition(":")[0] for line in lines(caplog)] == [f"Would refuse {paths[at]!r}" for at in (0, 2)]
    assert reported == paths
