"""The admin of the shop, where a test says which proofs are too old, so that nobody has to wait."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django_ory_mfa import Requirement
from django_ory_mfa.contrib.admin.sites import AALAdminSite

# A file with a time in seconds since 1970.
SINCE = Path(os.environ["PROOFS_SINCE"])


class ShopAdmin(AALAdminSite):
    """What is sensitive needs a proof given since the time in ``SINCE``."""

    @property
    def sensitive(self) -> Requirement:  # type: ignore[override]  # an attribute, and read for each request
        """Return what that comes to now."""
        return Requirement("aal2", max_age=time.time() - float(SINCE.read_text()))
