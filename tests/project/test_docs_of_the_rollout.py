"""What the page on rolling MFA out says, step by step, against the code."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from django_ory_mfa import checks
from django_ory_mfa.enforcement import require_aal
from django_ory_mfa.signals import aal_denied
from django_ory_mfa.testing import FakeOry
from tests.documents import PAGES, run_block
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


def transfer(request: Any) -> Any:
    require_aal(request, "sensitive")
    return orders(request)


def _urls() -> list[Any]:
    from django.urls import path

    return [path("orders/", orders), path("elsewhere/", orders), path("transfer/", transfer)]


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


@pytest.mark.parametrize(
    ("days", "days_of_the_rule", "level"),
    [
        (13, 400, "highest_available"),
        (15, 400, "aal2"),
        (400, 13, "highest_available"),
        (400, 15, "aal2"),
        (400, -30, "highest_available"),
        (None, 400, "aal2"),
    ],
)
def test_step_four_gives_each_person_two_weeks(days: int | None, days_of_the_rule: int, level: str) -> None:
    said = run_block(PAGE, "def after_two_weeks")
    said["RULE_BEGINS"] = timezone.now() - timedelta(days=days_of_the_rule)
    after_two_weeks = said["after_two_weeks"]
    made = None if days is None else timezone.now() - timedelta(days=days)
    identity = SimpleNamespace(created_at=made)

    assert after_two_weeks(SimpleNamespace(ory_session=SimpleNamespace(identity=identity))) == level
    assert after_two_weeks(SimpleNamespace(ory_session=SimpleNamespace(identity=None))) == "aal2"


def test_step_five_asks_everybody_everywhere(site: Site, ory: FakeOry, policy: Any) -> None:
    policy("all")
    ory.login(site, aal="aal1")

    assert [site.get(path).status_code for path in ("/orders/", "/elsewhere/")] == [403, 403]


def test_guard_that_names_a_requirement_gives_way_at_once(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.project.test_docs_of_the_rollout"
    settings.ORY_MFA_POLICIES = {"sensitive": {"aal": "aal2", "max_age": 600}}
    ory.login(site, aal="aal1")
    assert site.get("/transfer/").status_code == 403

    settings.ORY_MFA_POLICIES = run_block(PAGE, "ORY_MFA_POLICIES")["ORY_MFA_POLICIES"]

    assert site.get("/transfer/").status_code == 200


def test_ory_is_asked_for_less_by_the_command_of_the_page(tmp_path: Path) -> None:
    file = tmp_path / "kratos.yml"
    file.write_text(
        "session: {whoami: {required_aal: highest_available}}\n"
        "selfservice: {flows: {settings: {required_aal: highest_available}}}\n"
    )
    (command,) = re.findall(r"``manage.py ory_mfa (require .+?)``", PAGES[PAGE])

    call_command("ory_mfa", *command.split(), "--file", str(file), "--yes")

    assert file.read_text().count("required_aal: aal1") == 1
    assert "whoami: {required_aal: aal1}" in file.read_text()
