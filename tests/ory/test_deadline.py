from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from django_ory_mfa.ory.deadline import Deadline, cover


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
