"""What a command reads and writes: a project of Ory Network, or files of a Kratos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from django_ory_mfa.management.control.plan import Plan


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A configuration at the time when it was read; ``revision`` is None for files."""

    label: str
    config: Mapping[str, Any] = field(repr=False)
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a change."""

    revision: str | None = None
    warnings: Sequence[str] = ()


class Target(Protocol):
    """Where a configuration is."""

    is_network: ClassVar[bool]

    def read(self) -> Snapshot:
        """The configuration now; raises ``ControlError``."""

    def place(self, snapshot: Snapshot, plan: Plan) -> str:
        """What ``write`` would change; raises ``ControlError`` if it could not."""

    def write(self, snapshot: Snapshot, plan: Plan) -> Written:
        """Makes the changes of ``plan``, which was made for ``snapshot``.

        Raises ``ConflictError`` if somebody else changed what the plan is about, ``ControlError`` if it did not work.
        """
