"""All subcommands of the control plane, in the order of the help."""

from __future__ import annotations

from typing import Any

from django_ory_mfa.management.control.change_commands import (
    AllowReturnUrlCommand,
    DisableCommand,
    EnableCommand,
    RequireCommand,
    SetCommand,
    UpdateCommand,
)
from django_ory_mfa.management.control.command import ControlCommand
from django_ory_mfa.management.control.context import Context
from django_ory_mfa.management.control.read_commands import CheckCommand, GetCommand, ListCommand, ShowCommand

COMMANDS: tuple[type[ControlCommand[Any]], ...] = (
    ListCommand,
    GetCommand,
    ShowCommand,
    CheckCommand,
    EnableCommand,
    DisableCommand,
    RequireCommand,
    SetCommand,
    AllowReturnUrlCommand,
    UpdateCommand,
)


def subcommands(context: Context | None = None) -> tuple[ControlCommand[Any], ...]:
    """Return one of each, with ``context`` as their surroundings."""
    context = context or Context()
    return tuple(kind(context) for kind in COMMANDS)
