"""`make demo` as a newcomer sees it: the way of the guide, in a browser that follows links and sends forms."""

from __future__ import annotations

import random
import re
import runpy
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from django_ory_mfa.testing.emulator import DEMO_PEOPLE, DemoPerson, Emulator
from django_ory_mfa.testing.emulator._totp import totp_code
from tests.markup import as_read
from tests.project.test_example_project import PROJECT, environment
from tests.servers.kratos import NAVIGATION, expect, wait_until

PASSWORD_ONLY, EMAIL_CODE, APP_CODE, RECOVERY_CODE = DEMO_PEOPLE
READY = "Stop with Ctrl-C."


@dataclass
class Form:
    """A form with the values that it was shown with."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """What somebody sees and can do on a page."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__()
        self.url, self.status = response.url, response.status_code
        self.links: dict[str, str] = {}
        self.forms: list[Form] = []
        self.texts: list[str] = []
        self._href = ""
        self.feed(as_read(response.text))

    @property
    def text(self) -> str:
        return " ".join(self.texts)

    def form(self, name: str) -> Form:
        """The form that has something called ``name`` in it."""
        (form,) = (form for form in self.forms if name in form.fields or name in form.buttons)
        return form

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        shown = {name: value or "" for name, value in attributes}
        if tag == "a":
            self._href = shown["href"]
        elif tag == "form":
            self.forms.append(Form(urljoin(self.url, shown.get("action", ""))))
        elif tag == "input" and "name" in shown:
            self.forms[-1].fields[shown["name"]] = shown.get("value", "")
        elif tag == "button" and "name" in shown:
            self.forms[-1].buttons[shown["name"]] = shown["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = ""

    def handle_data(self, data: str) -> None:
        if text := " ".join(data.split()):
            self.texts.append(text)
            if self._href:
                self.links.setdefault(text, urljoin(self.url, self._href))


class Browser:
    """Follows links, sends forms, keeps cookies, and goes where it is sent."""

    def __init__(self) -> None:
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Accept"] = NAVIGATION

    def open(self, url: str) -> Page:
        return Page(self.http.get(url, timeout=60))

    def send(self, form: Form, button: str, **typed: str) -> Page:
        data = {**form.fields, button: form.buttons[button], **typed}
        return Page(self.http.post(form.action, data=data, timeout=60))


class Demo:
    """The running demo."""

    def __init__(self, folder: Path) -> None:
        # Below the ports that a system gives to outgoing connections, of which other tests have many.
        self.port, self.ory_port = (str(port) for port in free_ports(2))
        self.site, self.ory = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.ory_port}"
        self._log = folder / "demo.log"
        with self._log.open("wb") as log, interruptible():
            self.process = subprocess.Popen(
                [sys.executable, str(PROJECT / "demo.py"), f"--port={self.port}", f"--ory-port={self.ory_port}"],
                cwd=folder,
                # A site that is somebody's own, to see that it has no say.
                env=environment(DEBUG="false", ORY_SDK_URL="https://auth.example.com", SITE_URL="https://example.com"),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_until(self._is_ready, 120, lambda: f"The demo did not start: {self.log}")

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"The demo ended with status {self.process.returncode}: {self.log}")
        return READY in self.log

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def interruptible() -> Iterator[None]:
    """Has programs that start meanwhile get SIGINT, which a shell makes the background jobs of a script ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def free_ports(count: int) -> list[int]:
    sockets: list[socket.socket] = []
    for port in random.sample(range(20000, 32000), 1000):
        candidate = socket.socket()
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            candidate.close()
            continue
        sockets.append(candidate)
        if len(sockets) == count:
            break
    ports = [candidate.getsockname()[1] for candidate in sockets]
    for candidate in sockets:
        candidate.close()
    return ports


@contextmanager
def running(folder: Path) -> Iterator[Demo]:
    demo = Demo(folder)
    try:
        yield demo
    finally:
        demo.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest.fixture
def demo(shared: Demo) -> Iterator[Demo]:
    yield shared
    # pytest shows it where a test failed.
    sys.stdout.write(shared.log)


@pytest.fixture
def browser() -> Iterator[Browser]:
    browser = Browser()
    with browser.http:
        yield browser


def sign_in(browser: Browser, url: str, someone: DemoPerson) -> Page:
    """Opens ``url`` as a stranger, picks a demo person on the login page that it leads to, and signs in."""
    login = browser.open(url)
    assert "Sign in" in login.text
    form = browser.open(login.links[str(someone.label)]).form("password")
    assert form.fields["identifier"] == someone.email
    return browser.send(form, "method")


def newcomer_signs_in(browser: Browser, demo: Demo, url: str) -> tuple[Page, str]:
    """``sign_in`` for somebody new without a second factor, since the demo's may have one by now; and the address."""
    email = f"{secrets.token_hex(4)}@example.test"
    credentials = {"password": {"config": {"password": PASSWORD_ONLY.password}}}
    person = {"schema_id": "default", "traits": {"email": email}, "credentials": credentials}
    expect(browser.http.post(f"{demo.ory}/admin/identities", json=person, timeout=60), 201)
    form = browser.open(url).form("password")
    return browser.send(form, "method", identifier=email, password=PASSWORD_ONLY.password), email


