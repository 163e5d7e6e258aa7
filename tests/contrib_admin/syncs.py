"""What a site copies to its users, in a class that is called as ours is."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

from django_ory_mfa.contrib.auth import sync


class UserSync(sync.UserSync):
    """Links people by their address."""

    def existing(self, identity: Any) -> Any:
        return get_user_model().objects.filter(email=identity.traits["email"]).first()


class Roles(sync.UserSync):
    """Ory says who is in a group."""

    managed_groups = frozenset({"editors"})
