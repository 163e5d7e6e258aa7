"""How long the cache keeps no session after its sign-out."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches

from django_ory_mfa.testing import FakeOry
from tests.site import Site


def pass_time(seconds: float) -> None:
    """Makes every entry of the default cache older by ``seconds``."""
    cache: Any = caches["default"]
    for key in cache._expire_info:
        cache._expire_info[key] -= seconds


@pytest.mark.parametrize(("ttl", "seconds"), [(5, 30), (10_000, 9_900)], ids=["a minute", "the TTL"])
def test_session_that_was_signed_out_is_not_kept_again(
    site: Site, ory: FakeOry, settings: Any, ttl: int, seconds: float
) -> None:
    """The session of a browser that never went on to Ory's logout is active, and would be kept for one more TTL."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": __name__}}
    settings.ORY_MFA_CACHE_TTL = ttl
    caches["default"].clear()
    session = ory.login(site)
    site.get("aal2")
    site.post("/account/security/logout/")

    pass_time(seconds)
    still = site.get("aal2").status_code
    session.revoke()

    assert (still, site.get("aal2").status_code) == (200, 302)
