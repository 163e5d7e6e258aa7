"""Sites as servers, one process each, and what loads them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from benchmarks.ory import ROOT, await_answer, free_port, needed, running

PER_SECOND = re.compile(r"^Requests/sec: +([\d.]+)", re.MULTILINE)
REFUSED = re.compile(r"^ *Non-2xx or 3xx responses: (\d+)", re.MULTILINE)


@contextmanager
def gunicorn(site: str, ory_url: str, *, threads: int, ttl: int = 300) -> Iterator[str]:
    """The URL of a site in blocking code; ``ttl`` is the ``ORY_MFA_CACHE_TTL``."""
    url = f"127.0.0.1:{free_port()}"
    # A request that waits for Ory without end must not keep the server from ending.
    options = [f"--bind={url}", f"--threads={threads}", "--graceful-timeout=1", "--log-level=error"]
    command = ["gunicorn", *options, "benchmarks.sites:wsgi()"]
    with _python(command, site, ory_url, ttl):
        yield _ready(f"http://{url}")


@contextmanager
def uvicorn(site: str, ory_url: str, *, ttl: int = 300) -> Iterator[str]:
    """The URL of a site in async code."""
    port = free_port()
    command = ["uvicorn", f"--port={port}", "--log-level=error", "--factory", "benchmarks.sites:asgi"]
    with _python(command, site, ory_url, ttl):
        yield _ready(f"http://127.0.0.1:{port}")


@contextmanager
def express(ory_url: str) -> Iterator[str]:
    """The URL of the guide's way in Express, which npm brings; raises ``ProgramMissingError``."""
    folder, port = ROOT / "benchmarks" / "express", free_port()
    node, npm = needed("node"), needed("npm")
    if not (folder / "node_modules").is_dir():
        subprocess.run([npm, "install", "--silent", "--no-package-lock"], cwd=folder, stdout=sys.stderr, check=True)
    env = {**os.environ, "ORY_SDK_URL": ory_url, "NODE_ENV": "production"}
    with running([node, "server.js", str(port)], cwd=folder, env=env):
        yield _ready(f"http://127.0.0.1:{port}")


@contextmanager
def go(ory_url: str) -> Iterator[str]:
    """The URL of the guide's way in Go, on one core as all the others; raises ``ProgramMissingError``."""
    address = f"127.0.0.1:{free_port()}"
    env = {**os.environ, "ORY_SDK_URL": ory_url, "GOMAXPROCS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/benchmark"
        subprocess.run([needed("go"), "build", "-o", program], cwd=ROOT / "benchmarks" / "go", check=True)
        with running([program, address], env=env):
            yield _ready(f"http://{address}")


def wrk(url: str, *, connections: int, seconds: float, cookies: str = "") -> float:
    """Seconds per page as ``connections`` browsers get it, at most those of the whole measurement."""
    duration = max(1, round(seconds))
    command = [needed("wrk"), "-t1", f"-c{connections}", f"-d{duration}s", "-H", f"Cookie: {cookies}", url]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    found, refused = PER_SECOND.search(said), REFUSED.search(said)
    assert found is not None, said
    served = float(found[1]) - (int(refused[1]) / duration if refused else 0)
    return 1 / max(served, 1 / duration)


def _python(command: list[str], site: str, ory_url: str, ttl: int) -> AbstractContextManager[object]:
    env = {
        **os.environ,
        "BENCHMARK_SITE": site,
        "BENCHMARK_ORY_URL": ory_url,
        "BENCHMARK_CACHE_TTL": str(ttl),
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
    }
    return running([sys.executable, "-m", *command], cwd=ROOT, env=env)


def _ready(url: str) -> str:
    await_answer(f"{url}/public")
    return url
