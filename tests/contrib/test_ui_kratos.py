"""The pages in front of a real Kratos and of the emulator: what they show is filled in and sent, as a browser would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from tests.contrib.test_ui import Document, HtmlForm
from tests.servers.base import Person
from tests.servers.emulator import EmulatorServer
from tests.servers.kratos import NAVIGATION, Http, KratosServer, totp_code
from tests.site import Site

UI = "http://127.0.0.1:8000/ory-ui/"
BACK = "http://testserver/there/?a=1&b=2"


class Visitor:
    """A browser that has the pages of the site and those of Kratos on one host, and so their cookies in one jar."""

    def __init__(self, site: Site, server: KratosServer) -> None:
        self.site, self.server, self.http = site, server, Http()
        self.at = ""
        self.page = Document("")

    def open(self, flow: str, **query: str) -> None:
        """Starts a flow at Kratos and follows to whatever comes of it."""
        self._follow(self._ask("GET", f"{self.server.public_url}/self-service/{flow}/browser?{urlencode(query)}"))

    def send(self, form: HtmlForm, name: str, value: str | None = None, **typed: str) -> None:
        """Types into ``form``, presses the button ``name`` and follows to whatever comes of it."""
        self._follow(self._ask("POST", form.action, data=form.data(name, value, **typed)))

    def sign_in(self, person: Person, password: str | None = None) -> None:
        """Fills in the first form there is after opening the login."""
        self.open("login", return_to=BACK)
        typed = {"identifier": person.email, "password": password or person.password}
        self.send(self.page.form_with("password"), "method", "password", **typed)

    @property
    def heading(self) -> str:
        return self.page.text("h1")[0]

    @property
    def said(self) -> list[str]:
        """The messages of the page."""
        return [text for text in self.page.text("p") if text]

    def _ask(self, method: str, url: str, **options: Any) -> requests.Response:
        return self.http.request(method, url, headers={"Accept": NAVIGATION}, **options)

    def _follow(self, response: requests.Response) -> None:
        for _ in range(6):
            assert response.status_code in (302, 303), response.text[:500]
            self.at = response.headers["Location"]
            if not self.at.startswith(self.server.public_url):
                break
            response = self._ask("GET", self.at)
        if self.at.startswith(UI):
            self._show()

    def _show(self) -> None:
        self.site.set_cookie("sessionid", "mine")
        for cookie in self.http.cookies:
            self.site.set_cookie(cookie.name, str(cookie.value))
        target = urlsplit(self.at)
        response = self.site.get(f"{target.path}?{target.query}")
        assert response.status_code == 200, (self.at, response.status_code)
        self.page = Document(response.content.decode())


@pytest.fixture(scope="module", params=[pytest.param("kratos", marks=pytest.mark.kratos), "v1.3.1", "2026-07-29"])
def running(request: pytest.FixtureRequest) -> Iterator[KratosServer]:
    """An Ory whose pages are those of the site."""
    if request.param == "kratos":
        yield request.getfixturevalue("kratos")
        return
    server = EmulatorServer(request.param)
    server.ory.ui_url = UI
    yield server
    server.close()


@pytest.fixture
def server(running: KratosServer, settings: Any) -> KratosServer:
    settings.ROOT_URLCONF = "tests.contrib.test_ui"
    settings.ORY_MFA_SDK_URL = running.public_url
    running.configure("strict")
    return running


@pytest.fixture
def visitor(site: Site, server: KratosServer) -> Visitor:
    return Visitor(site, server)


@pytest.fixture
def with_codes(server: KratosServer) -> KratosServer:
    server.configure("strict", code_mfa=True)
    return server


def test_password_lands_where_it_was_asked_for(visitor: Visitor, server: KratosServer) -> None:
    visitor.sign_in(server.add_person())

    assert visitor.at == BACK


def test_wrong_password_is_shown_and_can_be_put_right(visitor: Visitor, server: KratosServer) -> None:
    person = server.add_person()

    visitor.sign_in(person, "wrong")

    assert visitor.said == ["E\u2011mail or password is wrong."]
    form = visitor.page.form_with("password")
    assert form.inputs["identifier"]["value"] == person.email
    visitor.send(form, "method", password=person.password)
    assert visitor.at == BACK


def test_password_then_authenticator_app(visitor: Visitor, server: KratosServer) -> None:
    person = server.add_person("totp")
    visitor.sign_in(person)
    assert visitor.heading == "Two\u2011step verification"

    visitor.send(visitor.page.form_with("totp_code"), "method", totp_code="000000")
    assert visitor.said[0] == "This code is not right. Wait for the next one, and check the clock of your device."
    visitor.send(visitor.page.form_with("totp_code"), "method", totp_code=totp_code(person.factors["totp"]))

    assert visitor.at == BACK


def test_password_then_recovery_code(visitor: Visitor, server: KratosServer) -> None:
    person = server.add_person("totp", "lookup_secret")
    visitor.sign_in(person)
    assert visitor.page.text("summary") == ["Use a recovery code"]

    visitor.send(visitor.page.form_with("lookup_secret"), "method", lookup_secret="nonsense")
    assert visitor.said[0] == "This recovery code is not right. Check it, or use another one."
    visitor.send(visitor.page.form_with("lookup_secret"), "method", lookup_secret=person.factors["lookup_secret"][0])

    assert visitor.at == BACK


def have_code_sent(visitor: Visitor) -> None:
    """Presses the button for a code, which newer versions of Ory send without it."""
    if buttons := [form for form in visitor.page.ory_forms if any(one["name"] == "address" for one in form.buttons)]:
        visitor.send(buttons[0], "address")


def test_password_then_code_by_email(visitor: Visitor, with_codes: KratosServer) -> None:
    person = with_codes.add_person("code")
    visitor.sign_in(person)
    have_code_sent(visitor)

    # The first button is the one that the Enter key presses, before and after a mistake.
    for code in ("000000", with_codes.answer(person, "code")["code"]):
        form = visitor.page.form_with("code")
        first = form.buttons[0]
        visitor.send(form, first["name"], first["value"], code=code)

    assert visitor.at == BACK


def test_code_by_email_can_be_sent_again(visitor: Visitor, with_codes: KratosServer) -> None:
    person = with_codes.add_person("code")
    visitor.sign_in(person)
    have_code_sent(visitor)
    first = with_codes.answer(person, "code")["code"]

    visitor.send(visitor.page.form_with("code"), "resend")

    second = with_codes.answer(person, "code")["code"]
    assert second != first
    visitor.send(visitor.page.form_with("code"), "method", code=second)
    assert visitor.at == BACK


@pytest.mark.parametrize(
    ("query", "control"), [({"refresh": "true"}, "password"), ({"refresh": "true", "aal": "aal2"}, "totp_code")]
)
def test_fresh_proof(visitor: Visitor, server: KratosServer, query: dict[str, str], control: str) -> None:
    person = server.add_person("totp")
    visitor.sign_in(person)
    visitor.send(visitor.page.form_with("totp_code"), "method", totp_code=totp_code(person.factors["totp"]))

    visitor.open("login", return_to=BACK, **query)

    assert visitor.heading == "Confirm that it\u2019s you"
    answers = {"password": person.password, "totp_code": totp_code(person.factors["totp"])}
    visitor.send(visitor.page.form_with(control), "method", **{control: answers[control]})
    assert visitor.at == BACK


def test_no_second_factor_leads_to_enrolment_and_back(visitor: Visitor, server: KratosServer) -> None:
    visitor.sign_in(server.add_person())
    visitor.open("login", aal="aal2", return_to=BACK)
    assert visitor.heading == "Two\u2011step verification is not set up"
    (link,) = visitor.page.links

    visitor._follow(visitor._ask("GET", link))
    (key,) = visitor.page.text("code")
    visitor.send(visitor.page.form_with("totp_code"), "method", totp_code="000000")
    assert "This code is not right. Wait for the next one, and check the clock of your device." in visitor.said
    visitor.send(visitor.page.form_with("totp_code"), "method", totp_code=totp_code(key))

    assert visitor.at == BACK
    visitor.open("settings")
    assert visitor.page.form_with("totp_unlink")


def test_recovery_codes_are_made_shown_and_used(visitor: Visitor, server: KratosServer, mode: str) -> None:
    person = server.add_person()
    visitor.sign_in(person)
    visitor.open("settings")

    visitor.send(visitor.page.form_with("lookup_secret_regenerate"), "lookup_secret_regenerate")
    form = visitor.page.ory_forms[0]
    codes = visitor.page.text("code")[:12]
    assert len(set(codes)) == 12
    visitor.send(form, "lookup_secret_confirm")
    assert "Recovery codes saved." in visitor.said

    another = Visitor(Site(mode), server)
    another.sign_in(person)
    another.send(another.page.form_with("lookup_secret"), "method", lookup_secret=codes[0])
    assert another.at == BACK
    visitor.send(visitor.page.form_with("lookup_secret_reveal"), "lookup_secret_reveal")
    assert visitor.page.text("code")[:12] == ["(used)", *codes[1:]]
    visitor.send(visitor.page.form_with("lookup_secret_disable"), "lookup_secret_disable")
    assert visitor.page.form_with("lookup_secret_regenerate")


def test_authenticator_app_can_be_removed(visitor: Visitor, server: KratosServer) -> None:
    person = server.add_person("totp")
    visitor.sign_in(person)
    visitor.send(visitor.page.form_with("totp_code"), "method", totp_code=totp_code(person.factors["totp"]))
    visitor.open("settings")

    visitor.send(visitor.page.form_with("totp_unlink"), "totp_unlink")

    assert visitor.page.form_with("totp_code")
    assert "Authenticator app removed." in visitor.said


def test_profile_and_password_can_be_changed(visitor: Visitor, server: KratosServer, mode: str) -> None:
    person = server.add_person()
    visitor.sign_in(person)
    visitor.open("settings")

    visitor.send(visitor.page.form_with("traits.name"), "method", **{"traits.name": "Anna <b>"})
    assert visitor.page.form_with("traits.name").inputs["traits.name"]["value"] == "Anna <b>"
    visitor.send(visitor.page.form_with("password"), "method", password="short")
    assert "The password must have at least 8 characters." in visitor.said
    visitor.send(visitor.page.form_with("password"), "method", password="another long one 7")

    another = Visitor(Site(mode), server)
    another.sign_in(person, "another long one 7")
    assert another.at == BACK


def test_step_up_without_a_session_ends_at_the_error_page(visitor: Visitor, server: KratosServer) -> None:
    visitor.open("login", aal="aal2")

    assert visitor.heading == "You are signed out"
    assert f"{server.public_url}/self-service/login/browser" in visitor.page.links


def test_settings_while_a_second_factor_is_due_ask_for_it_first(visitor: Visitor, server: KratosServer) -> None:
    person = server.add_person("totp")
    visitor.sign_in(person)

    visitor.open("settings", return_to=BACK)
    assert visitor.heading == "Two\u2011step verification"
    visitor.send(visitor.page.form_with("totp_code"), "method", totp_code=totp_code(person.factors["totp"]))

    assert visitor.heading == "Account settings"


@pytest.fixture
def flow_url(visitor: Visitor) -> Callable[[str], str]:
    """The address of the page of a new flow."""

    def start(kind: str) -> str:
        visitor.open(kind)
        target = urlsplit(visitor.at)
        return f"{target.path}?{target.query}"

    return start


def test_flow_of_another_browser_is_started_anew(
    server: KratosServer, flow_url: Callable[[str], str], mode: str
) -> None:
    response = Site(mode).get(flow_url("login"))

    assert (response.status_code, response.headers["Location"]) == (
        302,
        f"{server.public_url}/self-service/login/browser",
    )


def test_settings_of_another_browser_need_a_session(
    visitor: Visitor, server: KratosServer, flow_url: Callable[[str], str], mode: str
) -> None:
    visitor.sign_in(server.add_person())

    response = Site(mode).get(flow_url("settings"))

    assert response.status_code == 302
    assert response.headers["Location"].startswith(f"{server.public_url}/self-service/login/browser?return_to=")


def test_settings_flow_that_outlived_a_stronger_session_asks_for_the_second_factor(
    visitor: Visitor, server: KratosServer, flow_url: Callable[[str], str]
) -> None:
    """Somebody enrols in another browser: the settings that are open here ask for the new factor."""
    person = server.add_person()
    visitor.sign_in(person)
    page = flow_url("settings")
    server.open_browser(person, "password").enrol("totp")
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.http.cookies)

    response = visitor.site.get(page, headers={"Cookie": cookies})

    assert response.status_code == 302
    expected = f"{server.public_url}/self-service/login/browser?aal=aal2&return_to="
    assert response.headers["Location"].startswith(expected)


def test_unknown_flow_is_started_anew(site: Site, server: KratosServer) -> None:
    response = site.get("/ory-ui/login?flow=00000000-0000-4000-8000-000000000000")

    assert response.headers["Location"] == f"{server.public_url}/self-service/login/browser"
