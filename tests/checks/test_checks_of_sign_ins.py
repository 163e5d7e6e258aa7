"""The check of views that ask Ory for the level and Django for the user."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import clear_url_caches, path
from django.views import View

from django_ory_mfa import checks
from django_ory_mfa.checks.two_sign_ins import check_two_sign_ins
from django_ory_mfa.decorators import aal_exempt, aal_required
from django_ory_mfa.mixins import AALRequiredMixin

DJANGO = "django.contrib.auth.middleware.AuthenticationMiddleware"
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"
OURS = "django_ory_mfa.middleware.OrySessionMiddleware"
POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"
USERS = "django_ory_mfa.contrib.auth.middleware.OryUserMiddleware"


def plain(request: Any) -> HttpResponse:
    return HttpResponse()


def login_required(view: Any) -> Any:
    """As Django's, whose import needs its app."""

    def marked(request: Any) -> Any:
        return view(request)

    marked.__dict__.update(vars(view), login_url=None)
    return marked


def login_not_required(view: Any) -> Any:
    view.login_required = False
    return view


AccessMixin = type("AccessMixin", (), {"__module__": "django.contrib.auth.mixins"})


def warned(settings: Any, *views: Any) -> list[Any]:
    module = ModuleType("made_up_sign_ins")
    module.urlpatterns = [path(f"view-{number}", view) for number, view in enumerate(views)]  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    settings.ROOT_URLCONF = module.__name__
    clear_url_caches()
    return check_two_sign_ins(None)


@pytest.fixture
def two(settings: Any) -> None:
    settings.MIDDLEWARE = [DJANGO, OURS]


class Both(AALRequiredMixin, AccessMixin, View):  # type: ignore[misc, valid-type]  # made above
    required_aal = "aal2"


def both() -> list[Any]:
    return [login_required(aal_required("aal2")(plain)), aal_required("aal2")(login_required(plain)), Both.as_view()]


@pytest.mark.usefixtures("two")
def test_views_that_ask_both_sign_ins_are_warned_of_once(settings: Any) -> None:
    assert warned(settings, *both()) == [checks.two_sign_ins(["/view-0", "/view-1", "/view-2"])]


@pytest.mark.usefixtures("two")
def test_views_that_ask_one_sign_in_are_fine(settings: Any) -> None:
    assert warned(settings, plain, login_required(plain), aal_required("aal2")(plain)) == []


@pytest.mark.parametrize("middleware", [[OURS], [DJANGO, OURS, USERS], [OURS, USERS]])
def test_sites_with_one_sign_in_are_fine(settings: Any, middleware: list[str]) -> None:
    settings.MIDDLEWARE = middleware

    assert warned(settings, *both()) == []


def test_rules_of_the_site_count_as_guards(settings: Any) -> None:
    settings.MIDDLEWARE = [DJANGO, OURS, POLICY]
    settings.ORY_MFA_RULES = [("/view-0", None)]
    asked = login_required(plain)

    found = warned(settings, asked, asked, aal_exempt(login_required(plain)), plain)

    assert found == [checks.two_sign_ins(["/view-1"])]


def test_middleware_that_asks_for_a_user_everywhere_counts(settings: Any) -> None:
    settings.MIDDLEWARE = [DJANGO, OURS, LOGIN_REQUIRED]

    found = warned(settings, aal_required("aal2")(plain), login_not_required(aal_required("aal2")(plain)), plain)

    assert found == [checks.two_sign_ins(["/view-0"])]


class Odd(AALRequiredMixin, AccessMixin, View):  # type: ignore[misc, valid-type]  # made above
    required_aal = "aal7"


@pytest.mark.usefixtures("two")
def test_views_that_make_no_sense_are_left_to_another_check(settings: Any) -> None:
    assert warned(settings, Odd.as_view()) == []


def test_rules_that_make_no_sense_are_left_to_another_check(settings: Any) -> None:
    settings.MIDDLEWARE = [DJANGO, OURS, POLICY]
    settings.ORY_MFA_RULES = [("(", None)]

    assert warned(settings, login_required(plain)) == []
