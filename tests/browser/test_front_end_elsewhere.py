"""A front end on one origin, the API on a second and Ory on a third of the same site, as the how-to sets them up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

import django_ory_mfa
from tests.apis import needed
from tests.browser.conftest import TIMEOUT
from tests.browser.servers import SettingsOfSite, free_port
from tests.servers.base import Person
from tests.servers.kratos import KratosServer, Settings, totp_code, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

needed("rest_framework")

pytestmark = [pytest.mark.browser, pytest.mark.kratos]

ROOT = Path(__file__).resolve().parents[2]
APP_FOLDER = Path(__file__).resolve().parent / "elsewhere" / "app"
STATIC = Path(django_ory_mfa.__file__).parent / "static" / "ory_mfa"
SITE = "shop.localhost"
TARGET = "#target"


class App(SimpleHTTPRequestHandler):
    """The front end: its own files, and copies of the package's two scripts."""

    api = ""

    def translate_path(self, path: str) -> str:
        name = path.partition("?")[0].lstrip("/") or "index.html"
        return str((STATIC if name in ("step_up.js", "done.js") else APP_FOLDER) / name)

    def do_GET(self) -> None:
        if self.path == "/config.js":
            self._send("text/javascript", f"const API = {json.dumps(self.api)};")
        elif self.path == "/plain":
            page = (APP_FOLDER / "index.html").read_text()
            self._send("text/html", page.replace(' data-done="/done.html"', ""))
        else:
            super().do_GET()

    def _send(self, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """It keeps no log."""


class KratosOnItsOwnHost(KratosServer):
    """A Kratos as ``ory.shop.localhost``, whose cookies the other hosts of the site get."""

    def __init__(self, binary: Path, folder: Path, app: str, api: str) -> None:
        self._app, self._api = app, api
        super().__init__(binary, folder, return_urls=[f"{app}/"])

    def _write_config(self, settings: Settings) -> str:
        generation = super()._write_config(SettingsOfSite(**vars(settings), site=self._api))
        file = self.folder / "kratos.yml"
        config = yaml.safe_load(file.read_text())
        config["cookies"] = {"domain": SITE, "same_site": "Lax"}
        config["selfservice"]["default_browser_return_url"] = f"{self._app}/"
        file.write_text(yaml.safe_dump(config))
        return generation

    def _start(self, binary: Path, public_port: int, admin_port: int, **options: Any) -> subprocess.Popen[bytes]:
        self.browser_url = f"http://ory.{SITE}:{public_port}"
        environment = {"SERVE_PUBLIC_BASE_URL": f"{self.browser_url}/"} | (options.pop("environment", None) or {})
        return super()._start(binary, public_port, admin_port, environment=environment, **options)


class Place:
    """The three servers, until ``close``."""

    def __init__(self, binary: Path, folder: Path) -> None:
        api_port = free_port()
        self.api = f"http://api.{SITE}:{api_port}"
        handler = type("AppOfPlace", (App,), {"api": self.api})
        self._app = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(APP_FOLDER)))
        self.app = f"http://app.{SITE}:{self._app.server_port}"
        self.other = f"http://other.{SITE}:{self._app.server_port}"
        Thread(target=self._app.serve_forever, daemon=True).start()
        self.ory = KratosOnItsOwnHost(binary, folder, self.app, self.api)
        self.ory.configure("lax", settings_required_aal="highest_available")
        self._log = folder / "api.log"
        self._process = self._start(api_port)
        wait_until(lambda: self._is_up(api_port), 120, self._log.read_text)

    @property
    def log(self) -> str:
        """The requests to the API."""
        return self._log.read_text(errors="replace")

    def _start(self, port: int) -> subprocess.Popen[bytes]:
        env = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR", "PYTHONPATH") if name in os.environ}
        env |= {"APP_URL": self.app, "API_URL": self.api}
        env |= {"ORY_URL": self.ory.browser_url, "ORY_SDK_URL": self.ory.public_url}
        served = ["tests.browser.elsewhere.api", f"--chdir={ROOT}", f"--bind=127.0.0.1:{port}"]
        command = [sys.executable, "-m", "gunicorn", *served, "--threads=4", "--access-logfile=-"]
        with self._log.open("wb") as log:
            return subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT)

    def _is_up(self, port: int) -> bool:
        try:
            host = {"Host": self.api.partition("://")[2]}
            return requests.get(f"http://127.0.0.1:{port}/csrf/", headers=host, timeout=10).status_code == 200
        except requests.RequestException:
            return False

    def close(self) -> None:
        """Ends all three."""
        self._process.terminate()
        self._process.wait()
        self.ory.close()
        self._app.shutdown()
        self._app.server_close()


