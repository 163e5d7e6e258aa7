"""Runs ``manage.py ory_mfa`` like a person at a terminal, or like a job without one."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError

from django_ory_mfa.management.commands.ory_mfa import Command
from django_ory_mfa.management.control.commands import subcommands
from django_ory_mfa.management.control.context import Context
from tests.console.server import KEY, FakeConsole


class Terminal(StringIO):
    """A terminal at which a person types ``typed``."""

    def __init__(self, typed: str = "", *, before: Callable[[], None] = lambda: None) -> None:
        super().__init__(typed)
        self._before = before

    def isatty(self) -> bool:
        return True

    def readline(self, *args: Any) -> Any:
        self._before()
        return super().readline(*args)


@dataclass
class Result:
    """The result of a command."""

    code: int
    out: str
    err: str
    pauses: list[float] = field(default_factory=list)

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def text(self) -> str:
        return self.out + self.err


def ory_mfa(
    *arguments: object,
    environment: dict[str, str] | None = None,
    stdin: StringIO | None = None,
    timeout: tuple[float, float] = (2, 10),
) -> Result:
    """Run ``manage.py ory_mfa`` and return exit code, output and pauses."""
    pauses: list[float] = []

    class Here(Command):
        subcommands = subcommands(Context(environment or {}, pauses.append, timeout))

    out, err, code = StringIO(), StringIO(), 0
    try:
        call_command(Here(), *map(str, arguments), stdout=out, stderr=err, stdin=stdin or StringIO())
    except CommandError as error:
        code = error.returncode
        err.write(str(error))
    except SystemExit as ended:
        code = int(str(ended.code))
    return Result(code, out.getvalue(), err.getvalue(), pauses)


def on_network(console: FakeConsole, *arguments: object, **more: Any) -> Result:
    """Run it against the fake Console API, with its key."""
    environment = {"ORY_WORKSPACE_API_KEY": KEY} | more.pop("environment", {})
    return ory_mfa(*arguments, "--console-api-url", console.url, environment=environment, **more)


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Let no file grow beyond ``size`` bytes, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
