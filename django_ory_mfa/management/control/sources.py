"""The file between ``get identity-config`` and ``update identity-config``: written, edited, read again."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django_ory_mfa.management.control.document import Path as KeyPath
from django_ory_mfa.management.control.document import leaves, value_at
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.formats import format_of, yaml_format
from django_ory_mfa.management.control.reading import LONGEST_CONFIGURATION, read_whole
from django_ory_mfa.management.control.shown import clean

ORIGIN = re.compile(r"^# ory_mfa: project (\S+) revision (\S+)[ \t\r]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Source:
    """A configuration that somebody wrote, and the project and revision that it was made from, if it says so."""

    config: Mapping[str, Any] = field(repr=False)
    project: str | None = None
    revision: str | None = None

    def wish(self, live: Mapping[str, Any]) -> dict[KeyPath, Any]:
        """What it wants; a key that is missing in it stays as it is in ``live``."""
        return {path: value for path, value in leaves(self.config) if not _is_empty_object(value, value_at(live, path))}


def _is_empty_object(value: object, live: object) -> bool:
    return value == {} and isinstance(value, Mapping) and isinstance(live, Mapping)


def rendered(config: Mapping[str, Any], form: str, project: str | None, revision: str | None) -> str:
    """``config`` as text; YAML begins with a comment that names project and revision."""
    if form == "json":
        return json.dumps(config, indent=2) + "\n"
    origin = [] if project is None else [f"ory_mfa: project {clean(project)} revision {clean(revision)}"]
    return str(yaml_format().dump(config, origin))


def read_source(name: str) -> Source:
    """The configuration in the file ``name``; raises ``ControlError``."""
    path = Path(name)
    try:
        text = read_whole(path, limit=LONGEST_CONFIGURATION, kind="a configuration").decode()
    except UnicodeDecodeError:
        raise ControlError(f"{clean(path)} is not in UTF-8.") from None
    try:
        config = format_of(path).load(text)
    except ControlError as error:
        raise ControlError(f"{clean(path)}: {error}") from error
    if not isinstance(config, dict):
        raise ControlError(f"{clean(path)} holds no configuration.")
    origin = ORIGIN.search(text)
    return Source(config, *(origin.groups() if origin else (None, None)))


def save(name: str, text: str) -> None:
    """Writes a new file that only its owner can read; raises ``ControlError`` if there is one already."""
    try:
        # SECURITY: the text holds secrets. O_EXCL follows no link and opens nothing that others prepared.
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        except OSError:
            os.unlink(name)
            raise
    except OSError as error:
        raise ControlError(
            f"{clean(name)} could not be written: {error.strerror}. Name a file that is not there."
        ) from error
