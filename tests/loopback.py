"""No test talks to another machine: a connection or a look-up that would leave this one is stopped, and fails the test.

An audit hook (PEP 578) sees every socket of the process, whatever library opened it and whoever swallows the error.
Programs that tests start have sockets of their own, which it does not see.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

# The names of the events: https://docs.python.org/3/library/audit_events.html
WITH_ADDRESS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
WITH_HOST = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
attempts: list[str] = []


class LeftTheMachineError(AssertionError):
    """Somebody tried to."""


def is_here(host: object) -> bool:
    """Whether ``host`` is this machine; None and an empty one stand for all of its own addresses."""
    if isinstance(host, bytes):
        host = host.decode(errors="replace")
    if not host or host == "localhost":
        return True
    try:
        return ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in WITH_ADDRESS:
        address = arguments[1]
        # Sockets of this machine have a path, and those that are connected already no address.
        host = address[0] if isinstance(address, tuple) else None
    elif event in WITH_HOST:
        host = arguments[0]
    else:
        return
    if not is_here(host):
        attempts.append(f"{event} {host}")
        raise LeftTheMachineError(attempts[-1])


@pytest.fixture(autouse=True)
def stay_on_this_machine() -> Iterator[None]:
    """Fails the test that left, also if the error was swallowed."""
    attempts.clear()
    yield
    if attempts:
        pytest.fail(f"left this machine: {', '.join(attempts)}")


sys.addaudithook(_watch)
