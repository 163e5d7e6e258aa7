"""C. Pages per second from end to end, with a real Kratos, one process for each site."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial

from benchmarks.ory import Ory, ProgramMissingError, await_answer, kratos, needed
from benchmarks.servers import express, go, gunicorn, uvicorn, wrk
from benchmarks.static_ory import COOKIE, OTHER_COOKIES
from benchmarks.table import Row, ratios
from benchmarks.timing import Plan, Seconds

WIDTHS = (1, 16, 64)  # connections
threaded = partial(gunicorn, threads=16)
SERVERS: dict[str, Callable[[str], AbstractContextManager[str]]] = {
    "no guard": partial(threaded, "Django alone"),
    "cached": partial(threaded, "ory_mfa"),
    "not cached": partial(threaded, "ory_mfa", ttl=0),
    "floor": partial(threaded, "floor"),
    "naive ory_client": partial(threaded, "naive ory_client"),
    "naive requests": partial(threaded, "naive requests"),
    "Express": express,
    "Go": go,
    "ASGI, no guard": partial(uvicorn, "Django alone"),
    "ASGI, cached": partial(uvicorn, "ory_mfa"),
}
# Number, ours, peer, and the least of ours / theirs for each width.
TARGETS: list[tuple[str, str, str, dict[int, float]]] = [
    ("C1", "cached", "Express", {1: 3, 16: 1.5, 64: 1.3}),
    ("C1", "cached", "Go", dict.fromkeys(WIDTHS, 1.2)),
    ("C1", "cached", "no guard", dict.fromkeys(WIDTHS, 0.7)),
    ("C2", "not cached", "naive ory_client", dict.fromkeys(WIDTHS, 1.05)),
    ("C2", "not cached", "naive requests", dict.fromkeys(WIDTHS, 1.15)),
    ("C2", "not cached", "Express", {1: 1.0}),
    ("C3", "ASGI, cached", "ASGI, no guard", dict.fromkeys(WIDTHS, 0.75)),
]


def measure(plan: Plan, record: Seconds) -> Iterator[Row]:
    """Rows C1 to C3."""
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        try:
            needed("wrk")
            ory = stack.enter_context(kratos())
        except ProgramMissingError as error:
            missing = dict.fromkeys(SERVERS, str(error))
        else:
            urls = _start(ory, stack, missing)
            for _ in range(plan.rounds(3)):
                _round(urls, ory, plan.seconds(2), record)
    for number, ours, peer, limits in TARGETS:
        left_out = missing.get(ours) or missing.get(peer) or ""
        for width, limit in limits.items():
            what = f"{ours}, {width} connections: requests/s / {peer}"
            figures = [] if left_out else ratios(record[f"{peer}, {width}"], record[f"{ours}, {width}"])
            yield Row(number, what, "≥", limit, figures, left_out)


def _start(ory: Ory, stack: ExitStack, missing: dict[str, str]) -> dict[str, str]:
    urls = {}
    for name, server in SERVERS.items():
        try:
            urls[name] = stack.enter_context(server(ory.url))
        except ProgramMissingError as error:
            missing[name] = str(error)
        else:
            await_answer(f"{urls[name]}/traits", headers={"Cookie": _cookies(ory)})
    return urls


def _round(urls: dict[str, str], ory: Ory, seconds: float, record: Seconds) -> None:
    for width in WIDTHS:
        for name in random.sample(list(urls), len(urls)):
            taken = wrk(f"{urls[name]}/traits", connections=width, seconds=seconds, cookies=_cookies(ory))
            record.setdefault(f"{name}, {width}", []).append(taken)


def _cookies(ory: Ory) -> str:
    return f"{OTHER_COOKIES}; {COOKIE}={ory.cookie}"
