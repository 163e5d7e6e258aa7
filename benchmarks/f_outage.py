"""F. A frozen Ory, and the pages that do not need it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import requests

from benchmarks.ory import ProgramMissingError, needed, slow_ory
from benchmarks.servers import gunicorn, wrk
from benchmarks.static_ory import COOKIE
from benchmarks.table import Row, ratios
from benchmarks.timing import Plan, Seconds

SLOTS = 2
# More than there are slots; each asks for a guarded page again and again.
VISITORS = 4
PAUSE = 0.25  # seconds between the answer to a visitor and the next request
# Three time-outs of Ory, one after the other, are over by then.
SETTLING = 10  # seconds
SITES = ("Django alone", "ory_mfa", "naive middleware")


def measure(plan: Plan, record: Seconds) -> Iterator[Row]:
    """Rows F1 and F2."""
    try:
        needed("wrk")
    except ProgramMissingError as missing:
        yield from _rows([], [], left_out=str(missing))
        return
    with ExitStack() as stack:
        ory = stack.enter_context(slow_ory())
        urls = {name: stack.enter_context(gunicorn(name, ory.url, threads=SLOTS)) for name in SITES}
        # Only now, since the naive one could not have started.
        ory.delay(None)
        record |= {f"nobody asks: {name}": [] for name in SITES} | {"guarded visitors: ory_mfa": []}
        for _ in range(plan.rounds(5)):
            for name in random.sample(SITES, len(SITES)):
                record[f"nobody asks: {name}"].append(_public(urls[name], plan.seconds(3)))
        with _visitors(urls["ory_mfa"]):
            time.sleep(plan.seconds(SETTLING))
            for _ in range(plan.rounds(5)):
                record["guarded visitors: ory_mfa"].append(_public(urls["ory_mfa"], plan.seconds(5)))
    unguarded = record["nobody asks: Django alone"]
    yield from _rows(
        ratios(unguarded, record["nobody asks: ory_mfa"]), ratios(unguarded, record["guarded visitors: ory_mfa"])
    )


def _rows(unasked: list[float], asked: list[float], *, left_out: str = "") -> Iterator[Row]:
    what = "frozen Ory, public page"
    yield Row("F1", f"{what}, nobody asks: requests/s / no guard", "≥", 0.9, unasked, left_out)
    yield Row("F2", f"{what}, {VISITORS} guarded visitors: requests/s / no guard", "≥", 0.5, asked, left_out)


def _public(url: str, seconds: float) -> float:
    return wrk(f"{url}/public", connections=SLOTS, seconds=seconds)


@contextmanager
def _visitors(url: str) -> Iterator[None]:
    """Signed-in people who look at guarded pages until the end of the block."""
    is_over = threading.Event()

    def visit(number: int) -> None:
        with requests.Session() as browser:
            while not is_over.is_set():
                browser.get(url, headers={"Cookie": f"{COOKIE}=visitor-{number}"}, timeout=60)
                is_over.wait(PAUSE)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(VISITORS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
