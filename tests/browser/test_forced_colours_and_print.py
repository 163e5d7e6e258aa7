"""The pages in the colours that a visitor forces on all sites, and on paper."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from tests.browser.conftest import artifacts_of, is_kept
from tests.browser.servers import Ground
from tests.browser.walker import SECOND_FACTOR, SETTINGS, SIGN_IN, Walker

pytestmark = [pytest.mark.looks, pytest.mark.emulator_only]

Scheme = Literal["light", "dark"]
both_schemes = pytest.mark.parametrize("scheme", ["light", "dark"])
# What is read, with how it stands out from what is behind it (WCAG 2.2, relative luminance), and what has no border.
SEEN = """paper => {
    const parts = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = colour => parts(colour).slice(0, 3).map(value => value / 255)
        .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
        .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
    const behind = element => {
        for (let at = element; at && !paper; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            if (parts(colour).length === 3 || parts(colour)[3] > 0) return colour;
        }
        return paper || getComputedStyle(document.documentElement).backgroundColor || "rgb(255, 255, 255)";
    };
    const contrast = (one, other) => {
        const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
        return (high + 0.05) / (low + 0.05);
    };
    const shown = [...document.querySelectorAll("body *")].filter(each => each.checkVisibility());
    const read = shown.filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
    return {
        faint: read.filter(each => contrast(getComputedStyle(each).color, behind(each)) < 4.5)
            .map(each => `${each.outerHTML.slice(0, 120)}: ${getComputedStyle(each).color} on ${behind(each)}`),
        texts: read.length,
        buttons: shown.filter(each => each.matches("button, .ory-mfa-button")).map(each => each.innerText),
        bare: shown.filter(each => each.matches("button:not(.ory-mfa-link), .ory-mfa-button, input, .ory-mfa-message"))
            .filter(each => parseFloat(getComputedStyle(each).borderTopWidth) < 1)
            .map(each => each.outerHTML.slice(0, 120)),
        page: getComputedStyle(document.body).backgroundColor,
        focus: (style => [style.outlineStyle, parseFloat(style.outlineWidth),
            contrast(style.outlineColor, behind(document.activeElement.parentElement))])(
            getComputedStyle(document.activeElement)),
        focused: document.activeElement.outerHTML.slice(0, 120),
    };
}"""
WHITE = "rgb(255, 255, 255)"


class Looker:
    """Looks at pages and keeps how they look, if traces are kept."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.folder = artifacts_of(request.node) if is_kept() else None
        self.pages = 0

    def at(self, walker: Walker, heading: str, paper: str = "") -> dict[str, Any]:
        """What is seen on the page with this heading; everything that is read stands out from ``paper``."""
        assert walker.heading == heading
        self.pages += 1
        if self.folder is not None:
            walker.page.screenshot(path=self.folder / f"{self.pages:02}.png", full_page=True)
        seen: dict[str, Any] = walker.page.evaluate(SEEN, paper)
        assert seen["texts"] > 3
        assert seen["faint"] == []
        return seen


@pytest.fixture
def looker(request: pytest.FixtureRequest) -> Looker:
    return Looker(request)


def border_of(walker: Walker, selector: str) -> str:
    """How thick the border of the first such button is."""
    width: str = walker.page.locator(selector).first.evaluate("button => getComputedStyle(button).borderTopWidth")
    return width


def walked_by_keyboard(walker: Walker) -> int:
    """Goes through the page by Tab; returns how many stops there are, of which each is seen."""
    stops = set()
    walker.page.locator("body").evaluate("body => { document.activeElement.blur(); body.scrollIntoView() }")
    for _ in range(40):
        walker.page.keyboard.press("Tab")
        seen = walker.page.evaluate(SEEN, "")
        if seen["focused"] in stops or seen["focused"].startswith("<body"):
            break
        stops.add(seen["focused"])
        style, width, contrast = seen["focus"]
        assert style not in ("none", "hidden"), seen["focused"]
        assert width >= 2, seen["focused"]
        assert contrast >= 3, (seen["focused"], contrast)
    return len(stops)


