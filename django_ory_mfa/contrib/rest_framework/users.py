"""The user of a request on a site that does not map identities to Django users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

if TYPE_CHECKING:
    from django_ory_mfa.core.session import Identity, OrySession


class OryUser:
    """A person who is signed in at Ory, as the user that Django REST framework expects, without a database.

    ``pk`` is the id of the identity. It has none of Django's permissions.
    """

    __slots__ = ("_session",)

    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_active: ClassVar[bool] = True
    is_staff: ClassVar[bool] = False
    is_superuser: ClassVar[bool] = False

    def __init__(self, session: OrySession) -> None:
        # The identity is not read here: that would parse the rest of every cached session.
        self._session = session

    def __repr__(self) -> str:
        """Return the id without the traits."""
        return f"OryUser(pk={self.pk!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OryUser) and self.pk == other.pk

    def __hash__(self) -> int:
        return hash(self.pk)

    @property
    def identity(self) -> Identity:
        """The identity at Ory."""
        return cast("Identity", self._session.identity)

    @property
    def pk(self) -> str:
        """The id of the identity."""
        return self.identity.id

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
