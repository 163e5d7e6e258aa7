"""Every page for everybody: axe-core finds nothing, nothing is cut off, light and dark, on a phone and on a desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Literal

import pytest

from django_ory_mfa.testing.emulator import DEMO_PEOPLE
from tests.browser.conftest import OpenBrowser, artifacts_of, is_kept
from tests.browser.servers import Ground
from tests.browser.walker import (
    ENROLL,
    REFRESH,
    SECOND_FACTOR,
    SETTINGS,
    SIGN_IN,
    TOO_MANY_HOPS,
    USE_APP,
    USE_KEY,
    Walker,
)

pytestmark = pytest.mark.looks

# At 320 px nothing may need two directions to scroll (WCAG 2.2, 1.4.10).
WIDTHS = (320, 360, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
RUN_AXE = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.map(
    each => [each.id, each.help, each.nodes.map(node => node.html.slice(0, 300) + " — " + node.failureSummary)])"""
STRUCTURE = """() => ({
    lang: document.documentElement.lang,
    title: document.title.trim(),
    headings: document.querySelectorAll("h1").length,
    viewport: document.querySelector("meta[name=viewport]")?.content || "",
    torn: [...document.querySelectorAll("h1, .ory-mfa-state strong")].flatMap(each => [...each.childNodes]).flatMap(
        node => [...(node.data || "").matchAll(/\\S+/g)].filter(word => {
            const range = document.createRange();
            range.setStart(node, word.index);
            range.setEnd(node, word.index + word[0].length);
            return range.getClientRects().length > 1;
        }).map(word => word[0])),
    crooked: [...document.querySelectorAll(
        ":has(> .ory-mfa-icon):has(> .ory-mfa-badge, > .ory-mfa-row > .ory-mfa-badge)")].filter(each => {
        const [icon, badge] = [".ory-mfa-icon", ".ory-mfa-badge"].map(name => each.querySelector(name));
        return badge.getBoundingClientRect().left < icon.getBoundingClientRect().right;
    }).map(each => each.innerText.trim()),
    uneven: [...document.querySelectorAll(".ory-mfa-section > :is(h2, summary):has(svg)")].map(each => {
        const row = each.querySelector(".ory-mfa-row") ?? each;
        const words = [...row.childNodes].find(node => (node.data || "").trim());
        const range = document.createRange();
        range.setStart(words, words.data.search(/\\S/));
        range.setEnd(words, words.data.trimEnd().length);
        return range.getBoundingClientRect().left;
    }).some((left, place, all) => Math.abs(left - all[0]) > 1.5),
    gaps: [...document.querySelectorAll("main p")].filter(each =>
        each.checkVisibility() && !each.innerText.trim() && !each.querySelector("img")).length,
    sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    hasStyles: document.styleSheets.length > 0 && [...document.styleSheets].every(sheet => sheet.cssRules.length > 0),
})"""

WRONG = {
    "torn": "a heading is broken in",
    "crooked": "a badge stands below an icon, not below the words",
    "uneven": "headings do not begin at one place",
    "gaps": "empty paragraphs",
}


@dataclass
class Look:
    """What is wrong with the pages that were looked at."""

    axe: str
    folder: Path | None = None
    pages: int = 0
    complaints: list[str] = field(default_factory=list)

    def at(self, walker: Walker, heading: str | None = None) -> None:
        """Looks at the page in every way; ``heading`` makes sure that it is the one."""
        if heading is not None:
            assert walker.heading == heading
        self.pages += 1
        walker.page.evaluate(self.axe)
        for width, scheme in product(WIDTHS, SCHEMES):
            walker.page.set_viewport_size({"width": width, "height": 800})
            walker.page.emulate_media(color_scheme=scheme)
            where = f"{walker.page.title().strip()} ({walker.page.url.partition('?')[0]}, {width} px, {scheme})"
            complaints = [*_axe(walker), *_structure(walker.page.evaluate(STRUCTURE))]
            self.complaints += [f"{where}: {complaint}" for complaint in complaints]
            if self.folder is not None:
                path = self.folder / f"{self.pages:02}-{_slug(walker.page.title())}-{width}-{scheme}.png"
                walker.page.screenshot(path=path, full_page=True)