@both_schemes
def test_forced_colours(ground: Ground, walker: Walker, looker: Looker, scheme: Scheme) -> None:
    person = ground.ory.add_person("totp")
    walker.page.emulate_media(forced_colors="active", color_scheme=scheme)
    walker.open("/dashboard/?a=1")
    assert walker.page.evaluate("matchMedia('(forced-colors: active)').matches")
    assert looker.at(walker, SIGN_IN)["bare"] == []
    assert border_of(walker, "button[value=password]") == "2px"
    assert walked_by_keyboard(walker) >= 4
    walker.sign_in(person)
    walker.page.locator("input[name=totp_code]").fill("000000")
    walker.arrive(walker.page.locator("button[value=totp]"))
    assert looker.at(walker, SECOND_FACTOR)["bare"] == []
    invalid = walker.page.locator("input[aria-invalid=true]")
    invalid.evaluate("input => input.blur()")
    assert invalid.evaluate("input => getComputedStyle(input).outlineStyle") == "solid"
    walker.confirm(person, "totp")
    walker.open("/account/security/")
    assert looker.at(walker, "Sign-in security")["bare"] == []
    assert walked_by_keyboard(walker) >= 3
    walker.open(f"{ground.ory.public_url}/self-service/settings/browser")
    walker.unfold()
    assert looker.at(walker, SETTINGS)["bare"] == []
    assert border_of(walker, ".ory-mfa-quiet, .ory-mfa-danger") == "1px"
    assert walked_by_keyboard(walker) >= 6


@both_schemes
def test_qr_code_stays_dark_on_light_in_forced_colours(
    ground: Ground, walker: Walker, looker: Looker, scheme: Scheme
) -> None:
    walker.page.emulate_media(forced_colors="active", color_scheme=scheme)
    walker.reach("/profile/", ground.ory.add_person(), "password")
    walker.open(f"{ground.ory.public_url}/self-service/settings/browser")
    looker.at(walker, SETTINGS)

    picture = walker.page.locator(".ory-mfa-picture img")

    assert picture.evaluate("image => getComputedStyle(image).backgroundColor") == WHITE


@both_schemes
def test_recovery_codes_on_paper(ground: Ground, walker: Walker, looker: Looker, scheme: Scheme) -> None:
    person = ground.ory.add_person()
    walker.reach("/profile/", person, "password")
    walker.open(f"{ground.ory.public_url}/self-service/settings/browser")
    walker.unfold()
    walker.press("Create recovery codes")
    codes = walker.page.locator(".ory-mfa-codes code").all_inner_texts()
    assert len(set(codes)) == 12
    links = walker.page.locator("header nav a").all()
    assert [link.is_visible() for link in links] == [True] * 2
    title = walker.page.locator(".ory-mfa-sheet")
    assert not title.is_visible()

    walker.page.emulate_media(media="print", color_scheme=scheme)

    seen = looker.at(walker, SETTINGS, paper=WHITE)
    assert walker.page.locator(".ory-mfa-codes code").all_inner_texts() == codes
    assert all(each.is_visible() for each in walker.page.locator(".ory-mfa-codes code").all())
    assert (seen["buttons"], seen["page"]) == ([], WHITE)
    assert not any(link.is_visible() for link in links)
    assert walker.page.locator("header .ory-mfa-brand").is_visible()
    assert not walker.page.locator("input[name='traits.email']").is_visible()
    assert title.inner_text().startswith(f"Recovery codes for {person.email} at 127.0.0.1:")
    assert walker.page.get_by_text(f"Signed in as {person.email}").is_visible()
    assert not walker.page.locator("h1").is_visible()


@both_schemes
def test_security_page_on_paper(ground: Ground, walker: Walker, looker: Looker, scheme: Scheme) -> None:
    walker.reach("/dashboard/", ground.ory.add_person("totp"), "password", "totp")
    walker.open("/account/security/")

    walker.page.emulate_media(media="print", color_scheme=scheme)

    seen = looker.at(walker, "Sign-in security", paper=WHITE)
    assert (seen["buttons"], seen["page"]) == ([], WHITE)
    assert "Your account is protected by two\u2011step verification." in walker.text
