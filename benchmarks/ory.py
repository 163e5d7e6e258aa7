"""Servers in Ory's place: a real Kratos, nginx with one fixed answer, and one that answers late or never."""

from __future__ import annotations

import json
import runpy
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.core.signals import setting_changed

from benchmarks.static_ory import COOKIE, StaticOry
from tests.servers.kratos import KratosServer

ROOT = Path(__file__).resolve().parent.parent
BUILD = runpy.run_path(str(ROOT / "tests" / "kratos" / "build.py"))
NGINX = """
daemon off;
worker_processes 1;
error_log stderr error;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location = /sessions/whoami {{ default_type application/json; alias {folder}/whoami.json; }}
    }}
}}
"""


class ProgramMissingError(Exception):
    """A program that rows need is not installed; the text says which."""


@dataclass(frozen=True)
class Ory:
    """Where a server is, and the session cookie of somebody who gave a second factor there."""

    url: str
    cookie: str


@contextmanager
def kratos() -> Iterator[Ory]:
    """A real Kratos; raises ``ProgramMissingError`` if there is none to run."""
    binary = BUILD["kratos_binary"]()
    if binary is None:
        raise ProgramMissingError("there is no Kratos, and no Go to build it")
    with tempfile.TemporaryDirectory() as folder:
        server = KratosServer(binary, Path(folder))
        try:
            person = server.add_person("totp")
            name, value = server.open_browser(person, "password", "totp").session_cookie
            assert name == COOKIE
            yield Ory(server.public_url, value)
        finally:
            server.close()


@contextmanager
def nginx() -> Iterator[Ory]:
    """A server that costs next to nothing and gives everybody the same session; raises ``ProgramMissingError``."""
    program = needed("nginx")
    ory = StaticOry()
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        Path(folder, "whoami.json").write_bytes(ory.body)
        Path(folder, "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
        with running([program, "-c", f"{folder}/nginx.conf", "-p", folder, "-e", "stderr"]):
            url = f"http://127.0.0.1:{port}"
            await_answer(f"{url}/sessions/whoami")
            yield Ory(url, ory.cookie)


class SlowOry:
    """Another process that answers whoami after a delay, or never, and counts."""

    def __init__(self, url: str) -> None:
        self.url = url

    def delay(self, seconds: float | None) -> None:
        """Answers after ``seconds`` from now on, None is never; forgets what it has counted and who waits."""
        requests.post(f"{self.url}/delay", data=json.dumps(seconds), timeout=10).raise_for_status()

    def counts(self) -> dict[str, int]:
        """``calls`` of whoami, and the ``peak`` of those that were under way at once."""
        found: dict[str, int] = requests.get(f"{self.url}/counts", timeout=10).json()
        return found


@contextmanager
def slow_ory() -> Iterator[SlowOry]:
    """A ``SlowOry`` that runs until the end of the block."""
    with running([sys.executable, "-m", "benchmarks.slow_ory"], cwd=ROOT, stdout=subprocess.PIPE) as process:
        yield SlowOry(process.stdout.readline().decode().strip())


@contextmanager
def running(command: list[str], **options: Any) -> Iterator[Any]:
    """A program that runs until the end of the block."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def needed(program: str) -> str:
    """The path of ``program``; raises ``ProgramMissingError``."""
    path = shutil.which(program)
    if path is None:
        raise ProgramMissingError(f"{program} is not installed")
    return path


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def await_answer(url: str, **options: Any) -> None:
    """Returns as soon as ``url`` gives 200; raises ``RuntimeError`` after 30 seconds."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=30, allow_redirects=False, **options).status_code == 200:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.05)
    message = f"{url} does not answer with 200"
    raise RuntimeError(message)


def use(url: str) -> None:
    """Has this process take the server at ``url`` for Ory."""
    settings.ORY_MFA_SDK_URL = url
    setting_changed.send(sender=None, setting="ORY_MFA_SDK_URL", value=url, enter=True)
