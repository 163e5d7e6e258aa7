"""``step_up.js`` in a browser: a window at Ory, and the request once more, and only once."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

import django_ory_mfa
from tests.browser.conftest import ARGUMENTS, TIMEOUT, file_of_npm, missing
from tests.browser.servers import Ground, chromium_path
from tests.browser.walker import SECOND_FACTOR, SIGN_IN, Walker
from tests.documents import documented_policy
from tests.missing import BLOCKING_POPUPS
from tests.servers.base import Person

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.looks

PAGE = "/step-up-js/?a=b%20c"
DONE = "/account/security/done/"
TARGET = "#target"
TYPES = Path(django_ory_mfa.__file__).parent / "static" / "ory_mfa" / "step_up.d.ts"


class Asking(Walker):
    """A tab whose page asks by ``oryMfa.fetch()``; ``sent`` are the paths it asked for."""

    def __init__(self, walker: Walker, path: str = PAGE) -> None:
        super().__init__(walker.ground, walker.context, walker.page)
        self.sent: list[str] = []
        self.page.on("request", lambda request: self.sent.append(request.url.removeprefix(self.ground.site.url)))
        self.open(path)

    def ask(self, name: str = "Ask") -> Walker:
        """Presses a button; returns who sits before the window that opens."""
        with self.page.expect_popup() as opened:
            self.click(name)
        opened.value.wait_for_url(f"{self.ground.ui}/**")
        return Walker(self.ground, self.context, opened.value)

    def click(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def outcome(self) -> str:
        """The status of the answer, as soon as the script has it."""
        self.page.locator(f"{TARGET}[data-outcome]").wait_for(state="attached")
        return str(self.page.locator(TARGET).get_attribute("data-outcome"))

    def is_waiting(self) -> bool:
        return self.page.locator(f"{TARGET}[data-outcome]").count() == 0

    def body(self) -> Any:
        return json.loads(self.page.locator(TARGET).inner_text())

    def times(self, path: str) -> int:
        return self.sent.count(path)


def prove(walker: Walker, person: Person) -> None:
    """Gives the second factor in a window that closes afterwards."""
    walker.assert_asked(SECOND_FACTOR)
    ((field, value),) = walker.ground.ory.answer(person, "totp").items()
    walker.page.locator(f"input[name={field}]").fill(value)
    with walker.page.expect_event("close"):
        walker.page.locator(f"form:has(input[name={field}]) button").first.click()


@pytest.fixture
def person(ground: Ground) -> Person:
    ground.ory.configure("lax", settings_required_aal="highest_available")
    return ground.ory.add_person("totp")


@pytest.fixture
def signed_in(walker: Walker, person: Person) -> Walker:
    walker.reach("/profile/", person, "password")
    return walker


def test_request_is_repeated_once_after_step_up_in_a_popup(signed_in: Walker, person: Person) -> None:
    asking = Asking(signed_in)

    popup = asking.ask()
    assert popup.page.evaluate("[window.opener, innerWidth]") == [None, 480]
    assert asking.is_waiting()
    prove(popup, person)

    assert asking.outcome() == "200"
    assert asking.body() == {"aal": "aal2", "traits": {"email": person.email}}
    assert asking.times("/api/me/") == 2
    asking.assert_at(PAGE)


def test_request_is_repeated_once_after_step_up_in_a_tab(signed_in: Walker, person: Person) -> None:
    asking = Asking(signed_in, "/step-up-js/?tab=1")

    tab = asking.ask()
    assert tab.page.evaluate("innerWidth") == asking.page.evaluate("innerWidth")
    prove(tab, person)

    assert (asking.outcome(), asking.times("/api/me/")) == ("200", 2)


def test_form_is_sent_once_more_with_what_was_in_it(signed_in: Walker, person: Person) -> None:
    asking = Asking(signed_in)

    prove(asking.ask("Send"), person)

    assert (asking.outcome(), asking.body()) == ("200", {"times": 1, "sent": {"amount": 5}})
    assert asking.times("/counted/") == 2


def test_second_refusal_is_the_answer(signed_in: Walker, person: Person) -> None:
    asking = Asking(signed_in)

    prove(asking.ask("Ask for what nobody has"), person)

    assert (asking.outcome(), asking.times("/never/")) == ("403", 2)
    assert asking.body()["error"]["id"] == "session_refresh_required"
    assert len(asking.context.pages) == 1


def test_requests_of_one_click_share_a_window(signed_in: Walker, person: Person) -> None:
    asking = Asking(signed_in)

    popup = asking.ask("Ask twice")
    assert len(asking.context.pages) == 2
    prove(popup, person)

    assert (asking.outcome(), asking.times("/api/me/")) == ("200,200", 4)


def test_late_answer_to_an_earlier_click_opens_no_other_window(signed_in: Walker, person: Person) -> None:
    """Whatever was pressed on the page meanwhile."""
    asking, routes = Asking(signed_in), list[Any]()

    def hold_the_second(route: Any) -> None:
        routes.append(route)
        if len(routes) != 2:
            route.continue_()

    asking.page.route("**/api/me/", hold_the_second)
    popup = asking.ask("Ask twice")
    asking.page.get_by_role("heading", name="Step-up").click()
    assert asking.page.evaluate("navigator.userActivation.isActive")
    with asking.page.expect_response("**/api/me/"):
        routes[1].continue_()
    asking.page.unroute_all()
    prove(popup, person)

    assert (asking.outcome(), len(asking.context.pages)) == ("200,200", 1)


def test_another_click_opens_another_window(signed_in: Walker, person: Person) -> None:
    """For people who closed the first one."""
    asking = Asking(signed_in)
    asking.ask().page.close()

    prove(asking.ask("Send"), person)

    asking.page.wait_for_function("document.getElementById('target').dataset.outcome === '200'")
    assert (asking.times("/api/me/"), asking.times("/counted/")) == (2, 2)


def test_stranger_signs_in_in_the_popup(walker: Walker, person: Person) -> None:
    asking = Asking(walker)

    popup = asking.ask()
    popup.assert_asked(SIGN_IN)
    popup.page.locator("input[name=identifier]").fill(person.email)
    popup.page.locator("input[name=password]").fill(person.password)
    with popup.page.expect_event("close"):
        popup.page.locator("button[name=method][value=password]").click()

    # Signed in is not enough: the answer says so, and the next click asks for the rest.
    assert (asking.outcome(), asking.times("/api/me/")) == ("403", 2)
    prove(asking.ask(), person)
    assert (asking.outcome(), asking.times("/api/me/")) == ("200", 4)


def test_two_tabs_repeat_once_each(signed_in: Walker, person: Person) -> None:
    first, second = Asking(signed_in), Asking(signed_in.other_tab())
    popup, other = first.ask(), second.ask("Send")

    prove(popup, person)

    assert (first.outcome(), second.outcome()) == ("200", "200")
    assert (first.times("/api/me/"), second.times("/counted/"), second.body()["times"]) == (2, 2, 1)
    # The other window is of no use any more, and whatever is done there repeats nothing.
    with other.page.expect_event("close"):
        other.page.evaluate(f"location = '{first.ground.site.url}{DONE}'")
    assert (first.times("/api/me/"), second.times("/counted/")) == (2, 2)


def test_back_button_repeats_nothing(signed_in: Walker, person: Person) -> None:
    asking = Asking(signed_in)
    popup = asking.ask("Send")
    popup.page.reload()
    popup.page.evaluate("history.pushState({}, '')")
    popup.page.go_back()
    prove(popup, person)
    assert asking.outcome() == "200"

    asking.page.go_back()
    asking.assert_at("/profile/")
    asking.page.go_forward()

    asking.assert_at(PAGE)
    assert asking.times("/counted/") == 2


def test_aborted_request_is_not_repeated(signed_in: Walker, person: Person) -> None:
    asking = Asking(signed_in)
    popup = asking.ask()
    asking.click("Abort")
    assert asking.outcome() == "AbortError"

    prove(popup, person)

    assert asking.times("/api/me/") == 1


def answers(walker: Walker, url: str, **headers: str) -> None:
    """Has ``url`` answer as ours do, and name another page than Ory's."""
    body = json.dumps({"redirect_browser_to": "http://phishing.test/"})
    walker.page.route(url, lambda route: route.fulfill(status=401, headers=headers, body=body))


