from __future__ import annotations

import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import AsyncClient, Client, SimpleTestCase, TestCase, override_settings

from django_ory_mfa.core.credentials import Credential, CredentialKind
from django_ory_mfa.ory import service
from django_ory_mfa.ory.service import get_ory
from django_ory_mfa.testing import FakeOry, FakeOryMixin, FakeOryTransport, _endpoints, emulator, installed
from tests.site import Site, location

WORDS = Credential(CredentialKind.TOKEN, "ory_st_x")


# The context manager.


def test_installed_fake_answers(site: Site) -> None:
    with installed() as ory:
        ory.login(site)
        response = site.get("session")

    assert response.json()["aal"] == "aal2"


def test_installed_takes_a_fake_that_was_made_before(site: Site) -> None:
    ory = FakeOry()
    session = ory.add_session(ory.add_identity(), "password")
    site.set_cookie("ory_kratos_session", session.cookie)

    with installed(ory) as same:
        response = site.get("session")

    assert (same is ory, response.json()["identity"]) == (True, session.identity.id)


def test_person_whose_traits_cannot_be_written_is_no_outage_for_others(mode: str, ory: FakeOry) -> None:
    strange, other = Site(mode), Site(mode)
    traits: dict[str, object] = {}
    for _ in range(100_000):
        traits = {"tree": traits}
    ory.login(strange, traits=traits)
    ory.login(other)

    for _ in range(6):
        assert strange.json("aal1").status_code == 503

    assert other.json("aal1").status_code == 200


def test_network_is_back_afterwards() -> None:
    with installed():
        inside = get_ory().client

    assert service._transport is None
    assert get_ory().client is not inside
    assert not isinstance(get_ory().client._adapter, FakeOryTransport)


def test_network_is_back_after_an_error() -> None:
    with pytest.raises(LookupError), installed():
        raise LookupError

    assert service._transport is None


def test_fake_inside_another_gives_way_to_it_afterwards(site: Site) -> None:
    """A test that installs one more fake must not put the next call on the network."""
    with installed() as outer:
        outer.login(site)
        with installed():
            inside = site.get("session").json()["state"]
        afterwards = site.get("session").json()["state"]

    assert (inside, afterwards) == ("anonymous", "active")


def test_people_of_one_fake_are_unknown_to_the_next(site: Site) -> None:
    with installed() as ory:
        ory.login(site)
    with installed():
        response = site.get("session")

    assert response.json()["state"] == "anonymous"


def test_url_that_is_not_the_fakes_is_never_called(settings: Any) -> None:
    with installed():
        settings.ORY_MFA_SDK_URL = "http://127.0.0.1:9"

        assert get_ory().client.whoami(WORDS).failure == "ConnectionError"


@pytest.mark.parametrize(
    ("sdk", "browser"),
    [
        ("http://kratos:4433", "https://auth.example"),
        ("https://site.example/.ory", "https://site.example/.ory"),
        ("http://kratos:4433/base", "https://auth.example/ory"),
    ],
)
def test_server_and_browser_may_reach_ory_by_different_urls(site: Site, settings: Any, sdk: str, browser: str) -> None:
    settings.ORY_MFA_SDK_URL, settings.ORY_MFA_BROWSER_URL = sdk, browser

    with installed() as ory:
        ory.login(site, aal="aal1", second_factors={"totp"})
        response = site.get("aal2")

    assert ory.public_url == browser
    assert location(response).startswith(f"{browser}/self-service/login/browser?aal=aal2")
    assert [call.path for call in ory.calls] == ["/sessions/whoami"]


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"ORY_MFA_SESSION_COOKIE": "sso"}, "sso"),
        ({"ORY_MFA_SDK_URL": "https://happy-fox-12.projects.oryapis.com"}, "ory_session_happyfox12"),
        ({}, "ory_kratos_session"),
    ],
    ids=["setting", "Ory Network", "default"],
)
def test_cookie_has_the_name_that_the_settings_say(site: Site, values: dict[str, str], name: str) -> None:
    with override_settings(**values), installed() as ory:
        ory.login(site)
        response = site.get("session")

    assert (list(site.cookies), response.json()["state"]) == ([name], "active")


