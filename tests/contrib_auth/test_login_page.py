"""The page of ``ory_mfa:login`` on a site with users, and that of a person in conflict."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from tests.contrib_auth.site import UsersSite, sign_in
from tests.markup import as_read
from tests.site import location

User: Any = get_user_model()
LOGIN = "/account/security/login/"

pytestmark = pytest.mark.django_db


def account_on(response: Any) -> str:
    """The name that the page gives the visitor."""
    assert response.status_code == 200
    return unescape(as_read(response.content.decode()).partition("Signed in as ")[2].partition("</p>")[0])


def test_username_is_named(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site, email="ann@example.test")
    site.me()
    User.objects.update(username="ann <b>")

    assert account_on(site.get(LOGIN)) == "ann <b>"


def test_username_that_is_the_identity_is_not_named(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site, email="ann@example.test")

    assert account_on(site.get(LOGIN)) == "ann@example.test"


def test_address_that_is_not_verified_is_not_named(ory: Any, site: UsersSite) -> None:
    identity = sign_in(ory, site, email="ann@example.test", verified=False)

    assert account_on(site.get(LOGIN)) == identity.id


def test_disabled_user_sees_the_page(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site, email="ann@example.test")
    site.me()
    User.objects.update(is_active=False, username="ann")

    assert account_on(site.get(LOGIN)) == "ann@example.test"


def test_person_in_conflict_sees_the_page(ory: Any, site: UsersSite) -> None:
    identity = sign_in(ory, site, email="ann@example.test")
    User.objects.create(username=identity.id)

    assert account_on(site.get(LOGIN)) == "ann@example.test"


def test_login_required_sends_a_visitor_to_ory_and_back_to_the_page(site: UsersSite) -> None:
    first = site.get("private")

    second = site.get(location(first))

    back = f"http%3A%2F%2Ftestserver%2F{site.mode}%2Fprivate"
    assert location(second) == f"http://127.0.0.1:4433/self-service/login/browser?return_to={back}"


def test_login_required_sends_somebody_whose_second_factor_is_due_to_it(ory: Any, site: UsersSite) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    second = site.get(location(site.get("private")))

    assert "/self-service/login/browser?aal=aal2&" in location(second)


def test_login_required_lets_in_who_is_signed_in(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site)

    assert site.get("private").status_code == 200


def test_login_required_in_an_outage_says_so(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site)
    ory.fail(503)

    assert site.get(location(site.get("private"))).status_code == 503


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("de", "Ein anderes Konto hat diese Angaben"),
        ("fr", "Un autre compte a ces informations"),
        ("en", "Another account has these details"),
    ],
)
@pytest.mark.parametrize("page", ["me", "in_late_template"])
def test_conflict_speaks_the_language_of_the_browser(
    ory: Any, site: UsersSite, settings: Any, language: str, heading: str, page: str
) -> None:
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", *settings.MIDDLEWARE]
    User.objects.create(username=sign_in(ory, site).id)

    response = site.get(page, headers={"Accept-Language": language})

    assert (response.status_code, response["Content-Language"]) == (403, language)
    assert f"<h1>{heading}" in response.content.decode()
