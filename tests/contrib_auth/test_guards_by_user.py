"""Guards that ask for more of some users than of others."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.urls import include, path

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.testing import assert_step_up
from tests.contrib_auth.site import UsersSite, sign_in

User: Any = get_user_model()

pytestmark = pytest.mark.django_db


def staff_needs_aal2(request: Any) -> str:
    return "aal2" if request.user.is_staff else "aal1"


async def astaff_needs_aal2(request: Any) -> str:
    return "aal2" if (await request.auser()).is_staff else "aal1"


def page(request: Any) -> HttpResponse:
    return HttpResponse("page")


async def apage(request: Any) -> HttpResponse:
    return HttpResponse("page")


class Reports:
    """A page that wants more of staff."""

    urlpatterns = (
        path("sync/reports", aal_required(requirement=staff_needs_aal2)(page)),
        path("async/reports", aal_required(requirement=astaff_needs_aal2)(apage)),
        path("security/", include("django_ory_mfa.urls")),
    )


@pytest.fixture(autouse=True)
def _reports(settings: Any) -> None:
    settings.ROOT_URLCONF = Reports


def test_views_are_those_of_their_mode() -> None:
    assert [iscoroutinefunction(pattern.callback) for pattern in Reports.urlpatterns[:2]] == [False, True]


def test_staff_is_asked_for_a_second_factor(ory: Any, site: UsersSite) -> None:
    ory.required_aal = "aal1"
    ory.login(site, user=User.objects.create(username="ann", is_staff=True), aal="aal1", second_factors={"totp"})

    assert_step_up(site.get("reports"))


@pytest.mark.parametrize(("is_staff", "aal"), [(True, "aal2"), (False, "aal1"), (False, "aal2")])
def test_others_and_staff_with_it_are_let_in(ory: Any, site: UsersSite, *, is_staff: bool, aal: str) -> None:
    ory.required_aal = "aal1"
    ory.login(site, user=User.objects.create(username="ann", is_staff=is_staff), aal=aal)

    assert site.get("reports").status_code == 200


def test_person_in_conflict_gets_the_page_that_says_so(ory: Any, site: UsersSite) -> None:
    User.objects.create(username=sign_in(ory, site).id)

    response = site.get("reports")

    assert (response.status_code, "already used by another account" in response.content.decode()) == (403, True)


def test_rule_of_the_site_can_ask_by_user(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_ory_mfa.middleware.AALRequiredMiddleware"]
    settings.ORY_MFA_RULES = [("/", staff_needs_aal2 if site.mode == "sync" else astaff_needs_aal2)]
    settings.ROOT_URLCONF = "tests.contrib_auth.urls"
    ory.required_aal = "aal1"
    ory.login(site, user=User.objects.create(username="ann", is_staff=True), aal="aal1", second_factors={"totp"})

    assert_step_up(site.get("quiet"))


def test_conflict_below_a_rule_of_the_site_is_the_same_page(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_ory_mfa.middleware.AALRequiredMiddleware"]
    settings.ORY_MFA_RULES = [("/", staff_needs_aal2 if site.mode == "sync" else astaff_needs_aal2)]
    settings.ROOT_URLCONF = "tests.contrib_auth.urls"
    User.objects.create(username=sign_in(ory, site).id)

    response = site.get("quiet")

    assert (response.status_code, "already used by another account" in response.content.decode()) == (403, True)
