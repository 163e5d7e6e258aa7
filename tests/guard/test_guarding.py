"""What a guard does beside its decision."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from django_ory_mfa.guard.guarding import csrf_reason_steps
from django_ory_mfa.runtime.steps import arun, run
from django_ory_mfa.session.resolver import attach
from django_ory_mfa.signals import aal_denied
from django_ory_mfa.testing import FakeOry
from tests.site import LOOP, Site


@pytest.fixture
def site(mode: str) -> Site:
    return Site(mode, enforce_csrf_checks=True)


@pytest.mark.parametrize(("path", "stranger"), [("csrf-exempt/nothing", 200), ("csrf-exempt/aal1", 303)])
def test_form_of_another_site_counts_for_nobody_who_is_signed_in(
    site: Site, ory: FakeOry, path: str, stranger: int
) -> None:
    """A callable that requires nothing may have seen who it is; of a stranger it asks no token."""
    assert site.post(path).status_code == stranger
    session = ory.login(site)
    assert site.post(path).status_code == 403
    session.revoke()

    assert site.post(path).status_code == stranger


def test_form_of_another_site_does_not_count_for_a_person_whose_second_factor_is_due(site: Site, ory: FakeOry) -> None:
    """Ory hides who it is, and the callable may all the same have read that somebody is signed in."""
    ory.login(site, aal="aal1", second_factors=["totp"])

    assert site.post("csrf-exempt/nothing").status_code == 403


def test_refusal_is_no_report(site: Site, ory: FakeOry) -> None:
    heard: list[Any] = []

    def note(sender: Any, **said: Any) -> None:
        heard.append(said["report_only"])

    aal_denied.connect(note)
    try:
        site.get("aal2")
        site.get("inside/aal2")
    finally:
        aal_denied.disconnect(note)

    assert heard == [False, False]


def test_token_of_a_form_costs_no_fresh_session(ory: FakeOry, mode: str, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": mode}}
    settings.ORY_MFA_CACHE_TTL = 60
    client = RequestFactory()
    ory.login(client)

    for _ in range(2):
        request = client.post("/")
        attach(request)
        steps = csrf_reason_steps(request)
        reason = run(steps) if mode == "sync" else LOOP.run(arun(steps))
        assert str(reason).startswith("CSRF Failed: ")

    assert [call.path for call in ory.calls] == ["/sessions/whoami"]
