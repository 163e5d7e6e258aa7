"""B. One question to Ory, from the cookies of a request to a session that was read."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from itertools import count
from time import perf_counter
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.http import HttpRequest

from benchmarks.naive import ask_with_ory_client, ask_with_requests
from benchmarks.ory import Ory, ProgramMissingError, kratos, nginx, use
from benchmarks.static_ory import COOKIE
from benchmarks.table import Row, ratios
from benchmarks.timing import Plan, Seconds, Take, interleave
from django_ory_mfa.session.resolver import attach

THREADS = 16
BLOCK = 0.2  # seconds

_connections = threading.local()


def measure(plan: Plan, record: Seconds) -> Iterator[Row]:
    """Rows B1 to B3."""
    yield from _beside(nginx, "fast server", plan, record, [("B1", "ory_client", 1.0), ("B1", "Session.get", 0.6)])
    yield from _beside(kratos, "real Kratos", plan, record, [("B2", "ory_client", 1.0), ("B2", "Session.get", 0.8)])
    yield from _in_threads(plan, record)


def ask_with_ory_mfa(cookies: str) -> object:
    """As a guard does."""
    request = HttpRequest()
    request.META["HTTP_COOKIE"] = cookies
    attach(request)
    session = request.ory_session  # type: ignore[attr-defined]  # that is what attach() is for
    assert session.aal == "aal2"
    return session


def ask_with_requests_get(cookies: str) -> object:
    """A new connection each time."""
    return requests.get(f"{settings.ORY_MFA_SDK_URL}/sessions/whoami", headers={"Cookie": cookies}, timeout=3).json()


def ask_with_http_client(cookies: str) -> object:
    """The standard library, with one connection for each thread."""
    host = urlsplit(settings.ORY_MFA_SDK_URL).netloc
    if getattr(_connections, "host", None) != host:
        _connections.host, _connections.kept = host, http.client.HTTPConnection(host, timeout=3)
    _connections.kept.request("GET", "/sessions/whoami", headers={"Cookie": cookies, "Accept": "application/json"})
    return json.loads(_connections.kept.getresponse().read())


WAYS: dict[str, Callable[[str], object]] = {
    "ory_mfa": ask_with_ory_mfa,
    "ory_client": ask_with_ory_client,
    "Session.get": ask_with_requests,
    "requests.get": ask_with_requests_get,
    "http.client": ask_with_http_client,
}


def _beside(
    server: Callable[[], AbstractContextManager[Ory]],
    what: str,
    plan: Plan,
    record: Seconds,
    targets: list[tuple[str, str, float]],
) -> Iterator[Row]:
    """The cost of one question after the other."""
    taken: Seconds = {}
    left_out = ""
    try:
        with server() as ory:
            use(ory.url)
            takes = {name: _take(ask, ory.cookie) for name, ask in WAYS.items()}
            taken = interleave(takes, rounds=plan.rounds(25), seconds=plan.seconds(BLOCK))
    except ProgramMissingError as missing:
        left_out = str(missing)
    record |= {f"{what}: {name}": figures for name, figures in taken.items()}
    for number, peer, limit in targets:
        figures = [] if left_out else ratios(taken["ory_mfa"], taken[peer])
        yield Row(number, f"not cached, {what}: time / {peer}", "≤", limit, figures, left_out)


def _take(ask: Callable[[str], object], cookie: str) -> Take:
    numbers = count()

    def take(loops: int) -> float:
        started = perf_counter()
        for _ in range(loops):
            # Ory takes the first cookie that it can read; the second makes it a question that no cache has heard.
            ask(f"{COOKIE}={cookie}; {COOKIE}={next(numbers)}")
        return perf_counter() - started

    return take


def _in_threads(plan: Plan, record: Seconds) -> Iterator[Row]:
    """Sixteen threads that ask at once."""
    taken: Seconds = {}
    left_out = ""
    try:
        with nginx() as ory, ThreadPoolExecutor(THREADS) as pool:
            use(ory.url)
            takes = {name: _in_pool(pool, _take(ask, ory.cookie)) for name, ask in WAYS.items()}
            taken = interleave(takes, rounds=plan.rounds(15), seconds=plan.seconds(BLOCK * 5))
    except ProgramMissingError as missing:
        left_out = str(missing)
    record |= {f"16 threads, 16 calls: {name}": figures for name, figures in taken.items()}
    for peer, limit in {"Session.get": 1.7, "ory_client": 1.0}.items():
        figures = [] if left_out else ratios(taken[peer], taken["ory_mfa"])
        yield Row("B3", f"not cached, {THREADS} threads: calls/s / {peer}", "≥", limit, figures, left_out)


def _in_pool(pool: ThreadPoolExecutor, take: Take) -> Take:
    def take_all(loops: int) -> float:
        started = perf_counter()
        list(pool.map(take, [loops] * THREADS))
        return perf_counter() - started

    return take_all
