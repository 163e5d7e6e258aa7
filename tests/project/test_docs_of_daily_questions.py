"""The short examples that answer one question each: an API key, the office, a verified address, and the like."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.test import Client
from django.urls import clear_url_caches, path

from django_ory_mfa.testing import FakeOry
from tests.documents import run_block
from tests.servers.kratos import KratosServer

URLS = "urls_of_daily_questions"
EXAMPLES = {"stock": "how-to/mobile-apps-and-scripts", "files": "how-to/guard-views", "newsletter": "faq"}


@pytest.fixture(autouse=True)
def documented_site(settings: Any) -> Iterator[None]:
    """The views of the pages, on a site with a policy."""
    urls: Any = ModuleType(URLS)
    urls.urlpatterns = [path(f"{name}/", run_block(page, f"def {name}")[name]) for name, page in EXAMPLES.items()]
    urls.urlpatterns += [path("media/<str:name>", run_block("how-to/guard-views", "def download")["download"])]
    sys.modules[URLS] = urls
    settings.ROOT_URLCONF = URLS
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_ory_mfa.middleware.AALRequiredMiddleware"]
    settings.STOCK_API_KEY = "a key"
    clear_url_caches()
    yield
    del sys.modules[URLS]


@pytest.mark.parametrize(("key", "status"), [({}, 401), ({"X-Api-Key": "kéy"}, 401), ({"X-Api-Key": "a key"}, 200)])
def test_key_opens_the_view_for_programs(ory: FakeOry, key: dict[str, str], status: int) -> None:
    response = Client(enforce_csrf_checks=True).post("/stock/", headers=key)

    assert (response.status_code, ory.calls) == (status, [])


@pytest.mark.parametrize(("address", "status"), [("203.0.113.7", 200), ("198.51.100.7", 302)])
def test_office_asks_for_less(client: Client, ory: FakeOry, address: str, status: int) -> None:
    ory.required_aal = "aal1"
    ory.login(client, aal="aal1", second_factors={"totp"})

    assert client.get("/files/", REMOTE_ADDR=address).status_code == status


@pytest.mark.parametrize(("verified", "status"), [(True, 200), (False, 403)])
def test_address_has_to_be_verified(client: Client, ory: FakeOry, verified: bool, status: int) -> None:  # noqa: FBT001
    session = ory.login(client, aal="aal1")
    session.identity.verified = verified

    assert client.get("/newsletter/").status_code == status


def test_web_server_is_told_which_file_only_for_aal2(client: Client, ory: FakeOry) -> None:
    refused = client.get("/media/a%20b.txt")
    ory.login(client, aal="aal2")

    response = client.get("/media/a%20b.txt")

    assert (refused.status_code, "X-Accel-Redirect" in refused) == (302, False)
    assert (response["X-Accel-Redirect"], response["Content-Type"]) == ("/protected/a%20b.txt", "")


@pytest.mark.kratos
def test_people_without_a_second_factor_are_listed(kratos: KratosServer) -> None:
    kratos.configure("strict")
    names = run_block("how-to/roll-out", "def without_second_factor")
    names["ADMIN_URL"] = kratos.admin_url
    people = {factor: kratos.add_person(*factor) for factor in [(), ("totp",)]}

    listed = list(names["without_second_factor"]())

    assert people[()].email in listed
    assert people["totp",].email not in listed
