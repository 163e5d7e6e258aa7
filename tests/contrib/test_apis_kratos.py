"""A native client and a browser go through step-up at a real Kratos, at every kind of API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.urls import include, path

from tests.apis import needed
from tests.servers.base import Person
from tests.servers.kratos import NAVIGATION, KratosServer, NativeClient
from tests.site import Site, location

needed("rest_framework", "ninja", "strawberry")

pytestmark = [pytest.mark.kratos, pytest.mark.urls(__name__)]

urlpatterns = [
    path("", include("tests.api_site")),
    path("", include("tests.graphql_site")),
    path("account/security/", include("django_ory_mfa.urls")),
]
PAGE = "http://testserver/page?a=1"


@pytest.fixture(params=["plain", "drf", "ninja", "graphql"])
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def person(kratos: KratosServer, settings: Any) -> Iterator[Person]:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework"]
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
    settings.ORY_MFA_SDK_URL = kratos.public_url
    kratos.configure("lax")
    yield kratos.add_person("totp")
    kratos.configure("strict")


def ask(site: Site, adapter: str, **headers: str) -> tuple[Any, dict[str, Any]]:
    """The response to somebody who asks for what needs a second factor, and the error in it, empty if there is none."""
    headers["Accept"] = "application/json"
    if adapter != "graphql":
        response = site.get(f"/{adapter}/{site.mode}/aal2", headers=headers)
        return response, {} if response.status_code == 200 else response.json()["error"]
    query = {"query": "{ balance }"}
    response = site.request("post", "graphql", query, content_type="application/json", headers=headers)
    errors = response.json().get("errors", [])
    return response, errors[0]["extensions"]["error"] if errors else {}


def test_native_client_steps_up_with_its_token(site: Site, kratos: KratosServer, person: Person, adapter: str) -> None:
    client = NativeClient(kratos, person)
    client.prove("password")

    response, error = ask(site, adapter, **{"X-Session-Token": client.session_token})
    assert (error["id"], error["code"]) == ("session_aal2_required", 401)
    assert adapter == "graphql" or 'acr_values="aal2"' in response.headers["WWW-Authenticate"]

    client.complete(client.fetch_flow(error["details"]["login_flow"]), "totp")

    response, error = ask(site, adapter, **{"X-Session-Token": client.session_token})
    assert (response.status_code, b"sesame" in response.content, error) == (200, True, {})


def test_browser_steps_up_and_comes_back(site: Site, kratos: KratosServer, person: Person, adapter: str) -> None:
    browser = kratos.open_browser(person, "password")
    site.set_cookie(*browser.session_cookie)

    response, error = ask(site, adapter)
    assert (error["id"], error["code"]) == ("session_aal2_required", 403)

    if adapter == "graphql":
        # The link belongs to the answer of HTTP, which here is a success; so the page goes by way of the view.
        url = location(site.get(f"/account/security/step-up/?{urlencode({'next': PAGE})}"))
    else:
        link = response.json()["redirect_browser_to"]
        url = f"{link}&{urlencode({'return_to': PAGE})}"
    back = browser.complete(browser.fetch_flow(url), "totp", accept=NAVIGATION)
    assert back.headers["Location"] == PAGE

    response, error = ask(site, adapter)
    assert (response.status_code, b"sesame" in response.content, error) == (200, True, {})
