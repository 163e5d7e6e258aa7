"""Plans: which keys have to change for a configuration to have the wished values. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from django_ory_mfa.management.control.document import (
    MISSING,
    Path,
    canonical,
    missing_parent,
    nest,
    value_at,
    with_value,
)
from django_ory_mfa.management.control.keys import KEYS
from django_ory_mfa.management.control.rules import effects, problems

# Where the identity configuration is in a project of Ory Network.
PREFIX = ("services", "identity", "config")
Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One key that gets another value; ``before`` is ``MISSING`` if the key is not set."""

    path: Path
    before: Any
    after: Any

    @property
    def name(self) -> str:
        """The path with dots."""
        return ".".join(self.path)

    @property
    def is_known(self) -> bool:
        """Whether this is an MFA key, whose value may be shown."""
        return self.name in KEYS


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes, their effects, and the reasons to refuse them; with ``problems`` nothing may be written."""

    changes: tuple[Change, ...]
    effects: tuple[str, ...]
    problems: tuple[str, ...]


def plan(config: Config, wish: Mapping[Path, Any], *, is_network: bool) -> Plan:
    """Return the plan that gives ``config`` every value of ``wish``."""
    found = ((path, value_at(config, path), after) for path, after in wish.items())
    changes = tuple(Change(path, before, after) for path, before, after in found if not is_same(path, before, after))
    after = with_changes(config, changes)
    names = {change.name for change in changes}
    return Plan(
        changes,
        tuple(effects(config, after, names, is_network=is_network)),
        tuple(text for keys, text in problems(after) if names & keys),
    )


def is_same(path: Path, one: object, other: object) -> bool:
    """Return whether both are the same value of ``path`` to Ory."""
    key = KEYS.get(".".join(path))
    if MISSING in (one, other):
        return one is other
    return key.is_same(one, other) if key is not None else canonical(one) == canonical(other)


def with_changes(config: Config, changes: Sequence[Change]) -> dict[str, Any]:
    """Return a copy of ``config`` after the changes."""
    return reduce(lambda tree, change: with_value(tree, change.path, change.after), changes, dict(config))


def operations(config: Config, changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Return the changes as a JSON Patch (RFC 6902) of a project.

    ``add`` sets a key whether it exists or not; Ory does not support ``test``. A missing parent is added once, as an
    object.
    """
    made = []
    for change in changes:
        parent = missing_parent(config, change.path) or change.path
        value = nest(change.path[len(parent) :], change.after)
        made.append({"op": "add", "path": pointer((*PREFIX, *parent)), "value": value})
        config = with_value(config, change.path, change.after)
    return made


def pointer(path: Path) -> str:
    """Return the JSON Pointer (RFC 6901) of ``path``."""
    return "".join(f"/{name.replace('~', '~0').replace('/', '~1')}" for name in path)
