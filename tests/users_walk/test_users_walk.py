"""A day of a site with users, before a real Kratos and before the emulator, on workers that share a database file."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.browser.servers import free_port
from tests.markup import as_read
from tests.servers.base import Browser, Person
from tests.servers.emulator import EmulatorServer
from tests.servers.kratos import wait_until

ROOT = Path(__file__).resolve().parents[2]
SITE = "tests.users_walk.site"
COMMANDS = {
    "gunicorn": ["gunicorn", "--workers=2", "--threads=4", f"--chdir={ROOT}", SITE, "--bind=127.0.0.1:{port}"],
    "uvicorn": ["uvicorn", f"{SITE}:asgi", "--workers=2", "--port={port}"],
}
ORYS = [pytest.param("kratos", marks=pytest.mark.kratos), "emulator"]


class Site:
    """The site under an application server, until ``close``."""

    def __init__(self, app_server: str, ory_url: str, folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.database = folder / "site.sqlite3"
        env = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR", "PYTHONPATH") if name in os.environ}
        env |= {"DATABASE": str(self.database), "ORY_SDK_URL": ory_url}
        subprocess.run([sys.executable, "-m", SITE, "migrate", "-v0"], cwd=ROOT, env=env, check=True)
        self._log = folder / "log"
        command = [part.format(port=port) for part in COMMANDS[app_server]]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT
            )
        wait_until(self._is_up, 60, self._log.read_text)

    def _is_up(self) -> bool:
        try:
            return len({requests.get(f"{self.url}/me", timeout=10).json()["process"] for _ in range(20)}) == 2
        except requests.RequestException:
            return False

    def rows(self, person: Person) -> tuple[int, int]:
        """How many users and links the site has for a person."""
        queries = (
            ("SELECT count(*) FROM auth_user WHERE username = ?", person.id),
            ("SELECT count(*) FROM ory_mfa_auth_oryidentity WHERE identity_id = ?", person.id.replace("-", "")),
        )
        with closing(sqlite3.connect(self.database, timeout=60)) as connection:
            users, links = (connection.execute(query, [name]).fetchone()[0] for query, name in queries)
            return users, links

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


@pytest.fixture(scope="module", params=ORYS)
def ory(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "kratos":
        server = request.getfixturevalue("kratos")
        server.configure("strict")
        yield server
    else:
        server = EmulatorServer()
        server.ory.allowed_return_urls = None
        yield server
        server.close()


def verify(ory: Any, person: Person) -> None:
    """An administrator says that the address is the person's."""
    if ory.name != "kratos":
        ory.ory.identity_by_id(person.id).verified = True
        return
    address = "/verifiable_addresses/0"
    changes = {f"{address}/verified": True, f"{address}/status": "completed"}
    patch = [{"op": "replace", "path": path, "value": value} for path, value in changes.items()]
    ory._admin("PATCH", f"/identities/{person.id}", 200, json=patch)


@pytest.fixture(scope="module", params=COMMANDS)
def site(request: pytest.FixtureRequest, ory: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    server = Site(request.param, ory.public_url, tmp_path_factory.mktemp("site"))
    yield server
    server.close()


class Visitor:
    """The browser of ``browser``'s person, on the site."""

    def __init__(self, site: Site, browser: Browser | None = None) -> None:
        self._site = site
        self.http = requests.Session()
        if browser is not None:
            self.http.cookies.set(*browser.session_cookie)

    def get(self, path: str) -> requests.Response:
        return self.http.get(
            f"{self._site.url}{path}", headers={"Accept": "text/html"}, allow_redirects=False, timeout=60
        )

    def me(self, path: str = "/me") -> dict[str, Any]:
        response = self.get(path)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def post(self, path: str) -> requests.Response:
        data = {"csrfmiddlewaretoken": self.me()["token"]}
        return self.http.post(f"{self._site.url}{path}", data, allow_redirects=False, timeout=60)


def test_visitor_signs_in_and_lacks_a_right_and_signs_out(ory: Any, site: Site) -> None:
    visitor = Visitor(site)
    first = visitor.get("/private")
    second = visitor.get(first.headers["Location"])
    assert first.headers["Location"] == "/security/login/?next=/private"
    assert (
        urlsplit(second.headers["Location"])._replace(query="").geturl()
        == f"{ory.public_url}/self-service/login/browser"
    )
    assert parse_qs(urlsplit(second.headers["Location"]).query) == {"return_to": [f"{site.url}/private"]}

    person = ory.add_person()
    verify(ory, person)
    browser = ory.open_browser(person, "password")
    visitor = Visitor(site, browser)
    assert visitor.me("/private")["name"] == browser.person.id
    assert visitor.me("/ame")["pk"] == visitor.me("/me")["pk"]

    refused = visitor.get("/editors")
    page = visitor.get(refused.headers["Location"])
    assert (refused.status_code, refused.headers["Location"]) == (302, "/security/login/?next=/editors")
    assert (page.status_code, re.findall("Signed in as (.*)</p>", as_read(page.text))) == (200, [browser.person.email])

    left = visitor.post("/security/logout/")
    assert browser.follow_logout(left.headers["Location"]) in (302, 303)
    assert visitor.me() | {"token": "", "process": 0} == {"pk": None, "name": "", "token": "", "process": 0}
    assert site.rows(browser.person) == (1, 1)


@pytest.mark.parametrize("path", ["/me", "/ame"])
def test_parallel_first_requests_to_several_workers_make_one_user(ory: Any, site: Site, path: str) -> None:
    browser = ory.open_browser(ory.add_person(), "password")

    with ThreadPoolExecutor(20) as pool:
        seen = list(pool.map(lambda _: Visitor(site, browser).me(path), range(20)))

    assert len({one["pk"] for one in seen}) == 1
    assert site.rows(browser.person) == (1, 1)


def test_person_whose_second_factor_is_due_is_nobody_until_it_is_given(ory: Any, site: Site) -> None:
    browser = ory.open_browser(ory.add_person("totp"), "password")
    visitor = Visitor(site, browser)

    before = visitor.me()
    sent = visitor.get(visitor.get("/private").headers["Location"]).headers["Location"]
    browser.prove("totp")
    after = Visitor(site, browser).me("/private")

    assert (before["pk"], parse_qs(urlsplit(sent).query)["aal"]) == (None, ["aal2"])
    assert after["name"] == browser.person.id


def test_disabled_at_ory_is_nobody_and_keeps_the_user(ory: Any, site: Site) -> None:
    browser = ory.open_browser(ory.add_person(), "password")
    visitor = Visitor(site, browser)
    before = visitor.me()
    ory.set_identity_state(browser.person, "inactive")
    during = visitor.me()
    ory.set_identity_state(browser.person, "active")

    assert (during["pk"], Visitor(site, ory.open_browser(browser.person, "password")).me()["pk"]) == (
        None,
        before["pk"],
    )
