"""What the checks say of a site with users."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks

from django_ory_mfa import checks
from django_ory_mfa.checks.order import DJANGO_USERS, POLICY_MIDDLEWARE, SESSION_MIDDLEWARE, USER_MIDDLEWARE
from tests.contrib_auth.test_request_user import MIDDLEWARES

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


def found() -> list[Any]:
    """What all checks say, those of Django and of the package."""
    messages = [message for message in run_checks() if not str(message.id).startswith("security.")]
    return sorted(messages, key=lambda message: str(message.id))


def test_site_in_order_gives_no_messages() -> None:
    assert found() == []


def test_middleware_of_the_site_counts_as_ours(settings: Any) -> None:
    settings.MIDDLEWARE = [SESSIONS, SESSION_MIDDLEWARE, f"{MIDDLEWARES}.FallbackMiddleware"]

    assert found() == []


@pytest.mark.parametrize("is_first", [True, False], ids=["policy first", "users first"])
def test_policy_may_stand_on_either_side_of_ours(settings: Any, *, is_first: bool) -> None:
    both = [USER_MIDDLEWARE, POLICY_MIDDLEWARE]
    settings.MIDDLEWARE = [SESSIONS, SESSION_MIDDLEWARE, *(both[::-1] if is_first else both)]

    assert found() == []


def test_missing_middleware_is_a_warning(settings: Any) -> None:
    settings.MIDDLEWARE = [SESSIONS, DJANGO_USERS, SESSION_MIDDLEWARE]

    assert found() == [checks.W020]


def test_middleware_before_the_session_is_an_error(settings: Any) -> None:
    settings.MIDDLEWARE = [SESSIONS, USER_MIDDLEWARE, SESSION_MIDDLEWARE]

    assert found() == [checks.E021]


def test_middleware_of_django_behind_ours_is_an_error(settings: Any) -> None:
    settings.MIDDLEWARE = [SESSIONS, SESSION_MIDDLEWARE, USER_MIDDLEWARE, DJANGO_USERS]

    assert found() == [checks.E022, checks.out_of_order(DJANGO_USERS, before=True)]


def test_middleware_of_django_before_ours_is_in_order(settings: Any) -> None:
    settings.MIDDLEWARE = [SESSIONS, DJANGO_USERS, SESSION_MIDDLEWARE, USER_MIDDLEWARE]

    assert found() == []


@pytest.mark.parametrize("backends", [[], ["django.contrib.auth.backends.ModelBackend"]], ids=["none", "Django's"])
def test_missing_backend_is_a_warning(settings: Any, backends: list[str]) -> None:
    settings.AUTHENTICATION_BACKENDS = backends

    assert found() == [checks.W021]


def test_admin_takes_our_middleware_for_djangos(settings: Any) -> None:
    """Its check asks for a subclass (admin.E408)."""
    from django.contrib.admin.checks import check_dependencies

    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.admin", "django.contrib.messages"]

    assert "admin.E408" not in [message.id for message in check_dependencies()]


@pytest.mark.parametrize(
    "path",
    [
        "nowhere.Sync",
        "tests.contrib_auth.syncs.Missing",
        "django_ory_mfa.contrib.auth.backends.OryBackend",
        "django_ory_mfa.contrib.auth.sync.verified_email",
    ],
)
def test_sync_that_is_none_is_an_error(settings: Any, path: str) -> None:
    settings.ORY_MFA_USER_SYNC = path

    assert found() == [checks.E024]


@pytest.mark.parametrize(
    "path", ["tests.contrib_auth.syncs.VerifiedShopSync", "django_ory_mfa.contrib.auth.sync.UserSync"]
)
def test_sync_of_the_site_is_in_order(settings: Any, path: str) -> None:
    settings.ORY_MFA_USER_SYNC = path

    assert found() == []


def test_sync_that_is_no_path_is_told_once(settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = 5

    assert [message.id for message in found()] == ["ory_mfa.E002"]


@pytest.mark.django_db
def test_migrations_are_complete() -> None:
    from django.core.management import call_command

    call_command("makemigrations", "ory_mfa_auth", check=True, dry_run=True, verbosity=0)
