"""Reads a configuration file: a regular file of limited size, in UTF-8, that holds an object."""

from __future__ import annotations

import stat
from pathlib import Path

from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.formats import format_of
from django_ory_mfa.management.control.reading import LONGEST_CONFIGURATION, read_whole
from django_ory_mfa.management.control.shown import clean
from django_ory_mfa.management.control.targets import FileCopy


def read_config(path: Path) -> FileCopy:
    """Return the file at ``path`` with its configuration; raises ``ControlError`` if it holds none."""
    parser, content = format_of(path), _content(path)
    try:
        config = parser.load(content.decode())
    except UnicodeDecodeError:
        # SECURITY: not chained, since the error quotes what was read.
        raise ControlError(f"{clean(path)} is not in UTF-8.") from None
    except ControlError as error:
        raise ControlError(f"{clean(path)}: {error}") from error
    if not isinstance(config, dict):
        raise ControlError(f"{clean(path)} holds no configuration.")
    return FileCopy(path, content, config)


def _content(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ControlError(f"{clean(path)} is not a regular file.")
    except OSError as error:
        raise ControlError(f"{clean(path)} cannot be read: {error.strerror}.") from error
    return read_whole(path, limit=LONGEST_CONFIGURATION, kind="a configuration")
