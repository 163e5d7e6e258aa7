"""Say before the suite runs what it will skip on this machine, and how to have it run: ``python -m tests.missing``."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import NamedTuple

Which = Callable[[str], str | None]
Find = Callable[[str], object]


class Tool(NamedTuple):
    """What some tests need: one of these commands, or an environment variable in their place."""

    tests: str
    commands: tuple[str, ...]
    variable: str
    remedy: str


BLOCKING_POPUPS = ("chromium", "chromium-browser", "google-chrome")
# The headless shell comes first: it draws no windows of its own, so that a walk takes a third of the time.
CHROMIUMS = ("chromium-headless-shell", *BLOCKING_POPUPS)
TOOLS = (
    Tool("a real Ory Kratos", ("go",), "KRATOS_BIN", "install Go, or name a binary in KRATOS_BIN"),
    Tool("a browser", CHROMIUMS, "CHROMIUM", "install Chromium"),
    Tool("how pages look and htmx", ("npm",), "", "install Node.js with npm"),
    Tool("Redis", ("redis-server",), "", "install redis-server"),
    Tool("Memcached", ("memcached",), "", "install memcached"),
    Tool("PostgreSQL", ("postgres", "pg_ctlcluster"), "", "install postgresql"),
)
# The frameworks of APIs by their modules. A test says by ``tests.apis`` which of them it needs.
APIS = {
    "rest_framework": ("Django REST framework", "djangorestframework"),
    "drf_spectacular": ("drf-spectacular", "drf-spectacular[sidecar]"),
    "ninja": ("django-ninja", "django-ninja"),
    "strawberry": ("strawberry", "strawberry-graphql"),
}


def missing(
    environment: Mapping[str, str] = os.environ, which: Which = shutil.which, find: Find = find_spec
) -> list[str]:
    """Return a line for each kind of test that will be skipped."""
    tools = [
        (tool.tests, tool.remedy)
        for tool in TOOLS
        if not environment.get(tool.variable) and not any(map(which, tool.commands))
    ]
    apis = [(name, f"install {package}") for module, (name, package) in APIS.items() if find(module) is None]
    return [f"Will be skipped: the tests with {tests} ({remedy})." for tests, remedy in (*tools, *apis)]


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in missing()))
