"""The texts for Ory's own pages: their code does what they say."""

from __future__ import annotations

import configparser
import json
import re
import sys
from types import ModuleType
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import clear_url_caches, path

from django_ory_mfa.testing import FakeOry
from django_ory_mfa.testing.emulator import Emulator
from tests.documents import DOCS, ROOT

FOLDER = DOCS / "for-ory"


def code_of(file: str, title: str = "") -> list[str]:
    """The Python blocks of a file, those with a title alone if one is given."""
    named = f' title="{title}"' if title else r"(?: title=\S+)?"
    return re.findall(rf"^```python{named}\n(.*?)^```$", (FOLDER / file).read_text(), re.MULTILINE | re.DOTALL)


def module_of(name: str, code: str) -> Any:
    module = ModuleType(name)
    exec(code, module.__dict__)  # noqa: S102 - a document of this checkout
    return module


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Any:
    """Makes the project of the page, with the first or the second text of its view."""
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "highest_available"

    def make(which: int) -> Client:
        package = ModuleType("your_project")
        views = module_of("your_project.views", code_of("django.mdx", "your_project/views.py")[which])
        monkeypatch.setitem(sys.modules, "your_project", package)
        monkeypatch.setitem(sys.modules, "your_project.views", views)
        (text,) = code_of("django.mdx", "your_project/urls.py")
        monkeypatch.setitem(sys.modules, "your_project.urls", module_of("your_project.urls", text))
        settings.ROOT_URLCONF = "your_project.urls"
        clear_url_caches()
        return Client()

    return make


def test_settings_of_the_page_are_those_of_the_package(settings: Any) -> None:
    (text,) = code_of("django.mdx", "your_project/settings.py")
    said: dict[str, Any] = {"INSTALLED_APPS": [], "MIDDLEWARE": []}
    exec(text, said)  # noqa: S102 - a document of this checkout

    assert said["INSTALLED_APPS"] == ["django_ory_mfa"]
    assert said["MIDDLEWARE"] == [name for name in settings.MIDDLEWARE if name.endswith("OrySessionMiddleware")]
    assert said["ORY_MFA_SDK_URL"].startswith("http://localhost:4000")


@pytest.mark.parametrize(("which", "aal1"), [(0, 200), (1, 302)], ids=["aal1", "aal2"])
def test_page_protects_its_dashboard(project: Any, ory: FakeOry, which: int, aal1: int) -> None:
    client = project(which)
    assert client.get("/").status_code == 302

    ory.login(client, aal="aal1", email="ann@example.test", second_factors=set() if aal1 == 200 else {"totp"})
    assert client.get("/").status_code == aal1
    ory.login(client, aal="aal2", email="bob@example.test")

    assert client.get("/").json() == {"email": "bob@example.test"}


def test_tab_for_django_lets_nobody_in_at_aal1(ory: FakeOry, client: Client, settings: Any) -> None:
    page = ModuleType("tab")
    exec(code_of("check-aal.mdx")[0], page.__dict__)  # noqa: S102 - a document of this checkout
    settings.ROOT_URLCONF = page
    page.urlpatterns = [path("", page.dashboard)]  # type: ignore[attr-defined]
    ory.login(client, aal="aal1", second_factors={"totp"})
    assert "aal=aal2" in client.get("/").headers["Location"]

    ory.login(client, aal="aal2", email="ann@example.test")

    assert client.get("/").json() == {"email": "ann@example.test"}


@pytest.mark.parametrize(
    ("factors", "used", "location"),
    [
        (None, (), "/self-service/login/browser"),
        ((), ("password",), "/self-service/login/browser?aal=aal2"),
        (("totp",), ("password",), "/self-service/login/browser?aal=aal2"),
        (("totp",), ("password", "totp"), None),
    ],
    ids=["nobody", "one factor, no second", "second due", "both"],
)
def test_tab_for_python_asks_ory_by_its_sdk(
    monkeypatch: pytest.MonkeyPatch, factors: tuple[str, ...] | None, used: tuple[str, ...], location: str | None
) -> None:
    with Emulator(0, people=()) as emulator:
        monkeypatch.setenv("ORY_SDK_URL", emulator.url)
        tab = module_of("tab", code_of("check-aal.mdx")[1])
        headers = {}
        if factors is not None:
            person = emulator.ory.add_identity(email="ann@example.test", second_factors=factors)
            session = emulator.ory.add_session(person, *used)
            headers = {"Cookie": f"{emulator.ory.cookie_name}={session.cookie}"}

        response = tab.dashboard(RequestFactory(headers=headers).get("/"))

        if location is None:
            assert json.loads(response.content) == {"email": "ann@example.test"}
        else:
            assert response.headers["Location"] == f"{emulator.url}{location}"


def test_nothing_but_the_address_of_the_repository_is_left_open() -> None:
    texts = {file.name: file.read_text() for file in FOLDER.iterdir() if file.suffix in (".md", ".mdx")}

    assert {name: text.count("REPOSITORY") for name, text in texts.items()} == {
        "check-aal.mdx": 0,
        "django.mdx": 1,
        "gallery.md": 1,
    }
    assert [name for name, text in texts.items() if re.search(r"FILL|TODO|XXX", text)] == []


def test_versions_are_those_of_the_package() -> None:
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg")
    django = re.findall(r"Framework :: Django :: (\d+\.\d+)", setup["metadata"]["classifiers"])
    oldest = setup["options"]["python_requires"].removeprefix(">=")

    for name in ("django.mdx", "gallery.md"):
        said = f"Python {oldest} and newer(?: and|,) Django {django[0]} to {django[-1]}"
        assert re.search(said, (FOLDER / name).read_text()), name
    first_release = re.findall(r"^(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.rst").read_text(), re.MULTILINE)[-1]
    assert f"from release {first_release} on" in (FOLDER / "gallery.md").read_text()
