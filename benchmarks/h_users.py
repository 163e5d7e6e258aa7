"""H. What a mapped ``request.user`` behind a guard adds to one request, with the session in the cache."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.handling import async_take, sender, sync_take
from benchmarks.sites import SITES
from benchmarks.static_ory import StaticOry
from benchmarks.table import Row, added, ratios
from benchmarks.timing import Plan, Seconds, interleave
from benchmarks.visitors import create_tables, headers_for
from django_ory_mfa.testing import installed

BLOCK = 0.03  # seconds
OURS = "ory_mfa, users"
PEERS = {"login_required": 0.6, "mozilla-django-oidc": 0.5, "allauth": 0.6}
NO_ASYNC = ("allauth",)


def measure(plan: Plan, record: Seconds) -> Iterator[Row]:
    """Row H."""
    create_tables()
    ory = StaticOry()
    with installed(ory), asyncio.Runner() as runner:
        headers = {name: headers_for(name, ory.cookie) for name in SITES}
        send = sender(SITES[OURS])
        # The first makes the user.
        send(headers[OURS])
        with CaptureQueriesContext(connection) as captured:
            send(headers[OURS])
            queries = len(captured)
        takes = {}
        for name in ("Django alone", OURS, *PEERS):
            takes[f"sync: {name}"] = sync_take(SITES[name], headers[name])
            if name not in NO_ASYNC:
                takes[f"async: {name}"] = async_take(runner, SITES[name], headers[name])
        record |= interleave(takes, rounds=plan.rounds(25), seconds=plan.seconds(BLOCK))
    for mode in ("sync", "async"):
        yield from _rows(record, mode)
    yield Row("H", "user of a guarded page: queries", "=", 1, [queries], is_count=True)


def _rows(record: Seconds, mode: str) -> Iterator[Row]:
    bare = record[f"{mode}: Django alone"]
    cost = {name: added(seconds, bare) for name, seconds in record.items() if name.startswith(mode)}
    for peer, limit in PEERS.items():
        if f"{mode}: {peer}" in cost:
            figures = ratios(cost[f"{mode}: {OURS}"], cost[f"{mode}: {peer}"])
            yield Row("H", f"user of a guarded page, {mode}: added / {peer}", "≤", limit, figures)
