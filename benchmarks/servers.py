"""Sites as servers, one process each, and what loads them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

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


def wrk(url: str, *, connections: int, seconds: float, cookies: str = "") -> float:
    """Seconds per page as ``connections`` browsers get it, at most those of the whole measurement."""
    duration = max(1, round(seconds))
    command = [needed("wrk"), "-t1", f"-c{connections}", f"-d{duration}s", "-H", f"Cookie: {cookies}", url]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    found, refused = PER_SECOND.search(said), REFUSED.search(said)
    assert found is not None, said
    served = float(found[1]) - (int(refused[1]) / duration if refused else 0)
    return 1 / max(served, 1 / duration)


def _python(command: list[str], site: str, ory_url: str, ttl: int) -> object:
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
