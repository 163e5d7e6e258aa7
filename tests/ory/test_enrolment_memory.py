"""Who is remembered to have a second factor, how long, and how many people."""

from __future__ import annotations

import pytest

from django_ory_mfa.ory import enrolment_memory
from django_ory_mfa.ory.enrolment_memory import EnrolmentMemory
from tests.clock import PassingTime


@pytest.mark.parametrize(("enrolled", "seconds"), [(True, 30), (False, 30), (None, 5)])
def test_what_was_found_is_used_for_a_while(clock: PassingTime, seconds: float, *, enrolled: bool | None) -> None:
    memory = EnrolmentMemory()
    memory.note("jo", enrolled=enrolled)

    clock.wait(seconds - 1)
    assert memory.recall("jo") == (enrolled, True)
    clock.wait(1)
    assert memory.recall("jo") == (enrolled, False)


def test_whoever_was_noted_longest_ago_makes_room(clock: PassingTime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolment_memory, "MOST_PEOPLE", 2)
    memory = EnrolmentMemory()
    for name in ("jo", "kim", "jo"):
        memory.note(name, enrolled=True)
    assert len(memory) == 2
    assert memory.recall("kim") == (True, True)
    memory.note("lou", enrolled=True)

    assert [name for name in ("jo", "kim", "lou") if memory.recall(name)[1]] == ["jo", "lou"]


def test_pause_begins_once_and_ends(clock: PassingTime) -> None:
    memory = EnrolmentMemory()
    paused = [memory.is_paused]

    begins = [memory.pause(7), memory.pause(7)]
    for seconds in (6, 1):
        clock.wait(seconds)
        paused.append(memory.is_paused)
    begins.append(memory.pause(7))

    assert (paused, begins) == ([False, True, False], [True, False, True])
