"""What is copied from an Ory identity to its Django user; ``ORY_MFA_USER_SYNC`` names a subclass."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import BaseUserManager
from django.core.exceptions import FieldDoesNotExist
from django.db import router
from django.db.models import Exists, OuterRef

from django_ory_mfa.contrib.auth.models import OryIdentity
from django_ory_mfa.contrib.auth.storing import is_text
from django_ory_mfa.core.addresses import verified_email

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

    from django_ory_mfa.core.session import Identity


class UserSync:
    """Name and verified e-mail address, and no rights: override what your site needs.

    It runs at the first visit of a person, and whenever the identity has changed at Ory.
    SECURITY: people write ``identity.traits`` themselves; take rights from ``metadata_public`` or ``organization_id``.
    """

    managed_groups: Collection[str] = frozenset()
    """The names of the groups that ``groups`` decides on; membership in all others is left as it is."""

    def username(self, identity: Identity) -> str | None:
        """Return the ``USERNAME_FIELD`` of a new user: the identity id, or the verified e-mail if that is the field."""
        return self._email(identity) if _is_named_by_email() else identity.id

    def fields(self, identity: Identity) -> dict[str, Any]:
        """Return the fields of the user and their values; what is left out stays as it is.

        By default the username, which only a new user gets, and the e-mail address if Ory has verified one that the
        field can store.
        """
        values = {get_user_model().USERNAME_FIELD: self.username(identity), email_field(): self._email(identity)}
        return {name: value for name, value in values.items() if name and value}

    def groups(self, identity: Identity) -> Iterable[str]:
        """Return the names of the groups of ``managed_groups`` that the user is in; those without a row are ignored."""
        return ()

    def is_staff(self, identity: Identity) -> bool | None:
        """Return whether the user may enter the admin; None leaves it as it is."""
        return None

    def is_superuser(self, identity: Identity) -> bool | None:
        """Return whether the user has all permissions; None leaves it as it is."""
        return None

    def may_create(self, identity: Identity) -> bool:
        """Return whether to create a user for a person who has none; if False, only linked people get in."""
        return True

    def existing(self, identity: Identity) -> AbstractBaseUser | None:
        """Return the user to link to an identity that is seen for the first time; None creates one."""
        return None

    def update_user(self, user: AbstractBaseUser, identity: Identity, created: bool) -> None:  # noqa: FBT001 - public
        """Called inside the transaction after the rest is saved; save what you change. An error rolls all back."""

    def _email(self, identity: Identity) -> str | None:
        email = BaseUserManager.normalize_email(verified_email(identity))
        return email if email and _fits(email) else None


class VerifiedEmailSync(UserSync):
    """Links a new identity to the user who has the e-mail address that Ory has verified.

    Only if exactly one user has it and no identity is linked to that user yet.
    """

    def existing(self, identity: Identity) -> AbstractBaseUser | None:
        """Return that user, a disabled one too; None if there is none or more than one."""
        name, email = email_field(), self._email(identity)
        if not name or not email:
            return None
        # The base manager: one that hides disabled users would have them created again.
        is_linked = Exists(OryIdentity.objects.filter(user=OuterRef("pk")))
        users = get_user_model()._base_manager.filter(**{name: email}).annotate(ory_mfa_is_linked=is_linked)
        # Where links are written: a copy of that database may not have the latest one yet.
        found: list[Any] = list(users.using(router.db_for_write(OryIdentity))[:2])
        # SECURITY: some databases compare without case and accents; another spelling may be another mailbox.
        is_sure = len(found) == 1 and not found[0].ory_mfa_is_linked and getattr(found[0], name) == email
        return found[0] if is_sure else None


def email_field() -> str | None:
    """Return the name of the user's field for an e-mail address; None for a model without one."""
    user_model = get_user_model()
    name = user_model.get_email_field_name()
    try:
        user_model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return name


def _fits(email: str) -> bool:
    """Whether the field of the user can store ``email``."""
    name = email_field()
    field: Any = get_user_model()._meta.get_field(name) if name else None
    longest = getattr(field, "max_length", None)
    return is_text(email) and (longest is None or len(email) <= longest)


def _is_named_by_email() -> bool:
    return email_field() == get_user_model().USERNAME_FIELD