def _slug(title: str) -> str:
    return re.sub(r"\W+", "-", title).strip("-").lower()


def _axe(walker: Walker) -> Iterator[str]:
    for rule, text, elements in walker.page.evaluate(RUN_AXE):
        yield "\n  ".join([f"{rule}: {text}", *elements])


def _structure(found: dict[str, Any]) -> Iterator[str]:
    for name, wanted in {"headings": 1, "viewport": "width=device-width, initial-scale=1", "hasStyles": True}.items():
        if found[name] != wanted:
            yield f"{name} is {found[name]!r}"
    for name in ("lang", "title"):
        if not found[name]:
            yield f"{name} is missing"
    for name, text in WRONG.items():
        if found[name]:
            yield f"{text}: {found[name]}"
    if found["sideways"] > 0:
        yield f"it is {found['sideways']} px too wide"


@pytest.fixture
def look(axe: str, request: pytest.FixtureRequest) -> Iterator[Look]:
    """Looks at pages; what is wrong is told when all of them were seen."""
    look = Look(axe, artifacts_of(request.node) if is_kept() else None)
    yield look
    assert look.pages
    assert not look.complaints, "\n".join(look.complaints)


@pytest.mark.emulator_only
def test_what_is_wrong_is_found(ground: Ground, walker: Walker, axe: str) -> None:
    look = Look(axe)
    walker.open("/")
    walker.page.evaluate(
        "document.querySelector('main').innerHTML += "
        "`<h1>Two</h1><p></p><h1 style='width: 1em'>e-mail</h1>"
        "<p style='width: 8em'><svg class='ory-mfa-icon'></svg> Long words <b class='ory-mfa-badge'>below it</b></p>"
        "<div class='ory-mfa-section'><h2><svg class='ory-mfa-icon'></svg> One</h2></div>"
        "<div class='ory-mfa-section'><h2><svg class='ory-mfa-icon' style='width: 3em'></svg> Two</h2></div>"
        "<img src='/x.png'><p style='color: #888; background: #999; width: 2000px'>hard to read</p>`"
    )
    look.at(walker, None)
    found = "\n".join(look.complaints)
    wrong = (
        "image-alt",
        "color-contrast",
        "headings is 3",
        "px too wide",
        "['e-mail']",
        "empty paragraphs: 1",
        "['Long words below it']",
        "do not begin at one place",
    )
    for complaint in wrong:
        assert complaint in found


@pytest.mark.emulator_only
def test_pages_of_the_example(ground: Ground, walker: Walker, look: Look) -> None:
    person = ground.ory.add_person("totp")
    walker.open("/")
    look.at(walker)
    walker.unfold()
    look.at(walker)
    walker.reach("/profile/", ground.ory.add_person(), "password")
    walker.unfold()
    look.at(walker)
    walker.open("/")
    look.at(walker)
    walker.press("Sign out")
    walker.open("/dashboard/?a=1")
    walker.sign_in(person)
    walker.open("/")
    look.at(walker)
    walker.open("/dashboard/?a=1")
    walker.confirm(person, "totp")
    look.at(walker)
    walker.open("/")
    walker.unfold()
    look.at(walker)
    walker.open("/inbox/")
    look.at(walker)
    walker.open("/balance/")
    look.at(walker)


@pytest.mark.emulator_only
def test_pages_of_the_package(ground: Ground, walker: Walker, look: Look) -> None:
    nobodys_friend, person = ground.ory.add_person(), ground.ory.add_person("totp", "lookup_secret")
    walker.open("/account/security/")
    look.at(walker, "Sign-in security")
    walker.reach("/profile/", nobodys_friend, "password")
    walker.open("/account/security/")
    look.at(walker, "Sign-in security")
    walker.open("/dashboard/")
    look.at(walker, ENROLL)
    walker.press("Sign out")

    walker.open("/keys/")
    walker.sign_in(person)
    walker.open("/account/security/")
    look.at(walker, "Sign-in security")
    walker.open("/keys/")
    look.at(walker, USE_APP)
    walker.press("Continue")
    walker.confirm(person, "totp")
    walker.open("/never/")
    look.at(walker, USE_KEY)
    ground.ory.let_time_pass(3)
    for _ in range(4):
        walker.open("/fresh/")
    look.at(walker, TOO_MANY_HOPS)
    walker.open("/account/security/")
    look.at(walker, "Sign-in security")


