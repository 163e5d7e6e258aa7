"""Ory's API and pages on this machine, over a fake Ory: for trying an application without an account."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_ory_mfa.testing.emulator.people import DEMO_PEOPLE, DemoPerson, PeopleError, read_people
    from django_ory_mfa.testing.emulator.server import Emulator

__all__ = ["DEMO_PEOPLE", "DemoPerson", "Emulator", "PeopleError", "read_people"]


def __getattr__(name: str) -> Any:
    """Import the public names at their first use: the fake Ory needs the flows of this package, but no server."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "server" if name == "Emulator" else "people"
    return getattr(import_module(f"{__name__}.{home}"), name)
