from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as used
from django.core.cache import caches
from django.core.management import call_command
from django.db import connections

from tests.site import MODES

# They need a database and Django's contrib packages; tests/project/test_crossings.py runs them with settings for both.
if used.SETTINGS_MODULE != "tests.crossings.settings":
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(params=[os.environ["CROSSINGS_MODE"]] if "CROSSINGS_MODE" in os.environ else MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """Both modes, or one of them for a run that shares the work with another."""
    return str(request.param)


@pytest.fixture(scope="session", autouse=True)
def database(django_db_blocker: Any) -> Iterator[None]:
    """One database with one content for all tests; what they write, if anything, is of no interest to the next."""
    from tests.crossings.content import fill

    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        fill()
        yield
        connections.close_all()
    Path(str(used.DATABASES["default"]["NAME"])).unlink()


@pytest.fixture(autouse=True)
def empty_caches(settings: Any) -> Iterator[None]:
    """Nothing is in the caches, before and after a test."""
    yield
    for name in settings.CACHES:
        caches[name].clear()
