"""The table says of each crossing what the walk finds."""

from __future__ import annotations

from typing import Any

import django
import pytest

from django_ory_mfa.checks.outside import check_outside
from tests.crossings.sections import ROWS
from tests.crossings.stops import STOPS, WAYS
from tests.crossings.table import WALK
from tests.crossings.ways import SITUATIONS, Stop


def test_walk_comes_by_every_crossing_that_is_said_to_be_on_it() -> None:
    said = {row.name for row in ROWS.values() if WALK in row.test and row.since <= django.VERSION[:2]}

    assert said - set(WAYS) == set()


def test_every_crossing_of_the_walk_has_a_row() -> None:
    assert set(WAYS) - set(ROWS) == set()


@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_is_not_plainly_safe_is_an_exception_of_the_walk(situation: str) -> None:
    found = {stop.crossing for stop in STOPS if stop.situation == situation and (stop.is_outside or stop.is_uncovered)}
    missing = {name for name in WAYS if not any(s.crossing == name and s.situation == situation for s in STOPS)}

    said = {row.name for row in ROWS.values() if row.test == WALK and not row.text(situation).startswith("safe")}

    assert said - missing == {name for name in found if ROWS[name].test == WALK}


WARNED = [
    stop
    for stop in STOPS
    if stop.situation == "policy" and not stop.place.startswith("after") and "W011" in ROWS[stop.crossing].policy
]


def test_what_the_policy_cannot_cover_is_said_to_be_named_by_a_check() -> None:
    uncovered = {str(stop) for stop in STOPS if stop.is_uncovered and stop.situation == "policy"}

    assert uncovered <= {str(stop) for stop in WARNED}


@pytest.mark.parametrize("stop", WARNED, ids=str)
def test_what_the_policy_cannot_cover_is_named_by_a_check(settings: Any, stop: Stop) -> None:
    settings.MIDDLEWARE = stop.middleware

    assert [message.id for message in check_outside(None) if stop.crossing in message.msg] == ["ory_mfa.W011"]
