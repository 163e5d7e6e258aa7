"""Why a command failed; each kind has an exit code."""

from __future__ import annotations


class ControlError(Exception):
    """The command was refused or failed; the text says what, where and what to do next, and contains no secret."""

    exit_code = 1


class ConflictError(ControlError):
    """The configuration was changed by another process after it was read; nothing was written."""

    exit_code = 4


class NotAllowedError(ControlError):
    """The Console API did not accept the key, or the key may not do this (401, 403)."""

    exit_code = 5


class UnavailableError(ControlError):
    """The Console API gave no usable response: unreachable, 429, 5xx or not the expected JSON."""

    exit_code = 6


class UsageError(ControlError):
    """The command line is invalid."""

    exit_code = 2
