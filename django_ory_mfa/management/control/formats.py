"""The formats that configurations are written in, by the ending of a file's name."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from django_ory_mfa.management.control import json_text
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.shown import clean


def format_of(path: Path) -> ModuleType:
    """The module that reads and changes such a file; raises ``ControlError`` if there is none."""
    if path.suffix == ".json":
        return json_text
    if path.suffix in (".yaml", ".yml"):
        return yaml_format()
    message = f"{clean(path)} is neither .yaml, .yml nor .json: other formats cannot be changed in part."
    raise ControlError(message)


def yaml_format() -> ModuleType:
    """The module for YAML; raises ``ControlError`` where ``ruamel.yaml`` is not installed."""
    try:
        # The package is optional: JSON, and a project without a file, go without it.
        from django_ory_mfa.management.control import yaml_text
    except ImportError as error:
        message = "YAML needs the package ruamel.yaml: python -m pip install 'ruamel.yaml>=0.18'."
        raise ControlError(message) from error
    return yaml_text
