"""The guard of the suite itself."""

from __future__ import annotations

import socket

import pytest

from tests.loopback import StrayConnectionError


def test_connection_to_another_machine_fails():
    with pytest.raises(StrayConnectionError, match=r"192\.0\.2\.1"), socket.socket() as one:
        one.connect(("192.0.2.1", 80))


def test_name_of_another_machine_is_not_looked_up():
    with pytest.raises(StrayConnectionError, match=r"api\.console\.ory\.sh"):
        socket.create_connection(("api.console.ory.sh", 443), timeout=1)


def test_connection_to_this_machine_passes():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=5):
        pass