def people_page(browser: Browser, page: Page) -> Page:
    """Where the emulator has everybody's codes, one click from the page that asks for one."""
    return browser.open(page.links["Demo people"])


def test_code_by_email_leads_back_to_the_very_page(demo: Demo, browser: Browser) -> None:
    wanted = f"{demo.site}/dashboard/?report=7&b=%C3%A9"

    second = sign_in(browser, wanted, EMAIL_CODE)
    assert (second.status, second.url.startswith(f"{demo.ory}/ui/login")) == (200, True)
    (code,) = re.findall(r"\b\d{6}\b", browser.open(second.links["Mailbox"]).text)
    page = browser.send(second.form("code"), "method", code=code)

    assert (page.status, page.url) == (200, wanted)
    assert "mail@example.test, signed in at aal2" in page.text
    assert (
        "What just happened For developers. Your session now: active, aal2 login /dashboard/?report=7&b=%C3%A9"
        in page.text
    )
    assert "session_missing · no call to Ory allow /dashboard/?report=7&b=%C3%A9" in page.text
    assert "satisfied · Ory answered 200 to whoami" in page.text


def test_refused_code_lets_nobody_in(demo: Demo, browser: Browser) -> None:
    wanted = f"{demo.site}/dashboard/?report=7"
    second = sign_in(browser, wanted, APP_CODE)

    again = browser.send(second.form("totp_code"), "method", totp_code="000000")

    assert again.url.startswith(f"{demo.ory}/ui/login")
    assert browser.http.get(wanted, allow_redirects=False, timeout=60).status_code == 302


def test_authenticator_app_needs_no_phone(demo: Demo, browser: Browser) -> None:
    wanted = f"{demo.site}/keys/?a=1"
    second = sign_in(browser, wanted, APP_CODE)
    (code,) = re.findall(r"app now (\d{6}) ", people_page(browser, second).text)

    page = browser.send(second.form("totp_code"), "method", totp_code=code)

    assert (page.status, page.url) == (200, wanted)
    assert "totp aal2" in page.text


def test_recovery_code_leads_back_and_is_used_up(demo: Demo, browser: Browser) -> None:
    wanted = f"{demo.site}/transfer/?a=1"
    second = sign_in(browser, wanted, RECOVERY_CODE)
    code = RECOVERY_CODE.lookup_secrets[0]
    assert code in people_page(browser, second).text

    page = browser.send(second.form("lookup_secret"), "method", lookup_secret=code)

    assert (page.status, page.url) == (200, wanted)
    assert code not in browser.open(f"{demo.ory}/").text


def test_person_without_a_second_factor_enrols_an_app_and_comes_back(demo: Demo, browser: Browser) -> None:
    wanted = f"{demo.site}/dashboard/?report=7"
    told = sign_in(browser, wanted, PASSWORD_ONLY)
    assert (told.status, told.url) == (403, wanted)
    assert "set up a second step, such as a code from an app" in told.text
    assert "enroll /dashboard/?report=7 second_factor_missing" in told.text

    settings = browser.open(told.links["Set up two\u2011step verification"])
    (key,) = re.findall(r"\b[A-Z2-7]{32}\b", settings.text)
    page = browser.send(settings.form("totp_code"), "method", totp_code=totp_code(key, datetime.now(UTC)))

    assert (page.status, page.url) == (200, wanted)
    assert "password@example.test, signed in at aal2" in page.text


def test_person_without_a_second_factor_makes_recovery_codes_and_comes_back(demo: Demo, browser: Browser) -> None:
    wanted = f"{demo.site}/payroll/?a=1"
    told, _ = newcomer_signs_in(browser, demo, wanted)
    settings = browser.open(told.links["Set up two\u2011step verification"])

    shown = browser.send(settings.form("lookup_secret_regenerate"), "lookup_secret_regenerate")
    page = browser.send(shown.form("lookup_secret_confirm"), "lookup_secret_confirm")

    assert (page.status, page.url) == (200, wanted)
    assert "lookup_secret aal2" in page.text


