"""Why a command cannot do what it was asked to; each kind ends it with an exit code of its own."""

from __future__ import annotations


class ControlError(Exception):
    """It was refused or has failed; the text says what, where and what to do next, and holds no secret."""

    exit_code = 1


class ConflictError(ControlError):
    """Somebody else changed it in between; nothing was written."""

    exit_code = 4


class NotAllowedError(ControlError):
    """The Console API did not accept the key, or the key may not do this (401, 403)."""

    exit_code = 5


class UnavailableError(ControlError):
    """The Console API gave no usable answer: not reachable, 429, 5xx or nonsense."""

    exit_code = 6


class UsageError(ControlError):
    """The command line asks for what does not go together."""

    exit_code = 2
