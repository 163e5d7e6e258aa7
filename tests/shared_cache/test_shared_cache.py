"""Several gunicorn workers that share a real Redis or a real Memcached."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.browser.servers import free_port
from tests.servers.emulator import EmulatorServer
from tests.servers.kratos import KratosBrowser, wait_until

pytestmark = pytest.mark.xdist_group("shared_cache")

WORKERS = 3
ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {
    "redis": ["redis-server", "--bind", "127.0.0.1", "--save", "", "--port"],
    "memcached": ["memcached", "-l", "127.0.0.1", "-u", "nobody", "-p"],
}
LOCATIONS = {"redis": "redis://127.0.0.1:{port}/0", "memcached": "127.0.0.1:{port}"}
WHOAMI = "/sessions/whoami"


class CacheServer:
    """A cache that can be stopped, started again and frozen."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.port = free_port()
        self.location = LOCATIONS[kind].format(port=self.port)
        self.start()

    def start(self) -> None:
        command = [*COMMANDS[self.kind], str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._is_up, 60, lambda: f"{self.kind} did not start")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def _is_up(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    @contextmanager
    def frozen(self) -> Iterator[None]:
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


class Workers:
    """The site under gunicorn. Each request opens a connection, so that any worker may take it."""

    def __init__(self, cache: CacheServer, ory: EmulatorServer, log: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = log
        env = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR", "PYTHONPATH") if name in os.environ}
        env |= {"CACHE": cache.kind, "CACHE_LOCATION": cache.location, "ORY_SDK_URL": ory.public_url}
        bind = f"--bind={self.url.removeprefix('http://')}"
        command = ["gunicorn", f"--workers={WORKERS}", bind, f"--chdir={ROOT}", "tests.shared_cache.site"]
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT
            )
        wait_until(lambda: len(self.processes()) == WORKERS, 120, log.read_text)

    def get(self, path: str, cookie: tuple[str, str] | None = None) -> requests.Response:
        return requests.get(
            f"{self.url}/{path}", cookies=dict([cookie]) if cookie else None, allow_redirects=False, timeout=60
        )

    def processes(self) -> set[int]:
        """The workers that a few requests met."""
        try:
            return {self.get("public").json()["process"] for _ in range(20)}
        except requests.RequestException:
            return set()

    def seen(self, path: str, cookie: tuple[str, str]) -> dict[int, int]:
        """How often each worker answered with 200, once every worker was met."""
        counts: dict[int, int] = {}

        def all_met() -> bool:
            for _ in range(10):
                process = self.get(path, cookie).json()["process"]
                counts[process] = counts.get(process, 0) + 1
            return len(counts) == WORKERS

        wait_until(all_met, 60, lambda: f"only {counts}: {self._log.read_text()}")
        return counts

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


@pytest.fixture(scope="module", params=COMMANDS)
def cache(request: pytest.FixtureRequest) -> Iterator[CacheServer]:
    if shutil.which(COMMANDS[request.param][0]) is None:
        (pytest.fail if os.environ.get("REQUIRE_CACHES") == "1" else pytest.skip)(f"{request.param} is not installed")
    server = CacheServer(request.param)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def ory() -> Iterator[EmulatorServer]:
    server = EmulatorServer("v1.3.1")
    server.ory.allowed_return_urls = None
    yield server
    server.close()


@pytest.fixture(scope="module")
def site(cache: CacheServer, ory: EmulatorServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    workers = Workers(cache, ory, tmp_path_factory.mktemp("workers") / "log")
    yield workers
    workers.close()


@pytest.fixture
def visitor(ory: EmulatorServer) -> Any:
    browser = ory.open_browser(ory.add_person("totp"), "password", "totp")
    ory.ory.calls.clear()
    return browser


def asked(ory: EmulatorServer, path: str = WHOAMI) -> int:
    return sum(call.path == path for call in ory.ory.calls)


def test_what_one_worker_asked_all_know(site: Workers, ory: EmulatorServer, visitor: KratosBrowser) -> None:
    site.get("aal2", visitor.session_cookie)

    site.seen("aal2", visitor.session_cookie)

    assert asked(ory) == 1


def test_sign_out_in_one_is_seen_by_all(site: Workers, ory: EmulatorServer, visitor: KratosBrowser) -> None:
    name, value = visitor.session_cookie
    site.seen("aal2", (name, value))
    with requests.Session() as browser:
        browser.cookies.update({name: value})
        page = browser.get(f"{site.url}/security/", timeout=60)
        token = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        away = browser.post(
            f"{site.url}/security/logout/", data={"csrfmiddlewaretoken": token}, allow_redirects=False, timeout=60
        )
    visitor.follow_logout(away.headers["Location"])

    statuses = {site.get("aal2", (name, value)).status_code for _ in range(30)}

    assert statuses == {302}
    assert site.get("session", (name, value)).json()["identity"] is None


def test_revoked_session_lives_in_the_cache_only(site: Workers, ory: EmulatorServer, visitor: KratosBrowser) -> None:
    stranger = ory.open_browser(ory.add_person("totp"), "password", "totp")
    site.get("aal2", visitor.session_cookie)
    for browser in (visitor, stranger):
        ory.revoke_sessions(browser.person)

    assert len(site.seen("aal2", visitor.session_cookie)) == WORKERS
    assert site.get("aal2", stranger.session_cookie).status_code == 302


def test_cache_that_is_gone_breaks_and_opens_nothing(
    site: Workers, ory: EmulatorServer, visitor: KratosBrowser, cache: CacheServer
) -> None:
    stranger = ory.open_browser(ory.add_person("totp"), "password")
    cache.stop()
    try:
        allowed = {site.get("aal2", visitor.session_cookie).status_code for _ in range(15)}
        refused = {site.get("aal2", stranger.session_cookie).status_code for _ in range(15)}
        public = {site.get("public").status_code for _ in range(15)}
    finally:
        cache.start()

    assert (allowed, refused, public) == ({200}, {302}, {200})


def test_cache_that_is_frozen_costs_its_time_outs_and_no_more(
    site: Workers, ory: EmulatorServer, visitor: KratosBrowser, cache: CacheServer
) -> None:
    stranger = ory.open_browser(ory.add_person("totp"), "password")
    with cache.frozen():
        seconds = [site.get("aal2", visitor.session_cookie).elapsed.total_seconds() for _ in range(30)]
        refused = {site.get("aal2", stranger.session_cookie).status_code for _ in range(5)}

    assert refused == {302}
    # Two time-outs in a row and a worker leaves the cache alone for a while.
    assert sum(second > 1.4 for second in seconds) <= 3 * WORKERS
