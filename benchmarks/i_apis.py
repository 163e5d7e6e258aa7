"""I. What our classes add to one request of Django REST framework and django-ninja, with the session in the cache."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

from django.apps import apps
from django.conf import settings

from benchmarks.handling import async_take, sync_take
from benchmarks.sites import SITES
from benchmarks.static_ory import StaticOry
from benchmarks.table import Row, added, ratios
from benchmarks.timing import Plan, Seconds, interleave
from benchmarks.visitors import create_tables, headers_for
from django_ory_mfa.testing import installed

BLOCK = 0.03  # seconds
USERS = "django_ory_mfa.contrib.auth"
SYNC = (
    "Django alone",
    "simplejwt",
    "DRF, ory_mfa",
    "DRF, session",
    "ninja alone",
    "ninja, ory_mfa",
    "ninja, session",
)
ASYNC = ("Django alone", "simplejwt", "ninja alone", "ninja, ory_mfa", "ninja, session")
# Ours, the peer, the target, and in which modes.
TARGETS = (
    ("DRF, ory_mfa", "simplejwt", 1.0, ("sync",)),
    ("DRF, ory_mfa", "DRF, session", 1.0, ("sync",)),
    ("ninja, ory_mfa", "simplejwt", 0.5, ("sync", "async")),
    ("ninja, ory_mfa", "ninja, session", 1.0, ("sync", "async")),
)


def measure(plan: Plan, record: Seconds) -> Iterator[Row]:
    """Row I."""
    create_tables()
    ory = StaticOry()
    headers = {name: headers_for(name, ory.cookie) for name in SYNC}
    with ExitStack() as stack:
        stack.enter_context(installed(ory))
        runner = stack.enter_context(asyncio.Runner())
        # A site without users of its own: its user is the identity, and no database is asked.
        apps.set_installed_apps([name for name in settings.INSTALLED_APPS if name != USERS])
        stack.callback(apps.unset_installed_apps)
        takes = {f"sync: {name}": sync_take(SITES[name], headers[name]) for name in SYNC}
        takes |= {f"async: {name}": async_take(runner, SITES[name], headers[name]) for name in ASYNC}
        record |= interleave(takes, rounds=plan.rounds(25), seconds=plan.seconds(BLOCK))
    for ours, peer, limit, modes in TARGETS:
        yield from (_row(record, mode, ours, peer, limit) for mode in modes)


def _row(record: Seconds, mode: str, ours: str, peer: str, limit: float) -> Row:
    bare = record[f"{mode}: Django alone"]
    figures = ratios(*(added(record[f"{mode}: {name}"], bare) for name in (ours, peer)))
    return Row("I", f"{ours}, {mode}: added / {peer}", "≤", limit, figures)
