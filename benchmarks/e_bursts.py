"""E. Two hundred requests at once, while Ory takes its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from time import perf_counter

from benchmarks.handling import Headers, asgi_sender, async_sender, sender
from benchmarks.ory import SlowOry, slow_ory, use
from benchmarks.sites import SITES
from benchmarks.static_ory import COOKIE
from benchmarks.table import Row
from benchmarks.timing import Plan, Seconds
from django_ory_mfa.conf import conf

ASKERS = 200
NEAR, FAR = 0.05, 0.25  # seconds that Ory takes
# Of the far Ory: how many requests each asker sends, one after the other.
TURNS = 4

_sessions = count()


def measure(plan: Plan, record: Seconds) -> Iterator[Row]:
    """Rows E1 and E2."""
    with slow_ory() as ory, ThreadPoolExecutor(ASKERS) as threads:
        use(ory.url)
        bursts = {"threads": _in_threads(threads), "async": _in_tasks}
        for mode, burst in bursts.items():
            calls = [_calls_of_one_session(ory, burst) for _ in range(plan.rounds(5))]
            yield Row("E1", f"{ASKERS} requests of one session at once, {mode}: calls", "=", 1, calls, is_count=True)
        yield from _far(ory, plan, record)


def _new_session() -> Headers:
    return {"Cookie": f"{COOKIE}=session-{next(_sessions)}"}


def _calls_of_one_session(ory: SlowOry, burst: Callable[[Headers], None]) -> int:
    ory.delay(NEAR)
    burst(_new_session())
    return ory.counts()["calls"]


def _in_threads(threads: ThreadPoolExecutor) -> Callable[[Headers], None]:
    def burst(headers: Headers) -> None:
        list(threads.map(sender(SITES["ory_mfa"]), [headers] * ASKERS))

    return burst


def _in_tasks(headers: Headers) -> None:
    async def burst() -> None:
        send = async_sender(SITES["ory_mfa"])
        await asyncio.gather(*(send(headers) for _ in range(ASKERS)))

    asyncio.run(burst())


def _far(ory: SlowOry, plan: Plan, record: Seconds) -> Iterator[Row]:
    """Everybody with a session of their own."""
    shares, peaks = [], []
    ceiling = conf.max_concurrency / FAR
    for _ in range(plan.rounds(5)):
        rates = {}
        for name in ("naive requests", "ory_mfa"):
            ory.delay(FAR)
            rates[name] = asyncio.run(_rate(name))
            record.setdefault(f"{ASKERS} sessions at once: {name}", []).append(1 / rates[name])
        peaks.append(ory.counts()["peak"])
        shares.append(rates["ory_mfa"] / min(rates["naive requests"], ceiling))
    what = f"{ASKERS} sessions at once, Ory {FAR * 1000:.0f} ms away, async"
    yield Row("E2", f"{what}: requests/s / min(naive, limit / latency)", "≥", 0.9, shares)
    yield Row("E2", f"{what}: calls under way", "≤", conf.max_concurrency, peaks, is_count=True)


async def _rate(name: str) -> float:
    """Answered requests per second."""
    send = asgi_sender(SITES[name])

    async def ask() -> int:
        return sum([await send(_new_session()) == 200 for _ in range(TURNS)])

    started = perf_counter()
    answered = sum(await asyncio.gather(*(ask() for _ in range(ASKERS))))
    return max(answered, 1) / (perf_counter() - started)
