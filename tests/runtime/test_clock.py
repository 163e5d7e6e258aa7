from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django_ory_mfa.runtime.clock import SystemClock, monotonic, now, use_clock


def test_clock_is_that_of_the_system_but_for_tests_that_replace_it() -> None:
    class Stopped(SystemClock):
        def now(self) -> datetime:
            return datetime(2020, 1, 1, tzinfo=UTC)

        def monotonic(self) -> float:
            return -1.0

    stopped = Stopped()
    before = use_clock(stopped)
    read = now(), monotonic()
    given_back = use_clock(before)

    assert (read, given_back) == ((datetime(2020, 1, 1, tzinfo=UTC), -1.0), stopped)
    assert datetime.now(UTC) - now() < timedelta(minutes=1)
    assert monotonic() > 0