@pytest.fixture(scope="module")
def place(kratos_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(kratos_binary, tmp_path_factory.mktemp("elsewhere"))
    yield place
    place.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(locale="en-GB")
    context.set_default_timeout(TIMEOUT)
    yield context
    context.close()


@pytest.fixture
def page(place: Place, context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto(f"{place.app}/")
    return page


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def window(page: Page, place: Place, name: str) -> Page:
    """Presses a button, and returns the window at Ory that it opens."""
    with page.expect_popup() as opened:
        press(page, name)
    opened.value.wait_for_url(f"{place.api}/ory-ui/**")
    return opened.value


def answer(page: Page) -> tuple[str, Any]:
    """Status and body of what the script got."""
    page.locator(f"{TARGET}[data-status]").wait_for(state="attached")
    target = page.locator(TARGET)
    text = target.inner_text()
    return str(target.get_attribute("data-status")), json.loads(text) if text else None


def submit(popup: Page, button: str, **fields: str) -> None:
    """Fills in the last form of a window, which closes then."""
    for name, value in fields.items():
        popup.locator(f"input[name={name}]").fill(value)
    with popup.expect_event("close"):
        popup.locator(button).first.click()


def sign_in(popup: Page, person: Person) -> None:
    button = "button[name=method][value=password]"
    submit(popup, button, identifier=person.email, password=person.password)


def enrol(popup: Page) -> str:
    secret = popup.locator(".ory-mfa-key code").inner_text()
    submit(popup, "form:has(input[name=totp_code]) button[type=submit]", totp_code=totp_code(secret))
    return secret


def sign_out(page: Page, place: Place) -> None:
    page.locator("#sign-out[data-ready]").wait_for()
    with page.expect_navigation(url=f"{place.app}/", wait_until="load"):
        press(page, "Sign out")


def test_day_of_a_front_end_on_another_origin(place: Place, page: Page) -> None:
    person = place.ory.add_person()

    sign_in(window(page, place, "Who am I?"), person)
    assert answer(page) == ("200", {"email": person.email, "aal": "aal1"})

    secret = enrol(window(page, place, "Transfer"))
    assert answer(page) == ("200", {"sent": 5})

    sign_out(page, place)
    sign_in(window(page, place, "Who am I?"), person)
    assert answer(page)[1]["aal"] == "aal1"

    popup = window(page, place, "Transfer")
    submit(popup, "form:has(input[name=totp_code]) button[type=submit]", totp_code=totp_code(secret))
    assert answer(page) == ("200", {"sent": 5})

    assert '"OPTIONS /transfer/' in place.log
    assert page.url == f"{place.app}/"


def test_request_without_djangos_token_is_refused_and_the_script_reads_why(place: Place, page: Page) -> None:
    sign_in(window(page, place, "Who am I?"), place.ory.add_person())
    answer(page)

    press(page, "Transfer without a token")

    status, body = answer(page)
    assert (status, body["error"]["id"]) == ("403", "csrf_failed")


def test_page_of_another_origin_reads_nothing(place: Place, page: Page, context: BrowserContext) -> None:
    sign_in(window(page, place, "Who am I?"), place.ory.add_person())
    answer(page)
    other = context.new_page()
    other.goto(f"{place.other}/")

    press(other, "Who am I?")

    assert answer(other) == ("TypeError", None)


def test_page_goes_to_ory_itself_and_comes_back(place: Place, page: Page) -> None:
    """Without a page at the end for a window."""
    person = place.ory.add_person()
    page.goto(f"{place.app}/plain")
    with page.expect_navigation(url=f"{place.api}/ory-ui/**"):
        press(page, "Who am I?")
    page.locator("input[name=identifier]").fill(person.email)
    page.locator("input[name=password]").fill(person.password)
    with page.expect_navigation(url=f"{place.app}/plain"):
        page.locator("button[name=method][value=password]").click()

    press(page, "Who am I?")

    assert answer(page) == ("200", {"email": person.email, "aal": "aal1"})