ASK = """([url, credentials]) => Promise.race([
  oryMfa.fetch(url, { credentials }).then((response) => response.status),
  new Promise((resolve) => setTimeout(resolve, 1000, "waiting")),
])"""


@pytest.mark.parametrize(
    ("url", "credentials", "outcome"),
    [
        ("http://api.test/", "same-origin", 401),
        ("http://api.test/", "omit", 401),
        ("http://api.test/", "include", "waiting"),
        ("/api/", "same-origin", "waiting"),
    ],
)
def test_only_an_answer_of_the_own_site_opens_a_window(
    signed_in: Walker, url: str, credentials: str, outcome: int | str
) -> None:
    asking = Asking(signed_in)
    site = asking.ground.site.url
    allowed = {"Access-Control-Allow-Origin": site, "Access-Control-Allow-Credentials": "true"}
    answers(asking, f"**{url.removeprefix('http:')}", **allowed)
    asking.context.route("http://phishing.test/**", lambda route: route.fulfill(body="Your password?"))

    assert asking.page.evaluate(ASK, [url, credentials]) == outcome
    assert len(asking.context.pages) == (2 if outcome == "waiting" else 1)


@pytest.mark.parametrize("csp", ["self", "nonce", "documents"])
def test_policy_of_the_page_lets_it_work(signed_in: Walker, person: Person, csp: str) -> None:
    if csp == "documents":
        csp = quote(documented_policy(signed_in.ground.ory.public_url))
    signed_in.context.add_cookies([{"name": "csp", "value": csp, "url": signed_in.ground.site.url}])
    asking = Asking(signed_in)
    complaints: list[str] = []
    asking.context.on("console", lambda message: complaints.append(message.text))

    prove(asking.ask(), person)

    assert (asking.outcome(), asking.times("/api/me/")) == ("200", 2)
    assert [text for text in complaints if "Content Security Policy" in text] == []


