"""The arguments that subcommands share, and what they stand for."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django_ory_mfa.management.control.access import api_key, api_url
from django_ory_mfa.management.control.console import TIMEOUT, Console
from django_ory_mfa.management.control.failures import UsageError
from django_ory_mfa.management.control.files import FileTarget
from django_ory_mfa.management.control.network import ALLOWED_IDS, NetworkTarget
from django_ory_mfa.management.control.targets import Target

NO_TARGET = (
    "Name what to look at: --project ID or SLUG (or ORY_PROJECT) for Ory Network, --file PATH for your own Kratos."
)


@dataclass(frozen=True, slots=True)
class World:
    """What lies around a command: the environment, the passing of time, how long to wait for an answer."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    pause: Callable[[float], None] = time.sleep
    timeout: tuple[float, float] = TIMEOUT


def add_network(parser: ArgumentParser) -> None:
    """Where the Console API is, and its key."""
    parser.add_argument("--workspace", metavar="W", help="id, or beginning of the name or id (default: ORY_WORKSPACE)")
    parser.add_argument("--api-key-file", metavar="PATH", help="holds the key (default: ORY_WORKSPACE_API_KEY)")
    parser.add_argument("--console-api-url", metavar="URL", help="default: by ORY_CONSOLE_URL, as in the Ory CLI")


def add_project(parser: ArgumentParser) -> None:
    """A project of Ory Network."""
    parser.add_argument("--project", metavar="P", help="id, or beginning of the slug or id (default: ORY_PROJECT)")
    add_network(parser)


def add_target(parser: ArgumentParser) -> None:
    """Exactly one of a project and files."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--project", metavar="P", help="id, or beginning of the slug or id (default: ORY_PROJECT)")
    group.add_argument(
        "--file",
        action="append",
        metavar="PATH",
        help="configuration of your own Kratos; repeat it in the order of its -c",
    )
    add_network(parser)


def add_writing(parser: ArgumentParser) -> None:
    """How to go about a change."""
    parser.add_argument("--yes", "--noinput", "--no-input", action="store_true", dest="yes", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="show the change and stop")
    parser.add_argument("--check", action="store_true", help="exit with 3 if a change would be needed; change nothing")
    parser.add_argument("--allow-aal2", action="store_true", help="Ory Network: let the API judge aal2 for whoami")
    add_json(parser)


def add_json(parser: ArgumentParser) -> None:
    """For programs."""
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, everything else on stderr")


def console_of(options: Mapping[str, Any], world: World) -> Console:
    """The Console API that was meant, and its key."""
    url = api_url(options["console_api_url"], world.environment)
    return Console(url, api_key(options["api_key_file"], world.environment), timeout=world.timeout, pause=world.pause)


def workspace_of(options: Mapping[str, Any], world: World) -> str | None:
    """The workspace that was named."""
    return options["workspace"] or world.environment.get("ORY_WORKSPACE") or None


def target_of(options: Mapping[str, Any], world: World) -> Target:
    """The project or the files that were named."""
    if files := options.get("file"):
        return FileTarget(files, in_place=options.get("in_place", False), pause=world.pause)
    return project_of(options, world)


def project_of(options: Mapping[str, Any], world: World, *, retries: bool = True) -> NetworkTarget:
    """The project that was named."""
    words = options["project"] or world.environment.get("ORY_PROJECT")
    if not words:
        raise UsageError(NO_TARGET)
    return NetworkTarget(
        console_of(options, world),
        words,
        pause=world.pause,
        workspace=workspace_of(options, world),
        allowed=world.environment.get(ALLOWED_IDS, "").lower().replace(",", " ").split(),
        is_verbose=options["verbosity"] > 1,
        retries=retries,
    )


def is_terminal(options: Mapping[str, Any]) -> bool:
    """Whether there is somebody to ask."""
    stdin = options.get("stdin") or sys.stdin
    return bool(stdin is not None and stdin.isatty())


def answer_of(options: Mapping[str, Any]) -> str:
    """What is typed next."""
    return str((options.get("stdin") or sys.stdin).readline()).strip().lower()
