"""What a walk walks on: an Ory, and a site before it whose pages are Ory's sign-in too."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import requests
from django.test import override_settings

from tests.missing import CHROMIUMS
from tests.servers.emulator import EmulatorServer
from tests.servers.kratos import KratosServer, Settings, wait_until

SITE_FOLDER = Path(__file__).resolve().parent / "site"
EXAMPLE_FOLDER = Path(__file__).resolve().parents[2] / "example_project"
# Every variable that the example reads, so that a developer's .env has no say.
SITE_VARIABLES = {
    "DEBUG": "true",
    "SECRET_KEY": "for tests only",
    "ALLOWED_HOSTS": "127.0.0.1",
    "SITE_URL": "",
    "ORY_BROWSER_URL": "",
    "ORY_WHOAMI_REQUIRED_AAL": "",
    "ORY_SETTINGS_REQUIRED_AAL": "highest_available",
    # The package of this checkout, whichever one is installed.
    "PYTHONPATH": os.pathsep.join(map(str, (EXAMPLE_FOLDER, EXAMPLE_FOLDER.parent))),
    "PYTHONDONTWRITEBYTECODE": "1",
}
APP_SERVERS = {
    "gunicorn": ["gunicorn", "--workers=1", "--threads=4", f"--chdir={SITE_FOLDER}", "walks.wsgi", "--bind={address}"],
    "uvicorn": ["uvicorn", f"--app-dir={SITE_FOLDER}", "walks.asgi:application", "--host={host}", "--port={port}"],
}


class Pair(NamedTuple):
    """Which Ory, and which application server."""

    ory: str
    app_server: str

    def __str__(self) -> str:
        return f"{self.ory}-{self.app_server}"


@dataclass(frozen=True)
class SettingsOfSite(Settings):
    """Kratos' settings with ``site`` as the place of its pages, and as where it sends browsers by default."""

    site: str = ""

    def apply_to(self, config: dict[str, Any]) -> None:
        """Writes these settings into the configuration of a Kratos."""
        super().apply_to(config)
        selfservice = config["selfservice"]
        selfservice["default_browser_return_url"] = f"{self.site}/"
        flows = selfservice["flows"]
        flows["logout"]["after"]["default_browser_return_url"] = f"{self.site}/"
        for kind in ("login", "settings", "error"):
            flows[kind]["ui_url"] = f"{self.site}/ory-ui/{kind}"


class KratosOfSite(KratosServer):
    """A Kratos whose pages are those of ``site``."""

    settings_class = SettingsOfSite

    def __init__(self, binary: Path, folder: Path, site: str) -> None:
        self.site = site
        super().__init__(binary, folder, return_urls=return_urls(site))

    def _write_config(self, settings: Settings) -> str:
        return super()._write_config(self.settings_class(**vars(settings), site=self.site))