# The unittest mixin.


class InUnittest(FakeOryMixin, SimpleTestCase):
    """Collected by pytest, and run again below as unittest runs it."""

    def test_client_is_signed_in_at_a_level(self) -> None:
        self.ory.login(self.client, aal="aal1", age=30)

        response = self.client.get("/sync/session")

        assert (response.json()["aal"], len(self.ory.calls)) == ("aal1", 1)

    async def test_async_client_is_signed_in_by_methods(self) -> None:
        self.ory.login(self.async_client, methods={"webauthn"})

        response = await self.async_client.get("/async/session")

        assert response.json()["methods"] == ["password", "webauthn"]

    def test_each_test_has_an_ory_of_its_own(self) -> None:
        assert (self.ory.calls, self.ory.identities) == ([], [])


@override_settings(ORY_MFA_SDK_URL="http://kratos:4433", ORY_MFA_BROWSER_URL="https://auth.example")
class WithOtherUrls(FakeOryMixin, SimpleTestCase):
    def test_settings_of_the_class_are_seen(self) -> None:
        response = self.client.get("/sync/aal2")

        assert self.ory.public_url == "https://auth.example"
        assert response["Location"].startswith("https://auth.example/self-service/login/browser")


def test_mixin_goes_with_test_cases_that_use_a_database() -> None:
    class WithDatabase(FakeOryMixin, TestCase):
        pass

    assert WithDatabase.__mro__.index(FakeOryMixin) < WithDatabase.__mro__.index(TestCase)


def test_mixin_runs_in_unittest_and_leaves_nothing_behind() -> None:
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(InUnittest)

    result = suite.run(unittest.TestResult())

    assert result is not None
    assert (result.testsRun, result.failures, result.errors) == (3, [], [])
    assert service._transport is None


def test_mixin_cleans_up_after_a_setup_that_breaks() -> None:
    class Broken(FakeOryMixin):
        def setUp(self) -> None:
            super().setUp()
            raise LookupError

        def test_nothing(self) -> None:
            """Never reached."""

    result = unittest.TestResult()
    Broken("test_nothing").run(result)

    assert (len(result.errors), service._transport) == (1, None)


# The fixture.


def test_fixture_signs_clients_in(ory: FakeOry, client: Client, async_client: AsyncClient) -> None:
    ory.login(client, aal="aal2", age=30, methods={"totp"})

    assert client.get("/sync/session").json()["aal"] == "aal2"
    assert len(ory.calls) == 1


def test_fixture_is_what_the_package_calls(ory: FakeOry) -> None:
    assert get_ory().client.whoami(WORDS).status == 401
    assert [call.path for call in ory.calls] == ["/sessions/whoami"]


def test_transport_reports_failures_as_requests_does(ory: FakeOry) -> None:
    session = requests.Session()
    session.mount("http://", FakeOryTransport(ory))
    ory.fail_with("timeout")

    with pytest.raises(requests.ReadTimeout):
        session.get("http://127.0.0.1:4433/sessions/whoami")


SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["django_ory_mfa"]
MIDDLEWARE = ["django_ory_mfa.middleware.OrySessionMiddleware"]
ROOT_URLCONF = "site_urls"
ORY_MFA_SDK_URL = "http://kratos:4433"
USE_TZ = True
"""
URLS = """
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse(request.ory_session.aal))]
"""
TESTS = """
def test_level(ory, client):
    ory.login(client, aal="aal2")
    assert client.get("/").content == b"aal2"
    assert len(ory.calls) == 1

def test_nobody(ory, client):
    assert client.get("/").content == b"aal0"
    assert ory.calls == []
