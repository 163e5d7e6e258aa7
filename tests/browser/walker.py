"""A person in front of a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.browser.servers import Ground
from tests.servers.base import Person
from tests.servers.kratos import totp_code

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page, Response

SIGN_IN = "Sign in"
SECOND_FACTOR = "Two\u2011step verification"
REFRESH = "Confirm that it\u2019s you"
SETTINGS = "Account settings"
ENROLL = "Two\u2011step verification is needed"
USE_APP = "Use your authenticator app or security key"
USE_KEY = "Use your security key"
TOO_MANY_HOPS = "We couldn\u2019t confirm your sign-in"
NO_COOKIE = "This site can\u2019t see that you are signed in"
CODE = re.compile(r"\b\d{6}\b")


class Walker:
    """Somebody who clicks and types in one tab of a browser, and looks at what comes of it."""

    def __init__(self, ground: Ground, context: BrowserContext, page: Page | None = None) -> None:
        self.ground = ground
        self.context = context
        self.page = page or context.new_page()

    # Going somewhere

    def open(self, path: str) -> Response | None:
        """Types an address: a path of the site, or a URL."""
        return self.page.goto(path if "://" in path else f"{self.ground.site.url}{path}")

    def other_tab(self) -> Walker:
        """Another tab of the same browser."""
        return Walker(self.ground, self.context)

    def press(self, name: str) -> None:
        """Presses the button, or follows the link, that is called this."""
        button = self.page.get_by_role("button", name=name, exact=True)
        self.arrive(button if button.count() else self.page.get_by_role("link", name=name, exact=True))

    def arrive(self, button: Locator) -> None:
        """Presses ``button`` and waits for the page that it leads to."""
        with self.page.expect_navigation(wait_until="load"):
            button.click()

    # Looking

    @property
    def at(self) -> str:
        """The path and query of the page if it is one of the site's own, else its whole URL."""
        return self.page.url.removeprefix(self.ground.site.url)

    @property
    def heading(self) -> str:
        return self.page.locator("h1").inner_text().strip()

    @property
    def text(self) -> str:
        return self.page.locator("body").inner_text()

    def status_of(self, path: str) -> int:
        """The status with which the page is answered."""
        response = self.open(path)
        assert response is not None
        return response.status

    def assert_at(self, path: str, person: Person | None = None) -> None:
        """This is the page at ``path``, and it shows ``person``."""
        assert self.at == path, self.heading
        assert person is None or person.email in self.text

    def assert_asked(self, heading: str) -> None:
        """This is the page of Ory's flows that asks for that."""
        assert (urlsplit(self.page.url).path.rpartition("/")[0], self.heading) == (
            urlsplit(self.ground.ui).path,
            heading,
        ), self.page.url

    # Proving

    def sign_in(self, person: Person) -> None:
        """Fills in address and password."""
        self.page.locator("input[name=identifier]").fill(person.email)
        self.give_password(person)

    def give_password(self, person: Person) -> None:
        self.page.locator("input[name=password]").fill(person.password)
        self.arrive(self.page.locator("button[name=method][value=password]"))

    def give_password_instead(self, person: Person) -> None:
        """Signs in where Ory has filled in, unseen, the address of somebody else."""
        address = self.page.locator("form:has(input[name=password]) input[name=identifier]")
        address.evaluate("(input, value) => { input.value = value }", person.email)
        self.give_password(person)

    def confirm(self, person: Person, method: str) -> None:
        """Proves a second factor on the page that asks for one."""
        self.unfold()
        if method == "code":
            self._have_code_sent()
        (field, value) = self.answer(person, method)
        self.page.locator(f"input[name={field}]").fill(value)
        self.arrive(self.page.locator(f"form:has(input[name={field}]) button[type=submit]").first)

    def unfold(self) -> None:
        """Opens every way that is folded away, as a person does with the one that is wanted."""
        self.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")

    def answer(self, person: Person, method: str) -> tuple[str, str]:
        """The name of the field, and what ``person`` types there."""
        if method == "code":
            return "code", self.newest_code(person)
        ((field, value),) = self.ground.ory.answer(person, method).items()
        return field, value

    def newest_code(self, person: Person) -> str:
        """The code in the newest e-mail; before an emulator the person looks into the mailbox, in another tab."""
        if not self.ground.is_emulator:
            return self.ground.ory.answer(person, "code")["code"]
        mailbox = self.other_tab()
        mailbox.open(f"{self.ground.ory.public_url}/mailbox")
        found = CODE.search(mailbox.page.locator("article", has_text=person.email).first.inner_text())
        mailbox.page.close()
        assert found is not None
        return found[0]

    def enrol_totp(self) -> None:
        """Types the key of the settings page into an app, and the app's code into the page."""
        key = self.page.locator(".ory-mfa-key code").inner_text()
        self.page.locator("input[name=totp_code]").fill(totp_code(key))
        self.arrive(self.page.locator("form:has(input[name=totp_code]) button[type=submit]"))

    def reach(self, path: str, person: Person, *methods: str) -> None:
        """Opens ``path`` and proves ``methods``, of which the first is the password, until the page is there."""
        self.open(path)
        self.assert_asked(SIGN_IN)
        self.sign_in(person)
        for method in methods[1:]:
            self.assert_asked(SECOND_FACTOR)
            self.confirm(person, method)
        self.assert_at(path, person)

    def _have_code_sent(self) -> None:
        # Newer versions of Ory send it when the page is opened.
        ask = self.page.locator("button[name=address]")
        if ask.count():
            self.arrive(ask)
            self.unfold()
