from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextvars import copy_context
from typing import Any

import pytest
from _pytest import runner
from django.apps import apps
from django.core.checks.registry import registry

from tests import loopback
from tests.clock import PassingTime, passing_time
from tests.console.fixtures import console
from tests.servers import fixtures
from tests.site import LOOP, MODES, Site

emulator, kratos, kratos_binary = fixtures.emulator, fixtures.kratos, fixtures.kratos_binary
stay_on_this_machine = loopback.stay_on_this_machine
__all__ = ["console"]


def pytest_unconfigure() -> None:
    # While the interpreter exits it is too late: closing starts a thread.
    LOOP.close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """``--dist loadgroup`` with the groups of ``groups.py``: the marks of xdist do nothing under pytest 9.2."""
    if config.getoption("dist") != "loadgroup":
        return None
    from tests.groups import Groups

    return Groups(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The longest come first among those that are given away one by one, so that no process waits for the last.
    items.sort(key=lambda item: "test_crossings.py::test_site_with" not in item.nodeid)


def pytest_collection_finish() -> None:
    """The thousands of collected tests stay until the end: no full collection need look at them again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> object:
    """Gives each test a context of its own.

    Else LocaleMiddleware leaves its language to the next test, and URL resolvers leave what slows down all that follow.
    """
    return copy_context().run(runner.pytest_runtest_protocol, item, nextitem)


@pytest.fixture(autouse=True)
def no_check_is_left() -> Iterator[None]:
    """Checks and admin sites belong to the process: apps that one test installs would be judged in all that follow."""
    before = set(registry.registered_checks)
    yield
    registry.registered_checks &= before
    sites = sys.modules.get("django.contrib.admin.sites")
    if sites is not None and not apps.is_installed("django.contrib.admin"):
        sites.all_sites.clear()


@pytest.fixture
def clock() -> Iterator[PassingTime]:
    """The time of the package, which passes when the test says so."""
    with passing_time() as clock:
        yield clock


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """Every request-level behaviour is shown in sync and in async code."""
    return str(request.param)


@pytest.fixture
def site(mode: str) -> Site:
    """The site under test in one mode."""
    return Site(mode)