"""
PLAIN = """
def test_without_django(request):
    import sys
    assert request.config.pluginmanager.hasplugin("ory_mfa")
"""
# Other plugins than ours, for the time that they take.
WITHOUT = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:xdist")


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *WITHOUT, "-W", "error", *arguments],
        cwd=folder,
        env={"PATH": "", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_plugin_is_found_by_pytest_in_a_project_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "site_settings.py").write_text(SETTINGS)
    (tmp_path / "site_urls.py").write_text(URLS)
    (tmp_path / "test_site.py").write_text(TESTS)

    run = pytest_in(tmp_path, "--ds=site_settings")

    assert run.stdout.splitlines()[-1:][0].startswith("2 passed"), run.stdout + run.stderr


def test_plugin_does_no_harm_where_django_is_not_set_up(tmp_path: Path) -> None:
    (tmp_path / "test_plain.py").write_text(PLAIN)

    run = pytest_in(tmp_path)

    assert run.stdout.splitlines()[-1:][0].startswith("1 passed"), run.stdout + run.stderr


# What it loads.

LIGHT = """
import sys
import django_ory_mfa.testing, django_ory_mfa.testing.pytest_plugin
from http.cookies import SimpleCookie
from types import SimpleNamespace

def loaded():
    heavy = {"ory_client", "pydantic", "ruamel.yaml", "segno", "yaml", "django.contrib.auth.models"}
    return {name for name in sys.modules if name in heavy or name.startswith("django_ory_mfa.")}

def ask(path, status):
    assert ory.handle("GET", path, headers).status == status

by_import = loaded()
ory = django_ory_mfa.testing.FakeOry()
client = SimpleNamespace(cookies=SimpleCookie())
session = ory.login(client, aal="aal1", second_factors=["totp"])
headers = [("Cookie", f"{ory.cookie_name}={session.cookie}"), ("Accept", "application/json")]
ask("/sessions/whoami", 403)
ask("/self-service/logout/browser", 200)
ask("/health/ready", 200)
ory.fail(503)
ask("/sessions/whoami", 503)
by_use = loaded()
ask("/self-service/settings/browser", 403)
print(*sorted(by_import))
print(*sorted(by_use - by_import))
print(*sorted(loaded() - by_use))
"""


def test_support_for_tests_loads_no_flows_before_they_are_asked_for() -> None:
    run = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=False)
    by_import, by_use, by_flow = (line.split(" ") for line in run.stdout.split("\n")[:3])

    ours = [name.removeprefix("django_ory_mfa.testing.") for name in by_import if ".testing." in name]
    rooms = {name.split(".")[1] for name in by_import if name.startswith("django_ory_mfa.")}
    assert ours == [
        *("_answers", "_bodies", "_config", "_credentials", "_csrf", "_endpoints", "_http", "_identity", "_logout"),
        *(
            "_people",
            "_return_to",
            "_sessions",
            "_state",
            "assertions",
            "fake",
            "install",
            "pytest_plugin",
            "transport",
        ),
    ]
    assert rooms == {"conf", "core", "metrics", "ory", "runtime", "testing"}
    assert [name for name in by_import if not name.startswith("django_ory_mfa.")] == []
    assert by_use == [""]
    assert {"django_ory_mfa.testing.emulator._settings"} <= set(by_flow)
    assert [name for name in by_flow if name.endswith((".server", ".people", "._admin", "._login", ".views"))] == []


def test_names_of_the_emulator_are_loaded_when_they_are_used() -> None:
    assert {getattr(emulator, name).__module__.rpartition(".")[2] for name in ("Emulator", "DemoPerson")} == {
        "people",
        "server",
    }
    assert not hasattr(emulator, "FakeOry")


@pytest.mark.parametrize("name", [route[2] for route in _endpoints._ROUTES if isinstance(route[2], str)])
def test_every_endpoint_of_the_emulator_is_there(name: str) -> None:
    assert callable(_endpoints._loaded(name))
