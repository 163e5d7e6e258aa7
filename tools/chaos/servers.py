"""The programs of a run: Kratos with a database in a file or in PostgreSQL, Redis, and the site."""

from __future__ import annotations

import os
import runpy
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import requests

from tests.servers.kratos import KratosServer

ROOT = Path(__file__).resolve().parents[2]
BUILD = runpy.run_path(str(ROOT / "tests" / "kratos" / "build.py"))
WORKERS = 2
THREADS = 4
APP_SERVERS = {
    "gunicorn": [
        "gunicorn",
        "tools.chaos.site:wsgi()",
        f"--workers={WORKERS}",
        f"--threads={THREADS}",
        "--worker-class=gthread",
        "--graceful-timeout=5",
        "--log-level=warning",
        "--bind=127.0.0.1:{port}",
    ],
    "uvicorn": [
        "uvicorn",
        "tools.chaos.site:asgi",
        "--factory",
        f"--workers={WORKERS}",
        "--log-level=warning",
        "--timeout-graceful-shutdown=5",
        "--port={port}",
    ],
}


class Process:
    """A program that can be killed, frozen and started again, until ``close``."""

    def __init__(self, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self._start = start
        self._running = start()

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """The process as it runs now."""
        return self._running

    @property
    def pid(self) -> int:
        """The number of the process that runs now."""
        return self._running.pid

    def kill(self) -> None:
        """Ends it without a word."""
        self._running.kill()
        self._running.wait()

    def freeze(self) -> None:
        """Has it do nothing at all."""
        self._running.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it go on."""
        self._running.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Ends it if it runs, and starts it again."""
        self.close()
        self._running = self._start()

    def close(self) -> None:
        """Ends it."""
        if self._running.poll() is None:
            # What is frozen would not hear it.
            self.thaw()
            self._running.terminate()
            try:
                self._running.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()


class MortalKratos(KratosServer):
    """A Kratos that can be ended and started again; its database, at ``dsn``, stays."""

    def __init__(self, binary: Path, folder: Path, dsn: str) -> None:
        self._dsn = dsn
        super().__init__(binary, folder)
        self.configure("lax", settings_required_aal="highest_available")

    @property
    def process(self) -> Process:
        """The program."""
        return self._program

    def revive(self) -> None:
        """Ends the server if it runs, starts it again and returns as soon as it answers."""
        self._program.restart()
        self._process = self._program.running
        self._await_ready()

    def close(self) -> None:
        """Ends the server."""
        self._program.close()

    def revoke(self, session_id: str) -> None:
        """An administrator ends one session."""
        self._admin("DELETE", f"/sessions/{session_id}", 204)

    def _start(
        self,
        binary: Path,
        public_port: int,
        admin_port: int,
        *,
        configs: Iterable[str] = ("kratos.yml",),
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        self.public_port = public_port
        variables = {"DSN": self._dsn, **(environment or {})}
        migrate = [str(binary), "migrate", "sql", "-e", "--yes", "-c", "kratos.yml"]
        subprocess.run(migrate, cwd=self.folder, env={**os.environ, **variables}, capture_output=True, check=True)
        start = partial(super()._start, binary, public_port, admin_port, configs=configs, environment=variables)
        self._program = Process(start)
        return self._program.running


class KratosOnFile(MortalKratos):
    """One whose database is a file, which can lose its sessions."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self._database = folder / "kratos.sqlite"
        super().__init__(binary, folder, f"sqlite://{self._database}?_fk=true")

    @contextmanager
    def without_sessions(self) -> Iterator[None]:
        """While this lasts, the table of sessions is gone."""
        self._execute("ALTER TABLE sessions RENAME TO sessions_gone")
        try:
            yield
        finally:
            self._execute("ALTER TABLE sessions_gone RENAME TO sessions")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """While this lasts, somebody else holds the database."""
        with closing(sqlite3.connect(self._database, timeout=30, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("ROLLBACK")

    def _execute(self, statement: str) -> None:
        with closing(sqlite3.connect(self._database, timeout=30, isolation_level=None)) as connection:
            # Foreign keys go on naming the table that is gone.
            connection.execute("PRAGMA legacy_alter_table = ON")
            connection.execute(statement)


class KratosOnPostgres(MortalKratos):
    """One whose database is a server of its own, which can end and freeze like any."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self.postgres = PostgresServer(folder)
        try:
            super().__init__(binary, folder, self.postgres.url)
        except BaseException:
            self.postgres.close()
            raise

    def close(self) -> None:
        """Ends both servers."""
        super().close()
        self.postgres.close()


class PostgresServer(Process):
    """A PostgreSQL for one user without a password, until ``close``."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self.url = f"postgres://kratos@127.0.0.1:{self._port}/postgres?sslmode=disable"
        # A folder of its own: the server does not run as root, and others may not look into that of the run.
        self._folder = Path(tempfile.mkdtemp(prefix="ory-mfa-chaos-postgres-"))
        self._user: list[str] = []
        if os.getuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
            self._user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        data = str(self._folder / "data")
        init = [postgres_program("initdb"), "--auth=trust", "--username=kratos", "--no-sync", "-D", data]
        subprocess.run([*self._user, *init], cwd=self._folder, capture_output=True, check=True)
        serve = [postgres_program("postgres"), "-D", data, "-p", str(self._port), "-h", "127.0.0.1", "-k", ""]
        command, log = [*self._user, *serve], folder / "postgres.log"
        super().__init__(lambda: start_program(command, log, dict(os.environ), cwd=self._folder))
        self._await_ready()

    def kill(self) -> None:
        """Ends it at once: without its processes, whatever they do, being able to end it in order."""
        self.running.send_signal(signal.SIGQUIT)
        self.running.wait()

    def freeze(self) -> None:
        """Has it and the processes that serve its connections do nothing at all."""
        super().freeze()
        self._signal_children(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets them all go on."""
        self._signal_children(signal.SIGCONT)
        super().thaw()

    def restart(self) -> None:
        """Ends it if it runs, and starts it again."""
        if self.running.poll() is None:
            self.kill()
        self._running = self._start()
        self._await_ready()

    def close(self) -> None:
        """Ends it, and forgets what it knew."""
        if self.running.poll() is None:
            self.thaw()
            self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _signal_children(self, number: signal.Signals) -> None:
        for pid in children(self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _await_ready(self) -> None:
        check = [postgres_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        until = time.monotonic() + 30
        while subprocess.run(check, check=False).returncode:
            if time.monotonic() > until:
                raise RuntimeError("PostgreSQL does not get ready")
            time.sleep(0.05)


def postgres_program(name: str) -> str:
    """A program of PostgreSQL, which Debian does not put on the path; raises ``RuntimeError`` if there is none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found = shutil.which(name, path=os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", "")]))
    if found is None:
        message = f"there is no {name}: install PostgreSQL"
        raise RuntimeError(message)
    return found


class RedisServer:
    """A Redis that keeps nothing on disk, until ``close``."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = Process(lambda: start_program(command, folder / "redis.log", dict(os.environ), cwd=folder))
        await_port(self.port)

    def close(self) -> None:
        """Ends the server."""
        self.process.close()


class SiteServer:
    """The site behind several workers, until ``close``."""

    def __init__(self, app_server: str, folder: Path, **variables: str) -> None:
        self.port = free_port()
        self._log = folder / f"{app_server}.log"
        command = [part.format(port=self.port) for part in APP_SERVERS[app_server]]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]), **variables}
        self.process = Process(lambda: start_program([sys.executable, "-m", *command], self._log, env, cwd=folder))
        try:
            self._await_workers()
        except BaseException:
            self.close()
            raise

    @property
    def log(self) -> str:
        """What the server has written so far."""
        return self._log.read_text(errors="replace")

    @property
    def workers(self) -> list[int]:
        """The processes that serve pages."""
        return [pid for pid in children(self.process.pid) if memory_of(pid) > 20_000]

    def close(self) -> None:
        """Ends the server."""
        self.process.close()

    def _await_workers(self) -> None:
        await_port(self.port)
        seen: set[str] = set()
        until = time.monotonic() + 30
        while len(seen) < WORKERS:
            if time.monotonic() > until:
                message = f"not all workers serve: {self.log[-2000:]}"
                raise RuntimeError(message)
            response = requests.get(f"http://127.0.0.1:{self.port}/public/", timeout=10)
            seen.add(response.headers["X-Worker"])


def start_program(command: list[str], log: Path, env: dict[str, str], *, cwd: Path) -> subprocess.Popen[bytes]:
    """Starts ``command``, which writes to the end of ``log``."""
    with log.open("ab") as file:
        return subprocess.Popen(command, cwd=cwd, env=env, stdout=file, stderr=subprocess.STDOUT)


def make_certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody signed, with its key, in one file."""
    key, certificate, both = folder / "key.pem", folder / "certificate.pem", folder / "both.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command = ["openssl", "req", "-x509", *curve, "-keyout", str(key), "-out", str(certificate), *subject]
    subprocess.run(command, check=True, capture_output=True)
    both.write_text(key.read_text() + certificate.read_text())
    return both


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def await_port(port: int) -> None:
    """Returns as soon as somebody listens on ``port``."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    message = f"nobody listens on port {port}"
    raise RuntimeError(message)


def children(pid: int) -> list[int]:
    """The processes that ``pid`` started."""
    with suppress(FileNotFoundError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def memory_of(pid: int) -> int:
    """The resident memory of a process in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def kratos_binary() -> Path | None:
    """The Kratos that the tests run against; None without Go and ``KRATOS_BIN``."""
    found: Any = BUILD["kratos_binary"]()
    return found if found is None else Path(found)
