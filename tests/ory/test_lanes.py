"""Who gets the next free thread: known credentials before unknown ones, and networks in turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from django_ory_mfa.ory.known_credentials import MOST_CREDENTIALS, KnownCredentials
from django_ory_mfa.ory.lanes import Caller, Job, SharedThreads, network_of

# Long enough for any thread here, and never waited for in a run that passes.
PATIENCE = 10


class Calls:
    """Calls that each last until they are let go, and the order in which they began."""

    def __init__(self, size: int) -> None:
        self.pool = ThreadPoolExecutor(size)
        self.threads = SharedThreads(self.pool, size)
        self.begun: list[str] = []
        self._began = threading.Semaphore(0)
        self._gates: dict[str, threading.Event] = {}

    def submit(self, name: str, address: str = "", *, is_known: bool = False) -> Job:
        """Ask for a thread for the call ``name``; if there is one, wait until it has begun."""
        gate = self._gates[name] = threading.Event()

        def work() -> None:
            self.begun.append(name)
            self._began.release()
            # Longer than anybody waits for another call, or that one would begin in the end whatever is wrong.
            gate.wait(3 * PATIENCE)

        job = self.threads.submit(work, Caller(is_known, address))
        if not job.has_waited:
            self.wait_for_another()
        return job

    def wait_for_another(self) -> str:
        """Wait until another call has begun, and return its name."""
        assert self._began.acquire(timeout=PATIENCE)
        return self.begun[-1]

    def end(self, name: str) -> None:
        """Let the call ``name`` go."""
        self._gates[name].set()

    def close(self) -> None:
        """Let all calls go."""
        for gate in self._gates.values():
            gate.set()
        self.pool.shutdown()


@pytest.fixture
def calls() -> Iterator[Calls]:
    calls = Calls(4)
    yield calls
    calls.close()


def fill(calls: Calls, name: str, count: int, address: str = "", *, is_known: bool = False) -> list[Job]:
    return [calls.submit(f"{name}{number}", address, is_known=is_known) for number in range(count)]


def test_unknown_credentials_get_half_of_the_threads(calls: Calls) -> None:
    jobs = fill(calls, "junk", 10)

    assert [job.has_waited for job in jobs] == [False] * 2 + [True] * 8


def test_known_credential_gets_a_thread_while_unknown_ones_wait(calls: Calls) -> None:
    fill(calls, "junk", 10)

    assert not calls.submit("known", is_known=True).has_waited


def test_known_credentials_may_take_all_threads(calls: Calls) -> None:
    jobs = fill(calls, "known", 5, is_known=True)

    assert [job.has_waited for job in jobs] == [False] * 4 + [True]


def test_known_credential_that_waits_goes_before_unknown_ones(calls: Calls) -> None:
    fill(calls, "known", 3, is_known=True)
    fill(calls, "junk", 5)
    calls.submit("late", is_known=True)
    calls.end("known0")

    assert calls.wait_for_another() == "late"


def test_unknown_credential_gets_a_thread_where_known_ones_take_all(calls: Calls) -> None:
    """Else nobody could come back from signing in to a site with many visitors."""
    fill(calls, "known", 9, is_known=True)
    calls.submit("newcomer")
    calls.end("known0")

    assert calls.wait_for_another() == "newcomer"


def test_unknown_credentials_keep_no_more_than_their_share_from_known_ones(calls: Calls) -> None:
    fill(calls, "known", 9, is_known=True)
    fill(calls, "junk", 9)
    for name in ("known0", "known1", "known2"):
        calls.end(name)
        calls.wait_for_another()

    assert sum(name.startswith("junk") for name in calls.begun) == 1


@pytest.mark.parametrize(("size", "share"), [(1, 1), (2, 1), (3, 1), (4, 2), (32, 16)], ids=lambda number: str(number))
def test_share_of_unknown_credentials_depends_on_the_size(size: int, share: int) -> None:
    calls = Calls(size)
    jobs = fill(calls, "junk", size + 1)
    calls.close()

    assert sum(not job.has_waited for job in jobs) == share


@pytest.mark.parametrize(("size", "least"), [(1, 0), (2, 1), (8, 1), (15, 1), (16, 2), (32, 4)])
def test_share_that_known_credentials_leave_depends_on_the_size(size: int, least: int) -> None:
    calls = Calls(size)
    fill(calls, "known", 2 * size, is_known=True)
    fill(calls, "junk", size)
    for number in range(size):
        calls.end(f"known{number}")
        calls.wait_for_another()
    begun = list(calls.begun)
    calls.close()

    assert sum(name.startswith("junk") for name in begun) == least


def test_known_credentials_come_first_where_there_is_one_thread() -> None:
    calls = Calls(1)
    fill(calls, "junk", 3)
    calls.submit("known", is_known=True)
    calls.end("junk0")
    following = calls.wait_for_another()
    calls.close()

    assert following == "known"


def test_newcomer_from_another_network_goes_before_a_line_of_one(calls: Calls) -> None:
    fill(calls, "junk", 50, "192.0.2.1")
    calls.submit("newcomer", "198.51.100.7")
    calls.end("junk0")

    assert calls.wait_for_another() == "newcomer"


def test_networks_take_turns(calls: Calls) -> None:
    fill(calls, "busy", 2, "192.0.2.1")
    fill(calls, "one", 3, "192.0.2.1")
    fill(calls, "other", 3, "198.51.100.7")
    order = []
    for name in ("busy0", "busy1"):
        calls.end(name)
        order.append(calls.wait_for_another())
    for _ in range(4):
        calls.end(order[-1])
        order.append(calls.wait_for_another())

    assert [name[:-1] for name in order] == ["other", "one"] * 3


def test_newest_of_a_network_comes_first(calls: Calls) -> None:
    """Oldest first would give every thread to somebody who has no time left for the call."""
    fill(calls, "junk", 5, "192.0.2.1")
    calls.end("junk0")

    assert calls.wait_for_another() == "junk4"


def test_job_that_was_withdrawn_is_never_done(calls: Calls) -> None:
    jobs = fill(calls, "junk", 4)

    assert [jobs[3].withdraw(), jobs[3].withdraw(), jobs[0].withdraw()] == [True, False, False]
    calls.end("junk0")
    assert calls.wait_for_another() == "junk2"


def test_network_of_which_all_withdrew_has_no_turn(calls: Calls) -> None:
    fill(calls, "busy", 2)
    calls.submit("last", "198.51.100.7")
    for job in fill(calls, "gone", 3, "192.0.2.1"):
        job.withdraw()
    calls.end("busy0")

    assert calls.wait_for_another() == "last"


def test_network_whose_calls_have_all_begun_takes_no_turn_from_known_credentials(calls: Calls) -> None:
    fill(calls, "known", 4, is_known=True)
    calls.submit("newcomer", "192.0.2.1")
    calls.end("known0")
    assert calls.wait_for_another() == "newcomer"
    calls.end("newcomer")
    if calls.submit("known4", is_known=True).has_waited:
        calls.wait_for_another()
    calls.submit("late", is_known=True)
    calls.end("known1")

    assert calls.wait_for_another() == "late"


def test_thread_is_free_again_after_a_call_that_broke(calls: Calls) -> None:
    def broken() -> None:
        raise SystemExit

    for _ in range(8):
        calls.threads.submit(broken, Caller(is_known=False))
    if calls.submit("next").has_waited:
        calls.wait_for_another()

    assert calls.begun == ["next"]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1::1", "20010db800000001"),
        ("2001:db8:0:1:ffff::2", "20010db800000001"),
        ("2001:db8:0:2::1", "20010db800000002"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80000000000000"),
        ("", ""),
        ("unix:", "unix:"),
        # From a header that a proxy passes on.
        ("x" * 8000, "x" * 64),
    ],
)
def test_network_of_an_address(address: str, network: str) -> None:
    assert network_of(address) == network


def test_known_credentials_are_remembered_up_to_a_number() -> None:
    known = KnownCredentials()
    for number in range(MOST_CREDENTIALS):
        known.note(str(number))
    known.note("0")
    known.note("new")

    assert (len(known), "0" in known, "1" in known, "new" in known) == (MOST_CREDENTIALS, True, False, True)


def test_credential_that_is_forgotten_is_unknown() -> None:
    known = KnownCredentials()
    known.note("name")
    known.forget("name")
    known.forget("other")

    assert "name" not in known
