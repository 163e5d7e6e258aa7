"""What sites copy to their users, for the tests."""

from __future__ import annotations

from typing import Any

from django_ory_mfa.contrib.auth.errors import UserConflict
from django_ory_mfa.contrib.auth.sync import UserSync, VerifiedEmailSync


def public(identity: Any) -> dict[str, Any]:
    return identity.metadata_public or {}


class ShopSync(UserSync):
    """The example of the documentation."""

    managed_groups = frozenset({"editors", "support"})

    def fields(self, identity: Any) -> dict[str, Any]:
        return {**super().fields(identity), "first_name": identity.traits.get("name", "")}

    def groups(self, identity: Any) -> Any:
        return public(identity).get("roles", [])

    def is_staff(self, identity: Any) -> bool | None:
        return public(identity).get("staff")

    def is_superuser(self, identity: Any) -> bool | None:
        return public(identity).get("superuser")


class VerifiedShopSync(ShopSync, VerifiedEmailSync):
    """Both."""


class ClosedSync(VerifiedEmailSync):
    """Nobody is created."""

    def may_create(self, identity: Any) -> bool:
        return False


class NoticingSync(ShopSync):
    """Remembers how it was called."""

    calls: list[tuple[Any, Any, bool]] = []  # noqa: RUF012 - emptied by the tests

    def update_user(self, user: Any, identity: Any, created: bool) -> None:  # noqa: FBT001 - its signature
        self.calls.append((user.pk, identity.id, created))


class BrokenSync(ShopSync):
    """Fails when all is written."""

    def update_user(self, user: Any, identity: Any, created: bool) -> None:  # noqa: FBT001 - its signature
        raise ZeroDivisionError("the sync fails")


class RefusingSync(UserSync):
    """Refuses by itself."""

    def existing(self, identity: Any) -> Any:
        raise UserConflict("no_customer")


class NamelessSync(UserSync):
    """Names nobody."""

    def username(self, identity: Any) -> str | None:
        return None


class LetterSync(ShopSync):
    """Has a group whose name is one letter."""

    managed_groups = frozenset({"e"})


class ClubSync(UserSync):
    """Has Ory decide on the members of a group, and names none."""

    managed_groups = frozenset({"editors"})


class NamingSync(UserSync):
    """Names people as Ory does."""

    def username(self, identity: Any) -> str | None:
        return identity.traits.get("nickname")  # type: ignore[no-any-return]  # whatever Ory says


class NamedSync(UserSync):
    """For users with a full name."""

    def fields(self, identity: Any) -> dict[str, Any]:
        return {**super().fields(identity), "full_name": identity.traits.get("name", "")}


class MemberSync(VerifiedEmailSync):
    """For users with a full name and groups."""

    managed_groups = frozenset({"editors"})

    def fields(self, identity: Any) -> dict[str, Any]:
        return {**super().fields(identity), "full_name": identity.traits.get("name", "")}

    def groups(self, identity: Any) -> Any:
        return public(identity).get("roles", [])


class KeySync(UserSync):
    """Gives new users the primary key that they had elsewhere, under the name that Ory says."""

    def fields(self, identity: Any) -> dict[str, Any]:
        return {**super().fields(identity), **public(identity)}


class RacingSync(ShopSync):
    """Lets another process do something once this one has seen the link."""

    meanwhile: list[Any] = []  # noqa: RUF012 - filled and emptied by the tests

    def __init__(self) -> None:
        if self.meanwhile:
            self.meanwhile.pop()()


class ClosedRacingSync(ClosedSync):
    """Lets another process do something before this one finds whom to link."""

    meanwhile: list[Any] = []  # noqa: RUF012 - filled and emptied by the tests

    def existing(self, identity: Any) -> Any:
        if self.meanwhile:
            self.meanwhile.pop()()
        return super().existing(identity)


class RacingKeySync(UserSync):
    """Lets another process do something before this one creates a user."""

    meanwhile: list[Any] = []  # noqa: RUF012 - filled and emptied by the tests

    def existing(self, identity: Any) -> Any:
        self.meanwhile.pop()()


class FailingSync(ShopSync):
    """Has the database fail when all is written."""

    errors: list[Exception] = []  # noqa: RUF012 - filled and emptied by the tests

    def update_user(self, user: Any, identity: Any, created: bool) -> None:  # noqa: FBT001 - its signature
        if self.errors:
            raise self.errors.pop()


class NicknameSync(UserSync):
    """Copies to a property of users."""

    def fields(self, identity: Any) -> dict[str, Any]:
        return {**super().fields(identity), "nickname": identity.traits["name"]}