def test_window_that_the_browser_leaves_open_says_so_in_words(signed_in: Walker) -> None:
    signed_in.open(DONE)

    assert signed_in.heading == "Done"
    assert "go back to the first one" in signed_in.text
    signed_in.press("Go to the home page")
    signed_in.assert_at("/")


def test_blocked_popup_leads_there_itself(ground: Ground, chromium: Browser, person: Person) -> None:
    executable = chromium_path(*BLOCKING_POPUPS)
    if executable is None:
        missing("No browser that blocks popups: install Chromium itself beside its headless shell.")
    browser = chromium.browser_type.launch(
        executable_path=executable, args=ARGUMENTS, ignore_default_args=["--disable-popup-blocking"]
    )
    try:
        context = browser.new_context(locale="en-GB")
        context.set_default_timeout(TIMEOUT)
        walker = Walker(ground, context)
        walker.reach("/profile/", person, "password")
        with walker.page.expect_navigation(url=f"{ground.ui}/**"):
            walker.open(f"{PAGE}&now=1")
        walker.confirm(person, "totp")

        walker.page.locator(f"{TARGET}[data-outcome='200']").wait_for()
        walker.assert_at(f"{PAGE}&now=1")
        assert len(context.pages) == 1
    finally:
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("call", "is_right"),
    [
        ('oryMfa.fetch("/api/", { method: "POST" }) ?? window.oryMfa.fetch(new URL("https://www.example.com"))', True),
        ("oryMfa.fetch(5)", False),
    ],
)
def test_types_are_those_of_fetch(tmp_path: Path, call: str, *, is_right: bool) -> None:
    source = tmp_path / "page.ts"
    source.write_text(f"export async function ask(): Promise<Response> {{ return {call}; }}")
    options = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom"]

    command = ["node", str(file_of_npm("typescript")), *options, str(TYPES), str(source)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (run.returncode == 0) is is_right, run.stdout