class Site:
    """The site under ``app_server`` on ``port``, before the Ory at ``ory_url``, until ``close``."""

    def __init__(self, app_server: str, port: int, ory_url: str, log_file: Path, *, host: str = "127.0.0.1") -> None:
        self.url = f"http://{host}:{port}"
        self._log_file = log_file
        places = {"address": f"127.0.0.1:{port}", "host": "127.0.0.1", "port": port}
        command = [part.format(**places) for part in APP_SERVERS[app_server]]
        env = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR") if name in os.environ}
        env |= SITE_VARIABLES | {
            "ORY_SDK_URL": ory_url,
            "ALLOWED_HOSTS": host,
            "DATABASE": str(log_file.with_suffix(".sqlite3")),
        }
        subprocess.run([sys.executable, EXAMPLE_FOLDER / "manage.py", "migrate", "-v0"], env=env, check=True)
        with log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=log_file.parent, env=env, stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def log(self) -> str:
        """What the server has written so far."""
        return self._log_file.read_text(errors="replace")

    def await_ready(self) -> None:
        """Returns as soon as it answers."""
        wait_until(self._is_up, 120, lambda: f"The site did not start: {self.log}")

    def _is_up(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"The site ended with status {self._process.returncode}: {self.log}")
        try:
            return requests.get(f"{self.url}/script/", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def close(self) -> None:
        """Ends the server."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@dataclass
class Ground:
    """An Ory and the site before it."""

    pair: Pair
    ory: KratosServer
    site: Site

    @property
    def is_emulator(self) -> bool:
        """Whether it is the emulator, which has a mailbox and a clock that can be moved."""
        return isinstance(self.ory, EmulatorServer)

    @property
    def emulator(self) -> EmulatorServer:
        """The emulator, for walks that only there can be walked."""
        if not isinstance(self.ory, EmulatorServer):
            raise TypeError(f"{self.pair} has no emulator.")
        return self.ory

    @property
    def ui(self) -> str:
        """Where the pages of Ory's flows are."""
        return self.emulator.ory.ui_url if self.is_emulator else f"{self.site.url}/ory-ui"

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """While this lasts, the pages of the emulator, which runs in this process, ask their own emulator."""
        with override_settings(ORY_MFA_SDK_URL=self.ory.public_url, ALLOWED_HOSTS=["127.0.0.1", "localhost"]):
            self.ory.configure("strict")
            yield
        if self.is_emulator:
            self.emulator.ory.recover()

    def keep_logs(self, folder: Path) -> None:
        """Copies the logs of both servers there."""
        (folder / f"{self.pair.app_server}.log").write_text(self.site.log)
        if not self.is_emulator:
            (folder / "kratos.log").write_text(self.ory.log)

    def close(self) -> None:
        """Ends both servers."""
        self.site.close()
        self.ory.close()


def open_ground(pair: Pair, folder: Path, kratos: Path | None) -> Ground:
    """Starts both servers of ``pair``; ``kratos`` is the binary, for pairs that need it."""
    port = free_port()
    site_url = f"http://127.0.0.1:{port}"
    ory = open_emulator(site_url) if kratos is None else KratosOfSite(kratos, folder, site_url)
    try:
        site = Site(pair.app_server, port, ory.public_url, folder / f"{pair.app_server}.log")
        ground = Ground(pair, ory, site)
    except BaseException:
        ory.close()
        raise
    try:
        site.await_ready()
    except BaseException:
        ground.close()
        raise
    return ground


def open_emulator(site_url: str) -> EmulatorServer:
    """An emulator of the newer version, so that both versions of Ory are walked."""
    server = EmulatorServer()
    server.ory.allowed_return_urls = return_urls(site_url)
    server.ory.default_return_url = f"{site_url}/"
    return server


def return_urls(site_url: str) -> tuple[str, ...]:
    """The site by its address and by its other name."""
    return f"{site_url}/", f"{site_url.replace('127.0.0.1', 'localhost')}/"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def chromium_path(*names: str) -> str | None:
    """The Chromium of ``CHROMIUM``, else the first of ``names`` (by default of ``CHROMIUMS``) on ``PATH``."""
    if given := os.environ.get("CHROMIUM"):
        return given
    return next(filter(None, map(shutil.which, names or CHROMIUMS)), None)


# Name of the package on npm: its version, and the file in it that a browser runs.
SCRIPTS = {
    "axe-core": ("4", "axe.min.js"),
    "htmx.org": ("2", "dist/htmx.min.js"),
    "@hotwired/turbo": ("8", "dist/turbo.es2017-umd.js"),
    "unpoly": ("3", "unpoly.min.js"),
    "typescript": ("5", "lib/tsc.js"),
}


def script_of(package: str, cache: Path) -> Path | None:
    """The file of a script, which npm fetches into ``cache`` once; None without npm."""
    version, name = SCRIPTS[package]
    folder = cache / f"{package}-{version}"
    script = folder / "node_modules" / package / name
    npm = shutil.which("npm")
    if not script.exists() and npm is None:
        return None
    if not script.exists():
        folder.mkdir(parents=True, exist_ok=True)
        install = [str(npm), "install", "--no-audit", "--no-fund", "--prefix", str(folder), f"{package}@{version}"]
        run = subprocess.run(install, capture_output=True, text=True, check=False)
        if run.returncode:
            raise RuntimeError(f"npm did not install {package}: {run.stderr}")
    return script
