"""The user of a request on a site that does not map identities to Django users."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from django_ory_mfa.core.session import Identity


@dataclass(frozen=True, slots=True)
class OryUser:
    """Somebody who is signed in at Ory, with what Django REST framework asks of a user, and without a database.

    ``pk`` is the id of the identity. Nobody of this kind has a permission of Django's.
    """

    identity: Identity = field(repr=False, compare=False)
    pk: str = field(init=False)

    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_active: ClassVar[bool] = True
    is_staff: ClassVar[bool] = False
    is_superuser: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "pk", self.identity.id)

    def __str__(self) -> str:
        return self.pk

    @property
    def id(self) -> str:
        """The same as ``pk``."""
        return self.pk

    @property
    def username(self) -> str:
        """The same as ``pk``: names are traits, which people write themselves."""
        return self.pk

    def get_username(self) -> str:
        """Return ``username``."""
        return self.pk

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Return False: permissions belong to Django's users."""
        return False

    def has_perms(self, perm_list: Any, obj: Any = None) -> bool:
        """Return False, as ``has_perm`` does."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        """Return False, as ``has_perm`` does."""
        return False
