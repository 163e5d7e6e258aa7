"""A. What a guard adds to one request, in blocking and in async code."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator

from benchmarks.floor import remember
from benchmarks.handling import async_take, sync_take
from benchmarks.sites import SITES, Site
from benchmarks.static_ory import StaticOry
from benchmarks.table import Row, added, ratios
from benchmarks.timing import Plan, Seconds, interleave
from benchmarks.visitors import create_tables, headers_for
from django_ory_mfa.testing import installed

BLOCK = 0.03  # seconds
GUARDED = ("floor", "ory_mfa", "login_required", "django-otp", "allauth", "simplejwt")
NO_ASYNC = ("allauth",)


def measure(plan: Plan, record: Seconds) -> Iterator[Row]:
    """Rows A1 to A4."""
    create_tables()
    ory = StaticOry()
    remember(ory.cookie, ory.body)
    with installed(ory), asyncio.Runner() as runner:
        headers = {name: headers_for(name, ory.cookie) for name in SITES}
        takes = {}
        for name, site in _cases():
            sent = headers[name.partition(",")[0]]
            takes[f"sync: {name}"] = sync_take(site, sent)
            if name not in NO_ASYNC:
                takes[f"async: {name}"] = async_take(runner, site, sent)
        record |= interleave(takes, rounds=plan.rounds(25), seconds=plan.seconds(BLOCK))
    for mode, numbers in {"sync": ("A1", "A3"), "async": ("A2", "A4")}.items():
        yield from _rows(record, mode, *numbers)


def _cases() -> Iterator[tuple[str, Site]]:
    yield "Django alone", SITES["Django alone"]
    yield "Session + Auth", SITES["Session + Auth"]
    for name in ("floor", "ory_mfa"):
        yield f"{name}, nobody asks", dataclasses.replace(SITES[name], times=0)
    for name in GUARDED:
        yield name, SITES[name]


def _rows(record: Seconds, mode: str, unasked: str, asked: str) -> Iterator[Row]:
    bare = record[f"{mode}: Django alone"]
    cost = {name: added(seconds, bare) for name, seconds in record.items()}

    def row(number: str, what: str, limit: float, ours: str, peer: str) -> Row:
        figures = ratios(cost[f"{mode}: {ours}"], cost[f"{mode}: {peer}"])
        return Row(number, f"{what}, {mode}: added / {peer}", "≤", limit, figures)

    is_sync = mode == "sync"
    yield row(unasked, "nobody asks", 0.5 if is_sync else 0.05, "ory_mfa, nobody asks", "Session + Auth")
    yield row(asked, "guard, cached", 0.3 if is_sync else 0.1, "ory_mfa", "login_required")
    if is_sync:
        yield row(asked, "guard, cached", 0.15, "ory_mfa", "django-otp")
        yield row(asked, "guard, cached", 2, "ory_mfa", "floor")
