"""No test connects to anything but this machine: an audit hook of the interpreter sees every attempt."""

from __future__ import annotations

import sys
from ipaddress import ip_address
from typing import Any


class StrayConnectionError(BaseException):
    """A test tried to reach another machine. No ``Exception``, so that what is under test cannot swallow it."""


def guard(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuses connections, and look-ups of names, that lead elsewhere."""
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "localhost"  # a path: a Unix socket
    elif event == "socket.getaddrinfo":
        host = arguments[0] or "localhost"
    else:
        return
    if not is_loopback(host):
        raise StrayConnectionError(f"{event}: {host}")


def is_loopback(host: str | bytes) -> bool:
    """Whether ``host`` is this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if name == "localhost":
        return True
    try:
        return ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def install() -> None:
    """For the rest of the process; a hook cannot be taken away."""
    sys.addaudithook(guard)
