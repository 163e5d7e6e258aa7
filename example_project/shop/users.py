"""What the shop copies from Ory to its users."""

from __future__ import annotations

from typing import Any

from django_ory_mfa.contrib.auth.sync import UserSync
from django_ory_mfa.core.session import Identity

STAFF = "shop staff"


class ShopSync(UserSync):
    """Staff is who has the role in ``metadata_public``, which only administrators of Ory can write."""

    managed_groups = (STAFF,)

    def fields(self, identity: Identity) -> dict[str, Any]:
        return {**super().fields(identity), "first_name": str(identity.traits.get("name", ""))[:150]}

    def groups(self, identity: Identity) -> list[str]:
        return [STAFF] if self.is_staff(identity) else []

    def is_staff(self, identity: Identity) -> bool:
        return "staff" in ((identity.metadata_public or {}).get("roles") or ())
