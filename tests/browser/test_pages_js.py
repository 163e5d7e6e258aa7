"""What ``pages.js`` adds to the pages of flows, and how the style sheet takes a site's own values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import OpenBrowser
from tests.browser.servers import Ground
from tests.browser.walker import REFRESH, SETTINGS, SIGN_IN, Walker
from tests.markup import as_read

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = pytest.mark.looks

SENT_TO = "The code was sent to {}."
COPIED = "Copied"


def test_page_still_says_where_the_code_was_sent_after_a_wrong_one(ground: Ground, walker: Walker) -> None:
    """The form sends the address back to Ory, which names it again."""
    ground.ory.configure("strict", code_mfa=True)
    person = ground.ory.add_person("totp", "code")
    walker.reach("/dashboard/", person, "password", "totp")
    walker.open(f"{ground.ory.public_url}/self-service/login/browser?refresh=true&aal=aal2")
    walker.arrive(walker.page.locator("button[name=address]"))
    said = as_read(walker.page.content())
    assert f"We e\u2011mailed a 6\u2011digit code to {person.email}. It can take a minute." in said
    assert SENT_TO.format(person.email) not in said

    for _ in range(2):
        walker.page.locator("input[name=code]").fill("000000")
        walker.arrive(walker.page.locator("form:has(input[name=code]) button").first)

        assert walker.heading == REFRESH
        assert "That code is wrong or too old" in walker.text
        assert SENT_TO.format(person.email) in as_read(walker.page.content())


@pytest.mark.emulator_only
def test_key_of_the_app_is_copied_and_that_is_read_out(ground: Ground, walker: Walker) -> None:
    walker.context.grant_permissions(["clipboard-read", "clipboard-write"])
    walker.reach("/profile/", ground.ory.add_person(), "password")
    walker.open(f"{ground.ory.public_url}/self-service/settings/browser")
    assert walker.heading == SETTINGS
    key = walker.page.locator(".ory-mfa-key code").inner_text()
    said = walker.page.locator(".ory-mfa-key [role=status]")
    assert said.inner_text() == ""

    walker.page.locator(".ory-mfa-key").get_by_role("button", name="Copy").click()

    walker.page.locator(".ory-mfa-key").get_by_role("button", name=COPIED).wait_for()
    assert walker.page.evaluate("navigator.clipboard.readText()") == key
    assert said.inner_text() == COPIED
    box = said.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (1, 1)


@pytest.mark.emulator_only
def test_button_has_its_icon_again_where_no_answer_came(ground: Ground, walker: Walker) -> None:
    ground.ory.configure("strict", code_mfa=True)
    walker.open("/dashboard/")
    walker.sign_in(ground.ory.add_person("totp", "code"))
    button = walker.page.locator("button[name=address]")
    words, icons = button.inner_text(), button.locator("svg")
    assert icons.count() == 1
    walker.page.route("**/self-service/**", lambda route: route.fulfill(status=204))
    button.click()
    walker.page.wait_for_function("document.querySelector('[aria-busy]')")
    assert (button.inner_text(), icons.count()) == ("One moment…", 0)

    walker.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")

    assert (button.inner_text(), icons.count()) == (words, 1)


@pytest.mark.emulator_only
@pytest.mark.parametrize(("radius", "corner"), [("0.6rem", "16px"), ("0px", "0px"), ("3px", "5px")])
def test_corners_of_the_card_follow_those_of_buttons(ground: Ground, walker: Walker, radius: str, corner: str) -> None:
    walker.open("/dashboard/")
    assert walker.heading == SIGN_IN
    walker.page.add_style_tag(content=f"body.ory-mfa {{ --ory-mfa-radius: {radius} }}")

    card = walker.page.locator(".ory-mfa-card")

    assert card.evaluate("card => getComputedStyle(card).borderRadius") == corner


@pytest.mark.emulator_only
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_sign_of_a_page_is_seen_in_forced_colours(ground: Ground, walker: Walker, scheme: str) -> None:
    walker.page.emulate_media(forced_colors="active", color_scheme=scheme)  # type: ignore[arg-type]
    walker.open(f"{ground.ui}/error")
    sign = walker.page.locator(".ory-mfa-sign svg")

    colours = sign.evaluate(
        "sign => [getComputedStyle(sign).stroke, getComputedStyle(sign.closest('main')).backgroundColor]"
    )

    assert (sign.locator("path").count(), sign.get_attribute("aria-hidden")) == (2, "true")
    assert colours[0] != colours[1]
    assert sign.bounding_box()["width"] == 44  # type: ignore[index]


@pytest.mark.emulator_only
@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_words_of_the_tools_for_recovery_codes_fit_into_their_buttons(
    ground: Ground, open_browser: OpenBrowser, language: str
) -> None:
    walker = open_settings_on_a_phone(ground, open_browser, language)
    walker.arrive(walker.page.locator("button[name=lookup_secret_regenerate]"))

    spare = walker.page.locator(".ory-mfa-tools .ory-mfa-button").evaluate_all(
        "all => all.map(each => each.clientWidth - each.scrollWidth)"
    )

    assert spare == [0, 0, 0]


# Lines of the key, titles whose words begin below their icon, and words of buttons that are broken without a hyphen.
NARROW = """() => [
    Math.round(document.querySelector(".ory-mfa-key code").getBoundingClientRect().height / 22.4),
    [...document.querySelectorAll(".ory-mfa-section > :is(h2, summary):has(svg)")].filter(each => {
        const words = document.createRange();
        const row = each.querySelector(".ory-mfa-row") ?? each;
        words.selectNode([...row.childNodes].find(node => (node.data || "").trim()));
        const first = [...words.getClientRects()].find(one => one.width > 1);
        return first.top > each.querySelector("svg").getBoundingClientRect().bottom;
    }).map(each => each.innerText),
    [...document.querySelectorAll(".ory-mfa-button")].filter(each => each.checkVisibility()).flatMap(
        each => [...each.childNodes]).flatMap(
        node => [...(node.data || "").matchAll(/\\S+/g)].filter(word => {
            const range = document.createRange();
            range.setStart(node, word.index);
            range.setEnd(node, word.index + word[0].length);
            return !word[0].includes("\u00ad") && range.getClientRects().length > 1;
        }).map(word => word[0])),
]"""


@pytest.mark.emulator_only
@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_settings_fit_on_a_narrow_phone(ground: Ground, open_browser: OpenBrowser, language: str) -> None:
    walker = open_settings_on_a_phone(ground, open_browser, language)
    assert walker.page.evaluate(NARROW) == [2, [], []]

    # What is shown first is open, so that its title is a heading.
    walker.arrive(walker.page.locator("button[name=lookup_secret_regenerate]"))
    walker.unfold()

    assert walker.page.evaluate(NARROW) == [2, [], []]


# From the end of the words in the last row of links to that of the card.
BELOW = """() => {
    const [card, words] = [document.querySelector("main"), document.createRange()];
    words.selectNodeContents([...card.querySelectorAll(":scope > .ory-mfa-others a")].at(-1));
    return card.getBoundingClientRect().bottom - words.getBoundingClientRect().bottom;
}"""


@pytest.mark.emulator_only
@pytest.mark.parametrize(("width", "below"), [(360, 20), (1280, 40)])
def test_links_are_as_far_from_the_edge_as_any_text(ground: Ground, walker: Walker, width: int, below: int) -> None:
    walker.page.set_viewport_size({"width": width, "height": 800})
    walker.open(f"{ground.ory.public_url}/self-service/recovery/browser")

    assert abs(walker.page.evaluate(BELOW) - below) < 3


@pytest.mark.emulator_only
@pytest.mark.parametrize("field", ["identifier", "password"])
def test_ring_of_the_focus_has_room(ground: Ground, walker: Walker, field: str) -> None:
    walker.open("/dashboard/")
    place = walker.page.locator(f"input[name={field}]")
    place.focus()

    ring = """input => {
        const style = getComputedStyle(input);
        return parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
    }"""
    gap = """input => {
        const words = document.createRange();
        words.selectNodeContents(input.labels[0]);
        return input.getBoundingClientRect().top - words.getBoundingClientRect().bottom;
    }"""
    assert place.evaluate(gap) - place.evaluate(ring) >= 8


@pytest.mark.emulator_only
def test_picture_of_a_style_sheet_takes_the_place_of_the_letter(ground: Ground, walker: Walker) -> None:
    walker.open("/dashboard/")
    mark, letter = walker.page.locator(".ory-mfa-mark"), walker.page.locator(".ory-mfa-mark > span")
    assert size_of(mark) == size_of(letter) == (44, 44)

    picture = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 3 1'/%3E"
    walker.page.add_style_tag(content=f'body.ory-mfa {{ --ory-mfa-logo: url("{picture}"); --ory-mfa-logo-size: 32px }}')
    walker.page.wait_for_function("document.querySelector('.ory-mfa-mark').getBoundingClientRect().width > 90")

    assert size_of(mark) == (96, 32)
    assert letter.bounding_box() is None


@pytest.mark.emulator_only
@pytest.mark.parametrize("name", ["shop.of-somebody-with-a-very-long-name.example.com:8000", "W" * 60])
def test_long_name_of_a_site_is_broken_beside_its_mark(ground: Ground, walker: Walker, name: str) -> None:
    walker.page.set_viewport_size({"width": 320, "height": 800})
    walker.open("/dashboard/")
    brand = walker.page.locator(".ory-mfa-brand")
    brand.evaluate("(brand, name) => { brand.lastChild.data = name }", name)

    assert walker.page.evaluate("document.documentElement.scrollWidth") == 320
    assert size_of(walker.page.locator(".ory-mfa-mark > span")) == (44, 44)
    left = brand.evaluate(
        "brand => { const words = document.createRange(); words.selectNode(brand.lastChild);"
        " return Math.min(...[...words.getClientRects()].map(each => each.left)) }"
    )
    assert left > 56


def test_one_box_of_good_news_is_green(ground: Ground, walker: Walker) -> None:
    walker.reach("/profile/", ground.ory.add_person(), "password")
    walker.open("/account/security/")
    walker.press("Set up two\u2011step verification")
    walker.enrol_totp()
    walker.assert_at("/account/security/?back=1")
    state = walker.page.locator(".ory-mfa-state.ory-mfa-good")
    background = "state => getComputedStyle(state).backgroundColor"
    assert "Authenticator app added." in state.inner_text()
    assert walker.page.locator(".ory-mfa-message:visible").count() == 0

    walker.open("/account/security/")

    assert "Authenticator app added." not in walker.text
    assert state.evaluate(background) != "rgba(0, 0, 0, 0)"


@pytest.mark.parametrize("has_script", [True, False])
def test_removal_can_be_cancelled(ground: Ground, open_browser: OpenBrowser, *, has_script: bool) -> None:
    walker = open_browser(java_script_enabled=has_script)
    walker.reach("/dashboard/", ground.ory.add_person("totp"), "password", "totp")
    walker.open(f"{ground.ory.public_url}/self-service/settings/browser")
    at = walker.page.url
    fold = walker.page.locator("details:has(button[name=totp_unlink])").last
    summary, cancel = fold.locator("summary"), fold.get_by_role("link", name="Cancel")
    summary.click()
    assert "only your password protects this account" in walker.text

    if has_script:
        cancel.click()
        assert summary.evaluate("summary => summary === document.activeElement")
    else:
        walker.arrive(cancel)

    assert (walker.page.url, cancel.is_visible()) == (at, False)
    summary.click()
    walker.arrive(walker.page.locator("button[name=totp_unlink]"))
    assert walker.page.locator("button[name=totp_unlink]").count() == 0


def test_news_is_not_shown_while_something_is_removed(ground: Ground, walker: Walker) -> None:
    walker.reach("/profile/", ground.ory.add_person(), "password")
    walker.open(f"{ground.ory.public_url}/self-service/settings/browser")
    walker.enrol_totp()
    news = walker.page.locator(".ory-mfa-success")
    assert news.is_visible()

    walker.page.locator("details:has(button[name=totp_unlink]) summary").last.click()

    assert not news.is_visible()


def size_of(part: Locator) -> tuple[float, float]:
    """The width and the height of a part of the page."""
    box = part.bounding_box()
    assert box is not None
    return box["width"], box["height"]


def open_settings_on_a_phone(ground: Ground, open_browser: OpenBrowser, language: str) -> Walker:
    walker = open_browser(locale=language)
    walker.page.set_viewport_size({"width": 320, "height": 800})
    walker.open("/profile/")
    walker.sign_in(ground.ory.add_person())
    walker.open(f"{ground.ory.public_url}/self-service/settings/browser")
    walker.unfold()
    return walker
