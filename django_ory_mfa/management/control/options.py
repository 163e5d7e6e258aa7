"""The options of the subcommands: how they are declared to argparse, and the typed values that commands work with.

The classes are frozen but not slotted, since a class can inherit from only one slotted class with fields.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True, kw_only=True)
class ApiOptions:
    """Where the Console API is, and the key for it."""

    workspace: str | None
    api_key_file: str | None
    console_api_url: str | None
    verbosity: int


@dataclass(frozen=True, kw_only=True)
class ProjectOptions(ApiOptions):
    """A project of Ory Network."""

    project: str | None


@dataclass(frozen=True, kw_only=True)
class TargetOptions(ProjectOptions):
    """Either a project or configuration files."""

    file: Sequence[str] | None


@dataclass(frozen=True, kw_only=True)
class WriteOptions:
    """Whether a change is only shown, confirmed at the terminal or made at once."""

    yes: bool
    dry_run: bool
    check: bool
    allow_aal2: bool
    json: bool
    stdin: TextIO | None = None


@dataclass(frozen=True, kw_only=True)
class ListOptions(ApiOptions):
    """The options of ``list``."""

    what: str
    json: bool


@dataclass(frozen=True, kw_only=True)
class GetOptions(TargetOptions):
    """The options of ``get``."""

    format: str
    all: bool
    output: str | None


@dataclass(frozen=True, kw_only=True)
class ShowOptions(TargetOptions):
    """The options of ``show`` and ``check``."""

    json: bool


@dataclass(frozen=True, kw_only=True)
class ChangeOptions(TargetOptions, WriteOptions):
    """The options that all commands share that change MFA keys."""

    in_place: bool


@dataclass(frozen=True, kw_only=True)
class MethodOptions(ChangeOptions):
    """The options of ``enable`` and ``disable``."""

    method: str


@dataclass(frozen=True, kw_only=True)
class RequireOptions(ChangeOptions):
    """The options of ``require``."""

    level: str
    places: Sequence[str] | None


@dataclass(frozen=True, kw_only=True)
class SetOptions(ChangeOptions):
    """The options of ``set``."""

    assignments: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ReturnUrlOptions(ChangeOptions):
    """The options of ``allow-return-url``."""

    url: str | None


@dataclass(frozen=True, kw_only=True)
class UpdateOptions(ProjectOptions, WriteOptions):
    """The options of ``update``."""

    file: str
    all_keys: bool


def add_api(parser: ArgumentParser) -> None:
    """Declare ``ApiOptions``; ``--verbosity`` is Django's."""
    parser.add_argument("--workspace", metavar="W", help="id, or start of the name or id (default: ORY_WORKSPACE)")
    parser.add_argument(
        "--api-key-file", metavar="PATH", help="file with the API key (default: the key in ORY_WORKSPACE_API_KEY)"
    )
    parser.add_argument("--console-api-url", metavar="URL", help="default: from ORY_CONSOLE_URL, as in the Ory CLI")


def add_project(parser: ArgumentParser) -> None:
    """Declare ``ProjectOptions``."""
    parser.add_argument("--project", metavar="P", help="id, or start of the slug or id (default: ORY_PROJECT)")
    add_api(parser)


def add_target(parser: ArgumentParser) -> None:
    """Declare ``TargetOptions``: a project or files, not both."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--project", metavar="P", help="id, or start of the slug or id (default: ORY_PROJECT)")
    group.add_argument(
        "--file",
        action="append",
        metavar="PATH",
        help="configuration file of your own Kratos; repeat it in the order of Kratos' -c options",
    )
    add_api(parser)


def add_change(parser: ArgumentParser) -> None:
    """Declare ``ChangeOptions``."""
    add_target(parser)
    parser.add_argument(
        "--in-place", action="store_true", help="with --file: overwrite the file instead of replacing it"
    )
    add_write(parser)


def add_write(parser: ArgumentParser) -> None:
    """Declare ``WriteOptions``."""
    parser.add_argument("--yes", "--noinput", "--no-input", action="store_true", dest="yes", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="show the change and stop")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 3 if a change would be needed")
    parser.add_argument(
        "--allow-aal2", action="store_true", help="Ory Network only: send aal2 for whoami and let the API decide"
    )
    add_json(parser)


def add_json(parser: ArgumentParser) -> None:
    """Declare ``--json``."""
    parser.add_argument("--json", action="store_true", help="print one JSON object to stdout, all else to stderr")
