"""What is shown in place of a 404 of Django REST framework is held against the rules."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis import needed
from tests.policy_middleware import MADE
from tests.site import Site, location

needed("rest_framework")

POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"
FALLBACK = "tests.policy_middleware.fallback"
STEP_UP = "http://127.0.0.1:4433/self-service/login/browser?aal=aal2"


@pytest.fixture(autouse=True)
def policy(settings: Any) -> Any:
    settings.ROOT_URLCONF = "tests.rest_framework_no_page_urls"
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework"]
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY, FALLBACK]
    return settings


@pytest.mark.parametrize("view", ["exempt", "exempt-http404", "exempt-dispatch", "aal1", "declaring"])
def test_page_in_place_of_the_404_of_an_api_is_held_against_the_rules(
    ory: Any, site: Site, settings: Any, view: str
) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    refused = site.get(f"/api/{view}")
    settings.ORY_MFA_RULES = [("/", "aal1")]
    passed = site.get(f"/api/{view}")

    assert (location(refused).startswith(STEP_UP), MADE in refused.content, passed.content) == (True, False, MADE)


def test_page_in_place_of_the_404_of_an_api_is_withheld_from_nobody(ory: Any, site: Site) -> None:
    response = site.get("/api/exempt")

    assert ("/self-service/login/" in location(response), MADE in response.content) == (True, False)


def test_404_of_an_exempt_api_is_free(ory: Any, site: Site, settings: Any) -> None:
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]

    assert (site.get("/api/exempt").status_code, ory.calls) == (404, [])