@pytest.mark.emulator_only
def test_security_page_of_somebody_who_could_prove_more(ground: Ground, walker: Walker, look: Look) -> None:
    ground.ory.configure("lax", settings_required_aal="highest_available")
    walker.reach("/profile/", ground.ory.add_person("totp"), "password")
    walker.open("/account/security/")
    look.at(walker, "Sign-in security")
    walker.open("/")
    look.at(walker)


def test_pages_of_ory(ground: Ground, walker: Walker, look: Look) -> None:
    ground.ory.configure("strict", code_mfa=True)
    person = ground.ory.add_person("totp", "lookup_secret", "code")
    walker.open("/dashboard/")
    look.at(walker, SIGN_IN)
    password = walker.page.locator("input[name=password]")
    password.fill("seen")
    walker.page.get_by_role("button", name="Show Password").click()
    assert password.get_attribute("type") == "text"
    walker.page.get_by_role("button", name="Hide Password").click()
    assert password.get_attribute("type") == "password"
    walker.page.locator("input[name=identifier]").fill("nobody@example.test")
    walker.page.locator("input[name=password]").fill("wrong")
    walker.arrive(walker.page.locator("button[value=password]"))
    look.at(walker, SIGN_IN)
    walker.sign_in(person)
    look.at(walker, SECOND_FACTOR)
    walker.page.locator("input[name=totp_code]").fill("000000")
    walker.arrive(walker.page.locator("button[value=totp]"))
    look.at(walker, SECOND_FACTOR)
    walker.confirm(person, "code")
    walker.assert_at("/dashboard/", person)
    walker.open(f"{ground.ory.public_url}/self-service/login/browser?refresh=true&aal=aal2")
    walker.unfold()
    walker.arrive(walker.page.locator("button[name=address]"))
    look.at(walker, REFRESH)
    walker.page.locator("input[name=code]").fill("000000")
    walker.arrive(walker.page.locator("form:has(input[name=code]) button").first)
    look.at(walker, REFRESH)
    walker.open(f"{ground.ory.public_url}/self-service/login/browser?refresh=true")
    look.at(walker, REFRESH)
    walker.open(f"{ground.ory.public_url}/self-service/settings/browser")
    look.at(walker, SETTINGS)


def test_settings_of_ory(ground: Ground, walker: Walker, look: Look) -> None:
    walker.reach("/profile/", ground.ory.add_person(), "password")
    walker.open(f"{ground.ory.public_url}/self-service/login/browser?aal=aal2")
    look.at(walker, "Two\u2011step verification is not set up")
    walker.open(f"{ground.ory.public_url}/self-service/settings/browser")
    look.at(walker, SETTINGS)
    walker.unfold()
    look.at(walker, SETTINGS)
    walker.page.locator("input[name=totp_code]").fill("000000")
    walker.arrive(walker.page.locator("form:has(input[name=totp_code]) button[type=submit]"))
    look.at(walker, SETTINGS)
    walker.unfold()
    walker.press("Create recovery codes")
    look.at(walker, SETTINGS)
    walker.unfold()
    walker.enrol_totp()
    look.at(walker, SETTINGS)


def test_errors_of_ory(ground: Ground, walker: Walker, open_browser: OpenBrowser, look: Look) -> None:
    walker.open(f"{ground.ory.public_url}/self-service/login/browser?aal=aal2")
    look.at(walker, "You are signed out")
    walker.open(f"{ground.ory.public_url}/self-service/login/browser?return_to=https://evil.example/")
    look.at(walker, "We can\u2019t send you back there")
    assert "evil" not in (walker.page.get_by_role("link").last.get_attribute("href") or "")
    walker.open(f"{ground.ui}/error")
    look.at(walker, "Something went wrong")
    # A browser that keeps no cookie of Ory gets no flow, however often it is started anew.
    without_cookies = open_browser()
    url = ground.ui.replace("127.0.0.1", "localhost")
    walker.open(f"{ground.ory.public_url}/self-service/login/browser")
    without_cookies.context.add_cookies([{"name": "ory_mfa_ui_restart", "value": "1", "url": f"{url}/login"}])
    without_cookies.open(f"{url}/login?{walker.page.url.partition('?')[2]}")
    look.at(without_cookies, "Your browser did not send its cookies")


