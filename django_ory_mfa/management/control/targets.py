"""What a command reads and changes: a project of Ory Network, or the configuration files of a Kratos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from django_ory_mfa.management.control.plan import Plan


@dataclass(frozen=True, slots=True)
class FileCopy:
    """A configuration file as it was read."""

    path: Path
    content: bytes = field(repr=False)
    config: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A configuration at the time it was read.

    ``revision`` is that of a project, and None for files; ``files`` are the files, and empty for a project.
    """

    label: str
    config: Mapping[str, Any] = field(repr=False)
    revision: str | None = None
    files: tuple[FileCopy, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A change that is ready to be written: ``place`` names what changes, ``preview`` shows how.

    ``edits`` are the files that change, each with its new text; empty for a project.
    """

    snapshot: Snapshot
    plan: Plan
    place: str
    preview: str
    edits: tuple[tuple[FileCopy, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Written:
    """The result of a change: the new revision of a project, and what Ory warned of."""

    revision: str | None = None
    warnings: Sequence[str] = ()


class Target(Protocol):
    """Where a configuration is stored."""

    is_network: ClassVar[bool]

    def read(self) -> Snapshot:
        """Return the current configuration; raises ``ControlError``."""

    def draft(self, snapshot: Snapshot, plan: Plan) -> Draft:
        """Return the change that ``plan`` makes to ``snapshot``; raises ``ControlError`` if it is impossible."""

    def write(self, draft: Draft) -> Written:
        """Make the change.

        Raises ``ConflictError`` if what the plan is about was changed after it was read, ``ControlError`` for any
        other failure.
        """
