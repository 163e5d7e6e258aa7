"""Configurations as trees of objects, lists and plain values; a change makes a copy."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Literal

from django_ory_mfa.management.control.keys import KEYS, RETURN_URLS

Path = tuple[str, ...]


class _Missing(Enum):
    MISSING = "not set"


MISSING: Literal[_Missing.MISSING] = _Missing.MISSING


def value_at(config: object, path: Path) -> Any:
    """The value at ``path``; ``MISSING`` if there is none."""
    for name in path:
        if not isinstance(config, Mapping) or name not in config:
            return MISSING
        config = config[name]
    return config


def effective(config: object, name: str) -> Any:
    """The value of a known key as Ory takes it: what is set, else its default."""
    value = value_at(config, KEYS[name].path)
    return KEYS[name].default if value is MISSING else value


def return_urls(config: object) -> list[str]:
    """The URLs that Ory may send people back to; what is no URL is left out."""
    value = effective(config, RETURN_URLS)
    return [url for url in value if isinstance(url, str)] if isinstance(value, list) else []


def missing_parent(config: object, path: Path) -> Path | None:
    """The shortest beginning of ``path`` below which nothing can be set yet; None if the parent is there."""
    for length in range(1, len(path)):
        if not isinstance(value_at(config, path[:length]), Mapping):
            return path[:length]
    return None


def nest(path: Path, value: Any) -> Any:
    """``value`` below the names of ``path``."""
    for name in reversed(path):
        value = {name: value}
    return value


def with_value(config: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy in which ``path`` has this value; what stands in its way, such as a null, gives way to objects."""
    changed = dict(copy.deepcopy(config))
    node = changed
    for name in path[:-1]:
        if not isinstance(node.get(name), dict):
            node[name] = {}
        node = node[name]
    node[path[-1]] = value
    return changed


def merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Both, as Kratos reads several files: objects are merged, of all else the later wins."""
    both = dict(first)
    for name, value in second.items():
        known = both.get(name)
        both[name] = merged(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return both


def mfa_part(config: object) -> dict[str, Any]:
    """The known keys that are set, flat."""
    # SECURITY: an allow-list; the rest of a configuration holds secrets.
    found = {name: value_at(config, key.path) for name, key in KEYS.items()}
    return {name: value for name, value in found.items() if value is not MISSING and is_presentable(value)}


def is_presentable(value: object) -> bool:
    """Whether a value of a known key may be shown: no object in its place, no URL with a password in it."""
    if isinstance(value, str):
        return not re.search(r"//[^/?#]*@", value)
    if isinstance(value, list):
        return all(isinstance(item, str) and is_presentable(item) for item in value)
    return value is None or isinstance(value, (bool, int, float))


def mfa_tree(config: object) -> dict[str, Any]:
    """The known keys that are set, as a configuration."""
    tree: dict[str, Any] = {}
    for name, value in mfa_part(config).items():
        tree = with_value(tree, KEYS[name].path, value)
    return tree


def leaves(config: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Everything that is no object, or an empty one, with its path."""
    for name, value in config.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, (*above, name))
        else:
            yield (*above, name), value


def canonical(config: object) -> str:
    """A text that is equal for equal trees only; to it, true and 1 differ."""
    return json.dumps(config, sort_keys=True, default=repr)