@pytest.mark.emulator_only
def test_pages_while_ory_is_down(ground: Ground, walker: Walker, look: Look) -> None:
    person = ground.ory.add_person("totp")
    walker.reach("/dashboard/", person, "password", "totp")
    # Said with its length: else whoever asks waits for the end of an answer that has none.
    ground.emulator.ory.fail(503, headers=[("Content-Length", "0")])
    assert walker.status_of("/dashboard/?a=1") == 503
    look.at(walker, "We can\u2019t check your sign-in")
    walker.open("/")
    assert "We can\u2019t check right now if you are signed in." in walker.text
    look.at(walker)
    walker.open("/account/security/")
    look.at(walker, "We can\u2019t check your sign-in")
    ground.emulator.ory.recover()


@pytest.mark.emulator_only
def test_page_of_a_flow_that_nobody_understands(ground: Ground, walker: Walker, look: Look) -> None:
    walker.open("/dashboard/?a=1")
    ground.emulator.ory.fail(200, b"{}", path="/self-service/login/flows")
    walker.page.reload()
    look.at(walker, "This page can\u2019t be shown")


@pytest.mark.emulator_only
def test_pages_of_the_emulator(ground: Ground, walker: Walker, look: Look) -> None:
    emulator = ground.emulator.emulator
    walker.open(f"{emulator.url}/mailbox")
    look.at(walker, "Mailbox")
    walker.open(emulator.url)
    look.at(walker, "Ory emulator")
    emulator.people = DEMO_PEOPLE
    try:
        for person in DEMO_PEOPLE:
            if not emulator.ory.identity_by_email(person.email):
                person.join(emulator.ory)
        walker.open(emulator.url)
        look.at(walker, "Ory emulator")
        ground.ory.configure("strict", code_mfa=True)
        walker.open("/dashboard/?a=1")
        look.at(walker, SIGN_IN)
        walker.press("E-mail code")
        look.at(walker, SIGN_IN)
        walker.press("Sign in")
        walker.assert_asked(SECOND_FACTOR)
        walker.open(f"{emulator.url}/mailbox")
        look.at(walker, "Mailbox")
    finally:
        emulator.people = ()


@pytest.mark.emulator_only
def test_pages_for_people_who_are_not_signed_in(ground: Ground, walker: Walker, look: Look) -> None:
    person = ground.ory.add_person()
    walker.open("/dashboard/?a=1")
    walker.press("Create an account")
    look.at(walker, "Create an account")
    walker.page.locator("input[name='traits.email']").fill(f"new-{person.email}")
    walker.arrive(walker.page.locator("button[value=profile]"))
    walker.page.locator("input[name=password]").fill("short")
    walker.arrive(walker.page.locator("button[value=password]"))
    look.at(walker, "Create an account")
    assert "at least 8 characters" in walker.text
    for kind, heading in {
        "recovery": "Recover your account",
        "verification": "Verify your e\u2011mail address",
    }.items():
        walker.open(f"{ground.ory.public_url}/self-service/{kind}/browser")
        look.at(walker, heading)
        walker.page.locator("input[name=email]").fill(person.email)
        walker.arrive(walker.page.locator("form:has(input[name=email]) button").first)
        look.at(walker, heading)
        walker.page.locator("input[name=code]").fill("000000")
        walker.arrive(walker.page.locator("form:has(input[name=code]) button").first)
        look.at(walker, heading)
        walker.page.locator("input[name=code]").fill(walker.newest_code(person))
        walker.arrive(walker.page.locator("form:has(input[name=code]) button").first)
        look.at(walker, "Choose a new password" if kind == "recovery" else "E\u2011mail verified")
        walker.context.clear_cookies()
