"""What the demo adds to the shop: a database, and somebody of the staff."""

from __future__ import annotations

from django.core.management import call_command

from django_ory_mfa.testing import FakeIdentity, FakeOry
from django_ory_mfa.testing.emulator import DEMO_PEOPLE
from django_ory_mfa.testing.emulator.people import DemoPerson


class StaffPerson(DemoPerson):
    """Somebody to whom an administrator of Ory has given the role."""

    def join(self, ory: FakeOry) -> FakeIdentity:
        identity = DemoPerson.join(self, ory)
        identity.metadata_public = {"roles": ["staff"]}
        return identity


STAFF_PERSON = StaffPerson(
    "staff@example.test",
    DEMO_PEOPLE[0].password,
    "Staff of the shop",
    "staff, with recovery codes: opens /admin/",
    "Shop Staff",
    lookup_secrets=tuple(f"staff{number:03}" for number in range(1, 13)),
)


def people() -> tuple[DemoPerson, ...]:
    """Whom the demo has to sign in as."""
    return (*DEMO_PEOPLE, STAFF_PERSON)


def prepare() -> None:
    """Makes the database of the shop."""
    call_command("migrate", verbosity=0)
    call_command("fill_shop")
