"""One visitor after the other at each page behind each crossing: nobody gets what was made for somebody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches

from django_ory_mfa.testing import FakeOry
from tests.crossings.judging import complaints
from tests.crossings.stops import STOPS
from tests.crossings.visitors import walk
from tests.crossings.ways import Stop


def stored() -> int:
    kept: list[Any] = [caches[name] for name in ("default", "other")]
    return sum(len(cache._cache) for cache in kept)


@pytest.mark.parametrize("stop", STOPS, ids=str)
def test_next_visitor_gets_nothing_of_the_first(mode: str, ory: FakeOry, settings: Any, stop: Stop) -> None:
    settings.MIDDLEWARE = stop.middleware
    for name, value in stop.way.settings.items():
        setattr(settings, name, value)
    # An aal1 session with a second factor is shown, and refused by guards.
    ory.required_aal = "aal1"

    answers = walk(stop, mode, ory)

    assert list(complaints(stop, answers)) == []
    assert stored() == 0
