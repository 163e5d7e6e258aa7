from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from django_ory_mfa.ory import deadline as module
from django_ory_mfa.ory.deadline import Deadline, Watchdog, cover


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def is_open(ours: socket.socket, theirs: socket.socket) -> bool:
    try:
        theirs.sendall(b"x")
    except BrokenPipeError:
        return False
    return ours.recv(1) == b"x"


def test_read_ends_when_the_time_is_over(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, _ = pair

    with Deadline(0.05) as deadline:
        cover(ours)
        read = ours.recv(1)

    assert (read, deadline.has_passed) == (b"", True)


def test_socket_covered_too_late_is_shut_down_at_once(pair: tuple[socket.socket, socket.socket]) -> None:
    with Deadline(0):
        cover(pair[0])

    assert not is_open(*pair)


def test_socket_is_free_again_after_the_call(pair: tuple[socket.socket, socket.socket]) -> None:
    with Deadline(0.05) as deadline:
        cover(pair[0])
    deadline.expire()

    assert is_open(*pair)


def test_socket_outside_a_deadline_is_left_alone(pair: tuple[socket.socket, socket.socket]) -> None:
    cover(pair[0])

    assert is_open(*pair)


def test_closed_socket_is_no_error(pair: tuple[socket.socket, socket.socket]) -> None:
    with Deadline(60) as deadline:
        cover(pair[0])
        pair[0].close()
        deadline.expire()


def test_earlier_deadline_is_served_before_a_later_one(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, _ = pair

    with Deadline(60), Deadline(0.05):
        cover(ours)
        read = ours.recv(1)

    assert read == b""


def test_call_that_ended_in_time_does_not_wake_the_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of calls a second leave as many deadlines, which all pass a few seconds later."""
    expired, has_expired = [], threading.Event()

    class Noted(Deadline):
        def expire(self) -> None:
            expired.append(self)
            has_expired.set()

    watchdog = Watchdog()
    monkeypatch.setattr(module, "_watchdog", lambda: watchdog)
    with Noted(0):
        pass
    overdue = Noted(0.05)
    watchdog.watch(overdue)

    watchdog.start()

    assert has_expired.wait(60)
    assert expired == [overdue]
