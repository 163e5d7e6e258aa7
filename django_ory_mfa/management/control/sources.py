"""The file that ``get identity-config`` writes, a person edits and ``update identity-config`` reads."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django_ory_mfa.management.control.config_file import read_config
from django_ory_mfa.management.control.document import Path as KeyPath
from django_ory_mfa.management.control.document import leaves, value_at
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.formats import JSON, yaml_format
from django_ory_mfa.management.control.shown import clean

ORIGIN = re.compile(r"^# ory_mfa: project (\S+) revision (\S+)[ \t\r]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Source:
    """An edited configuration, with the project and revision that it was made from, if the file names them."""

    config: Mapping[str, Any] = field(repr=False)
    project: str | None = None
    revision: str | None = None

    def wish(self, live: Mapping[str, Any]) -> dict[KeyPath, Any]:
        """Return the values that it sets; keys that it omits keep their value in ``live``."""
        return {path: value for path, value in leaves(self.config) if not _is_empty_object(value, value_at(live, path))}


def _is_empty_object(value: object, live: object) -> bool:
    return value == {} and isinstance(value, Mapping) and isinstance(live, Mapping)


def rendered(config: Mapping[str, Any], form: str, project: str | None, revision: str | None) -> str:
    """Return ``config`` as text; YAML begins with a comment that names the project and its revision."""
    if form == "json":
        return JSON.dump(config)
    origin = "" if project is None else f"# ory_mfa: project {clean(project)} revision {clean(revision)}\n"
    return origin + yaml_format().dump(config)


def read_source(name: str) -> Source:
    """Return the configuration in the file ``name``; raises ``ControlError``."""
    file = read_config(Path(name))
    origin = ORIGIN.search(file.content.decode())
    return Source(file.config, *(origin.groups() if origin else (None, None)))


def save(name: str, text: str, *, mode: int = 0o600) -> None:
    """Write a new file that only its owner can read, unless ``mode`` allows more.

    Raises ``ControlError`` if the file exists.
    """
    try:
        # SECURITY: the text may contain secrets. O_EXCL follows no link and opens no file that somebody else prepared.
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with open(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        except OSError:
            os.unlink(name)
            raise
    except OSError as error:
        raise ControlError(
            f"{clean(name)} could not be written: {error.strerror}. Name a file that does not exist."
        ) from error
