from __future__ import annotations

import pytest
from django.conf import settings

from tests.contrib_auth.site import UsersSite

# They need an admin: tests/contrib/test_admin.py runs them with settings that have one.
if settings.SETTINGS_MODULE != "tests.contrib_admin.settings":
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture
def site(mode: str) -> UsersSite:
    """The site under test in one mode."""
    return UsersSite(mode)
