"""What has to change for a wish to come true. Pure: a configuration and a wish go in, a plan comes out."""

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
    """One key that gets another value; ``before`` is ``MISSING`` if it is not set yet."""

    path: Path
    before: Any
    after: Any

    @property
    def name(self) -> str:
        """The path in one word."""
        return ".".join(self.path)

    @property
    def is_known(self) -> bool:
        """Whether this is one of the keys whose values may be shown."""
        return self.name in KEYS


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes, what they will do, and why they may not be made; with ``problems`` nothing may be written."""

    changes: tuple[Change, ...]
    effects: tuple[str, ...]
    problems: tuple[str, ...]


def plan(config: Config, wish: Mapping[Path, Any], *, is_network: bool) -> Plan:
    """The plan that makes ``config`` have every value of ``wish``."""
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
    """Whether Ory takes both for the same value of ``path``."""
    key = KEYS.get(".".join(path))
    if MISSING in (one, other):
        return one is other
    return key.is_same(one, other) if key is not None else canonical(one) == canonical(other)


def with_changes(config: Config, changes: Sequence[Change]) -> dict[str, Any]:
    """A copy of ``config`` after the changes."""
    return reduce(lambda tree, change: with_value(tree, change.path, change.after), changes, dict(config))


def operations(config: Config, changes: Sequence[Change]) -> list[dict[str, Any]]:
    """The changes as a JSON Patch (RFC 6902) of a project.

    ``add`` sets a key whether it is there or not; Ory's patches know no ``test``. A parent that is missing is added as
    an object, once.
    """
    made = []
    for change in changes:
        parent = missing_parent(config, change.path) or change.path
        value = nest(change.path[len(parent) :], change.after)
        made.append({"op": "add", "path": pointer((*PREFIX, *parent)), "value": value})
        config = with_value(config, change.path, change.after)
    return made


def pointer(path: Path) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join(f"/{name.replace('~', '~0').replace('/', '~1')}" for name in path)
