"""Configurations as trees of objects, lists and scalars; a change returns a copy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Literal

from django_ory_mfa.management.control.keys import KEYS, RETURN_URLS, names_before

Path = tuple[str, ...]


class _Missing(Enum):
    MISSING = "not set"


MISSING: Literal[_Missing.MISSING] = _Missing.MISSING


def value_at(config: object, path: Path) -> Any:
    """Return the value at ``path``, or ``MISSING``."""
    for name in path:
        if not isinstance(config, Mapping) or name not in config:
            return MISSING
        config = config[name]
    return config


def effective(config: object, name: str) -> Any:
    """Return the value that Ory uses for a known key: the one that is set, else the default."""
    value = value_at(config, KEYS[name].path)
    return KEYS[name].default if value is MISSING else value


def return_urls(config: object) -> list[str]:
    """Return the URLs that Ory may redirect to; entries that are no text are left out."""
    value = effective(config, RETURN_URLS)
    return [url for url in value if isinstance(url, str)] if isinstance(value, list) else []


def missing_parent(config: object, path: Path) -> Path | None:
    """Return the shortest start of ``path`` that is not an object; None if all parents are objects."""
    for length in range(1, len(path)):
        if not isinstance(value_at(config, path[:length]), Mapping):
            return path[:length]
    return None


def nest(path: Path, value: Any) -> Any:
    """Return ``value`` inside of objects with the names of ``path``."""
    for name in reversed(path):
        value = {name: value}
    return value


def with_value(config: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Return a copy in which ``path`` has this value; a new key follows the keys that belong before it.

    What is not an object on the way, such as a null, is replaced by objects.
    """
    return _with_value(config, path, 0, value)


def _with_value(node: object, path: Path, depth: int, value: Any) -> dict[str, Any]:
    entries = dict(node) if isinstance(node, Mapping) else {}
    name = path[depth]
    new = value if depth == len(path) - 1 else _with_value(entries.get(name), path, depth + 1, value)
    if name in entries:
        return entries | {name: new}
    kinds = {known: isinstance(inner, Mapping) for known, inner in entries.items()}
    at = predecessor(path[: depth + 1], kinds, is_object=depth < len(path) - 1) + 1
    items = [*entries.items()]
    return dict([*items[:at], (name, new), *items[at:]])


def predecessor(path: Path, kinds: Mapping[str, bool], *, is_object: bool) -> int:
    """Return the number of the entry that a new key at ``path`` follows; -1 if there is none.

    ``kinds`` are the names of the entries, and whether each is an object. The new key follows the nearest of those that
    belong before it, or else the last one, of its own kind if there is any.
    """
    before, alike = names_before(path), [name for name, kind in kinds.items() if kind is is_object]
    wanted = [
        *(name for name in before if name in alike),
        *alike[-1:],
        *(name for name in before if name in kinds),
        *[*kinds][-1:],
    ]
    return [*kinds].index(wanted[0]) if wanted else -1


def merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return both configurations together, as Kratos reads several files: objects are merged, else the second wins."""
    both = dict(first)
    for name, value in second.items():
        known = both.get(name)
        both[name] = merged(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return both


def mfa_part(config: object) -> dict[str, Any]:
    """Return the known keys that are set, by their names."""
    # SECURITY: an allow-list, since the rest of a configuration contains secrets.
    found = {name: value_at(config, key.path) for name, key in KEYS.items()}
    return {name: value for name, value in found.items() if value is not MISSING and is_presentable(value)}


def is_presentable(value: object) -> bool:
    """Return whether a value of a known key may be shown: it is no object and no URL with user information."""
    if isinstance(value, str):
        return not re.search(r"//[^/?#]*@", value)
    if isinstance(value, list):
        return all(isinstance(item, str) and is_presentable(item) for item in value)
    return value is None or isinstance(value, (bool, int, float))


def mfa_tree(config: object) -> dict[str, Any]:
    """Return the known keys that are set, as a configuration."""
    tree: dict[str, Any] = {}
    for name, value in mfa_part(config).items():
        tree = with_value(tree, KEYS[name].path, value)
    return tree


def leaves(config: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield each value that is not an object, or an empty one, with its path."""
    for name, value in config.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, (*above, name))
        else:
            yield (*above, name), value


def canonical(config: object) -> str:
    """Return a text that is the same for equal trees only; true and 1 are different."""
    return json.dumps(config, sort_keys=True, default=repr)
