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


@pytest.fixture
def ttl(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": __name__}}
    settings.ORY_MFA_CACHE_TTL = 60
    caches["default"].clear()


def with_duplicate(site: Site) -> Site:
    """The same browser with a cookie before the right one that Ory ignores."""
    other = Site(site.mode)
    (cookie,) = (morsel for name, morsel in site.cookies.items() if name.startswith("ory_"))
    # The client of the tests keeps one cookie of a name.
    other.set_cookie(cookie.key, f"junk; {cookie.key}={cookie.value}")
    return other


def test_cookies_beside_the_right_one_do_not_outlive_the_sign_out(site: Site, ory: FakeOry, ttl: None) -> None:
    session, thief = ory.login(site), with_duplicate(site)
    assert [visitor.get("aal2").status_code for visitor in (site, thief, thief)] == [200, 200, 200]
    site.post("/account/security/logout/")
    session.revoke()

    assert [visitor.get("aal2").status_code for visitor in (site, thief)] == [302, 302]


def test_sign_out_with_several_cookies_ends_each_of_them(site: Site, ory: FakeOry, ttl: None) -> None:
    session, tossed = ory.login(site), with_duplicate(site)
    assert site.get("aal2").status_code == 200
    tossed.post("/account/security/logout/")
    session.revoke()

    assert site.get("aal2").status_code == 302
