"""G. What grows: sessions in the cache, guards in one request, cookies of other people."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter

from django.conf import settings
from django.http.cookie import parse_cookie

from benchmarks.handling import sender, sync_take
from benchmarks.sites import SITES
from benchmarks.static_ory import COOKIE, OTHER_COOKIES, StaticOry
from benchmarks.table import Row, added, ratios
from benchmarks.timing import Plan, Seconds, Take, interleave, looped
from django_ory_mfa.testing import installed

BLOCK = 0.05  # seconds
SITE = SITES["ory_mfa"]
SESSIONS = 100_000
GUARDS = 11


def measure(plan: Plan, record: Seconds) -> Iterator[Row]:
    """Rows G1 to G3."""
    ory = StaticOry()
    with installed(ory):
        few, many = f"{OTHER_COOKIES}; {COOKIE}={ory.cookie}", _many_cookies(ory.cookie)
        with_many = sync_take(SITE, {"Cookie": many})
        bytes_sent = len(ory.last_headers["Cookie"])
        takes = {
            "one session": _visits(ory.cookie, 1),
            "many sessions": _visits(ory.cookie, plan.number(SESSIONS, quick=1000)),
            **{f"guards: {times}": sync_take(replace(SITE, times=times), {"Cookie": few}) for times in (0, 1, GUARDS)},
            "0.5 kB of cookies": sync_take(SITE, {"Cookie": few}),
            "8 kB of cookies": with_many,
            "parse_cookie of 8 kB": looped(lambda: parse_cookie(many)),
        }
        record |= interleave(takes, rounds=plan.rounds(25), seconds=plan.seconds(BLOCK))
    yield Row("G1", "100 000 cached sessions / 1", "≤", 1.1, ratios(record["many sessions"], record["one session"]))
    first = added(record["guards: 1"], record["guards: 0"])
    further = [cost / (GUARDS - 1) for cost in added(record[f"guards: {GUARDS}"], record["guards: 1"])]
    yield Row("G2", "each further guard / the first", "≤", 0.25, ratios(further, first))
    longer = added(record["8 kB of cookies"], record["0.5 kB of cookies"])
    yield Row("G3", "8 kB of cookies: added / parse_cookie", "≤", 1.2, ratios(longer, record["parse_cookie of 8 kB"]))
    yield Row("G3", "8 kB of cookies: bytes of them sent to Ory", "≤", 500, [bytes_sent], is_count=True)


def _visits(cookie: str, number: int) -> Take:
    """Requests of ``number`` visitors, each of whom has been here before."""
    send = sender(SITE)
    urls = settings.ROOT_URLCONF
    visitors = [{"Cookie": f"{OTHER_COOKIES}; {COOKIE}={visitor:06}{cookie[6:]}"} for visitor in range(number)]
    for headers in visitors:
        send(headers)

    def take(loops: int) -> float:
        settings.ROOT_URLCONF = urls
        coming = random.choices(visitors, k=loops)
        started = perf_counter()
        for headers in coming:
            send(headers)
        return perf_counter() - started

    return take


def _many_cookies(cookie: str) -> str:
    """8 kB: half a hundred cookies of other programs, and Ory's."""
    others = [f"other_{number:02}={'x' * 139}" for number in range(50)]
    return "; ".join([*others[:25], f"{COOKIE}={cookie}", *others[25:]])
