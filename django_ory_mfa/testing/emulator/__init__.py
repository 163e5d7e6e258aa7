"""Ory's API and pages on this machine, over a fake Ory: for trying an application without an account."""

from __future__ import annotations

from django_ory_mfa.testing.emulator.people import DEMO_PEOPLE, DemoPerson, PeopleError, read_people
from django_ory_mfa.testing.emulator.server import Emulator

__all__ = ["DEMO_PEOPLE", "DemoPerson", "Emulator", "PeopleError", "read_people"]
