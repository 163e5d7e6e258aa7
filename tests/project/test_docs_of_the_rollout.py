"""What the page on rolling MFA out says, step by step, against the code."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from django_ory_mfa import checks
from django_ory_mfa.signals import aal_denied
from django_ory_mfa.testing import FakeOry
from tests.documents import run_block
from tests.site import Site

PAGE = "how-to/roll-out"
STEPS = {"report": 'report_only": True', "ask": '"highest_available"),\n    (r"/", None)', "all": "(static|public)"}


@pytest.fixture
def policy(settings: Any) -> Any:
    """Puts the rules of a step on the site."""

    def put(step: str) -> None:
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_ory_mfa.middleware.AALRequiredMiddleware"]
        for name, value in run_block(PAGE, STEPS[step]).items():
            if name.startswith(("ORY_MFA_", "SILENCED_")):
                setattr(settings, name, value)

    settings.ROOT_URLCONF = "tests.project.test_docs_of_the_rollout"
    return put


def orders(request: Any) -> Any:
    from django.http import HttpResponse

    return HttpResponse("Orders.")


def _urls() -> list[Any]:
    from django.urls import path

    return [path("orders/", orders), path("elsewhere/", orders)]


urlpatterns = _urls()


def test_step_two_lets_everybody_pass_and_counts(site: Site, ory: FakeOry, policy: Any) -> None:
    policy("report")
    said = run_block(PAGE, "stopped = Counter()")
    ory.login(site, aal="aal1")
    try:
        assert site.get("/orders/").status_code == 200
        assert site.get("/elsewhere/").status_code == 200
    finally:
        aal_denied.disconnect(said["count"])

    assert said["stopped"] == {"enroll": 1}


def test_step_two_passes_the_checks(settings: Any, policy: Any) -> None:
    policy("report")

    said = [message.id for check in checks.ALL for message in check(None)]

    assert [name for name in said if name not in settings.SILENCED_SYSTEM_CHECKS] == []


@pytest.mark.parametrize(("factors", "status"), [((), 200), (("totp",), 302)])
def test_step_three_asks_those_who_have_a_factor(
    site: Site, ory: FakeOry, policy: Any, settings: Any, factors: tuple[str, ...], status: int
) -> None:
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "highest_available"
    policy("ask")
    ory.login(site, aal="aal1", second_factors=set(factors))

    assert site.get("/orders/").status_code == status


def test_step_four_has_functions_of_a_request() -> None:
    staff, visitor = (SimpleNamespace(user=SimpleNamespace(is_staff=is_staff)) for is_staff in (True, False))
    by_group = run_block(PAGE, "def staff_first")["staff_first"]
    said = run_block(PAGE, "REQUIRED_FROM")
    grace = said["after_the_grace_period"]

    assert (by_group(staff), by_group(visitor)) == ("aal2", "highest_available")
    said["REQUIRED_FROM"] = said["date"].min
    assert grace(None) == "aal2"
    said["REQUIRED_FROM"] = said["date"].max
    assert grace(None) == "highest_available"


@pytest.mark.parametrize(("days", "level"), [(13, "highest_available"), (15, "aal2"), (None, "aal2")])
def test_step_four_gives_each_person_two_weeks(days: int | None, level: str) -> None:
    after_two_weeks = run_block(PAGE, "def after_two_weeks")["after_two_weeks"]
    made = None if days is None else timezone.now() - timedelta(days=days)
    identity = SimpleNamespace(created_at=made)

    assert after_two_weeks(SimpleNamespace(ory_session=SimpleNamespace(identity=identity))) == level
    assert after_two_weeks(SimpleNamespace(ory_session=SimpleNamespace(identity=None))) == "aal2"


def test_step_five_asks_everybody_everywhere(site: Site, ory: FakeOry, policy: Any) -> None:
    policy("all")
    ory.login(site, aal="aal1")

    assert [site.get(path).status_code for path in ("/orders/", "/elsewhere/")] == [403, 403]
