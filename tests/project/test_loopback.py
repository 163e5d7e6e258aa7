"""The guard that keeps tests on this machine bites."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3

from django_ory_mfa.ory.client import OryClient
from tests.loopback import LeftTheMachineError, attempts, is_here

ROOT = Path(__file__).resolve().parents[2]
# RFC 5737 and RFC 6761: nobody is there.
ELSEWHERE, NAME = "192.0.2.1", "ory.invalid"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "::1%lo", b"127.0.0.1", "", None])
def test_this_machine(host: object) -> None:
    assert is_here(host)


@pytest.mark.parametrize(
    "host", [ELSEWHERE, NAME, "::", "192.168.0.1", "localhost.example", b"\xff", "127.0.0.1.example"]
)
def test_other_machines(host: object) -> None:
    assert not is_here(host)


def connect_ex() -> None:
    with socket.socket() as one:
        one.connect_ex((ELSEWHERE, 443))


def send_a_datagram() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.sendto(b"x", (ELSEWHERE, 53))


def open_asyncio_connection() -> None:
    asyncio.run(asyncio.open_connection(ELSEWHERE, 443))


WAYS: list[Callable[[], Any]] = [
    connect_ex,
    send_a_datagram,
    open_asyncio_connection,
    lambda: socket.create_connection((ELSEWHERE, 443), timeout=1),
    lambda: socket.getaddrinfo(NAME, 443),
    lambda: socket.gethostbyname(NAME),
    lambda: requests.get(f"https://{NAME}/", timeout=1),
    lambda: urllib3.request("GET", f"http://{ELSEWHERE}/", timeout=1, retries=False),
]


@pytest.mark.parametrize("leave", WAYS)
def test_every_way_out_is_shut(leave: Callable[[], Any]) -> None:
    with pytest.raises(LeftTheMachineError):
        leave()

    assert attempts
    attempts.clear()


def test_attempt_is_known_though_the_error_was_swallowed() -> None:
    answer = OryClient(f"https://{NAME}").flow("login", "x", "")

    assert answer.status == 0
    assert attempts == [f"socket.getaddrinfo {NAME}"]
    attempts.clear()


def test_this_machine_may_be_talked_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
        socket.getaddrinfo("localhost", 0)

    assert attempts == []


SUITE = f"""
import contextlib, socket
from tests.loopback import stay_on_this_machine

def test_leaves():
    with contextlib.suppress(BaseException):
        socket.create_connection(("{ELSEWHERE}", 443))

def test_stays():
    pass
"""


def test_test_that_leaves_fails(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(tmp_path), "-p", "no:django"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    run = subprocess.run(
        [*command, str(tmp_path)], capture_output=True, text=True, env=environment, cwd=tmp_path, check=False
    )

    assert "Failed: left this machine: socket.getaddrinfo" in run.stdout
    assert "2 passed, 1 error" in run.stdout, run.stdout + run.stderr
