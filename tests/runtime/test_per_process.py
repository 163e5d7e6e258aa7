from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from django_ory_mfa.runtime.per_process import forget_all, forget_ory, once_per_process

# Seconds after which a child that hangs is killed; a busy machine needs a small part of them.
LONGEST = 60


class Made:
    """Something to make."""


@pytest.fixture
def made() -> list[Made]:
    return []


def test_thing_is_made_once_for_the_same_arguments() -> None:
    @once_per_process
    def make(name: str) -> Made:
        return Made()

    assert make("a") is make("a")
    assert make("a") is not make("b")


def test_thing_is_made_once_by_many_threads() -> None:
    together, calls = threading.Barrier(8), []

    @once_per_process
    def make() -> Made:
        calls.append(1)
        # The others arrive meanwhile, and wait.
        time.sleep(0.2)
        return Made()

    def ask(_: int) -> Made:
        together.wait(LONGEST)
        return make()

    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(ask, range(8)))

    assert (len(found), len(calls)) == (1, 1)


def test_maker_may_need_another_thing() -> None:
    @once_per_process
    def inner() -> Made:
        return Made()

    @once_per_process
    def outer() -> list[Made]:
        return [inner()]

    assert outer() == [inner()]


def test_another_ory_is_met_without_prejudice_by_the_same_threads() -> None:
    @once_per_process
    def learn() -> Made:
        return Made()

    @once_per_process
    def hire() -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1)

    learned, hired = learn(), hire()
    forget_ory()

    assert learn() is not learned
    assert hire() is hired


def test_forked_child_has_no_threads_to_go_on_with() -> None:
    @once_per_process
    def hire() -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1)

    hired = hire()
    forget_all()

    assert hire() is not hired


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_forked_child_makes_its_own_even_if_a_thread_is_making_one() -> None:
    busy, release = threading.Event(), threading.Event()

    @once_per_process
    def make(name: str) -> Made:
        if name == "slow":
            busy.set()
            release.wait(LONGEST)
        return Made()

    kept = make("kept")
    thread = threading.Thread(target=make, args=("slow",))
    thread.start()
    busy.wait(LONGEST)
    child = os.fork()
    if child == 0:
        # A lock that nobody holds here would be waited for until the end of days.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(LONGEST)
        # The thread that holds the lock does not exist here.
        os._exit(0 if make("kept") is not kept and make("other") is make("other") else 1)
    release.set()
    thread.join()

    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status != -signal.SIGALRM, f"the child still hung after {LONGEST} s"
    assert status == 0
    assert make("kept") is kept
