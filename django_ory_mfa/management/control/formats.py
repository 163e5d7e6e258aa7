"""The formats of configuration files, by the ending of the file's name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django_ory_mfa.management.control import json_text
from django_ory_mfa.management.control.document import Path as KeyPath
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.shown import clean
from django_ory_mfa.management.control.visible import Span


@dataclass(frozen=True, slots=True)
class Format:
    """How to read a text, how to write a configuration, how to change one key, and which parts may be shown."""

    load: Callable[[str], Any]
    dump: Callable[[Any], str]
    splice: Callable[[str, KeyPath, Any], str]
    visible: Callable[[str], Iterable[Span]]


JSON = Format(json_text.load, json_text.dump, json_text.splice, json_text.visible)


def format_of(path: Path) -> Format:
    """Return the format of such a file; raises ``ControlError`` if it is none of these."""
    if path.suffix == ".json":
        return JSON
    if path.suffix in (".yaml", ".yml"):
        return yaml_format()
    message = f"{clean(path)} is neither .yaml, .yml nor .json. Other formats cannot be changed key by key."
    raise ControlError(message)


def yaml_format() -> Format:
    """Return the format YAML; raises ``ControlError`` if ``ruamel.yaml`` is not installed."""
    try:
        # The package is optional: JSON files, and projects of Ory Network, do not need it.
        from django_ory_mfa.management.control import yaml_splice, yaml_text, yaml_visible
    except ImportError as error:
        message = "YAML needs the package ruamel.yaml: python -m pip install 'ruamel.yaml>=0.18'."
        raise ControlError(message) from error
    return Format(yaml_text.load, yaml_text.dump, yaml_splice.splice, yaml_visible.visible)