@pytest.mark.parametrize(
    ("someone", "methods", "button"),
    [
        (PASSWORD_ONLY, ("password",), "lookup_secret_regenerate"),
        (RECOVERY_CODE, ("password", "lookup_secret"), "lookup_secret_reveal"),
        (APP_CODE, ("password", "totp"), "totp_unlink"),
    ],
)
def test_button_alone_tells_the_method_as_it_does_at_kratos(
    settings: Any, browser: Browser, someone: DemoPerson, methods: tuple[str, ...], button: str
) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    with Emulator() as emulator:
        settings.ORY_MFA_SDK_URL = emulator.url
        person = emulator.ory.identity_by_email(someone.email)
        assert person is not None
        session = emulator.ory.add_session(person, *methods)
        browser.http.cookies.set(emulator.ory.cookie_name, session.cookie, domain="127.0.0.1")
        page = browser.open(f"{emulator.url}/self-service/settings/browser")
        after = browser.send(page.form(button), button)

    assert after.status == 200
    assert "Could not find a strategy" not in after.text
    assert not any(button in form.buttons for form in after.forms)


def test_home_page_shows_what_each_page_asks_for_and_what_you_have(demo: Demo, browser: Browser) -> None:
    home = browser.open(f"{demo.site}/")
    assert "nobody is signed in" in home.text
    assert "nothing required · no call to Ory" in home.text
    assert f"{demo.ory}/mailbox" == home.links["mailbox"]
    assert home.links["Transfer"] == f"{demo.site}/transfer/?from=home"
    assert "A second factor that was given in the last ten minutes." in home.text

    _, email = newcomer_signs_in(browser, demo, f"{demo.site}/dashboard/")
    home = browser.open(f"{demo.site}/")
    assert f"{email}, signed in at aal1" in home.text
    assert "nothing required · Ory answered 200 to whoami" in home.text
    assert "password aal1" in home.text

    out = browser.send(with_button(home.forms[0]), "")
    assert (out.url, "nobody is signed in" in out.text) == (f"{demo.site}/", True)


def with_button(form: Form) -> Form:
    """A form whose button sends nothing of its own."""
    return Form(form.action, form.fields, {"": ""})


def test_what_a_script_was_told_is_shown_on_the_next_page(demo: Demo, browser: Browser) -> None:
    sign_in(browser, f"{demo.site}/profile/?a=1", APP_CODE)
    refusal = browser.http.get(f"{demo.site}/api/me/", headers={"Accept": "application/json"}, timeout=60)
    assert expect(refusal, 403).json()["error"]["id"] == "session_aal2_required"

    told = "step_up /api/me/ second_factor_due · Ory answered 403 to whoami"
    assert told in browser.open(f"{demo.site}/").text
    assert told not in browser.open(f"{demo.site}/").text


def test_steps_of_somebody_elses_making_are_not_shown(demo: Demo, browser: Browser) -> None:
    browser.http.cookies.set("just_happened", "WyJmb3JnZWQiXQ:1:forged", domain="127.0.0.1")

    home = browser.open(f"{demo.site}/")

    assert (home.status, "forged" in home.text) == (200, False)


def test_people_and_places_are_printed(demo: Demo) -> None:
    assert f"{demo.site}/dashboard/?report=7" in demo.log
    assert f"{demo.ory}/mailbox" in demo.log
    assert all(person.email in demo.log and str(person.hint) in demo.log for person in DEMO_PEOPLE)
    assert PASSWORD_ONLY.password in demo.log


def test_interrupt_ends_both_servers(tmp_path: Path) -> None:
    with running(tmp_path) as demo:
        demo.process.send_signal(signal.SIGINT)

        assert demo.process.wait(60) == 0
        assert "Traceback" not in demo.log
        for port in (demo.port, demo.ory_port):
            with socket.socket() as client:
                assert client.connect_ex(("127.0.0.1", int(port))) != 0


@pytest.mark.parametrize("option", ["--port", "--ory-port"])
def test_port_that_is_taken_is_named(tmp_path: Path, option: str) -> None:
    ports = dict(zip(("--port", "--ory-port"), map(str, free_ports(2)), strict=True))
    with socket.create_server(("127.0.0.1", int(ports[option]))):
        command = [sys.executable, str(PROJECT / "demo.py"), *(f"{name}={port}" for name, port in ports.items())]
        run = subprocess.run(
            command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, timeout=120
        )

    assert (run.returncode, run.stdout) == (1, "")
    assert f"Port {ports[option]} cannot be used" in run.stderr
    # The other port was chosen too, and is not forgotten.
    (other,) = (f"{name} {port}" for name, port in ports.items() if name != option)
    assert f'make demo ARGS="{option} {int(ports[option]) + 1} {other}"' in run.stderr
    assert "Traceback" not in run.stderr


def test_taken_port_that_nobody_chose_is_replaced() -> None:
    demo = runpy.run_path(str(PROJECT / "demo.py"))
    (free,) = free_ports(1)
    assert demo["usable"](free) == free

    with socket.create_server(("127.0.0.1", free)):
        assert demo["usable"](free) not in (0, free)


def test_home_page_leads_through_the_flow(demo: Demo, browser: Browser) -> None:
    page = browser.open(f"{demo.site}/")

    assert page.links["the dashboard"] == f"{demo.site}/dashboard/?report=7"
    assert page.links["mailbox"] == f"{demo.ory}/mailbox"
