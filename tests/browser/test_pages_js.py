"""What ``pages.js`` adds to the pages of flows, and how the style sheet takes a site's own values."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenBrowser
from tests.browser.servers import Ground
from tests.browser.walker import REFRESH, SECOND_FACTOR, SETTINGS, SIGN_IN, Walker

pytestmark = pytest.mark.looks

SENT_TO = "The code was sent to {}."
COPIED = "Copied"


def test_page_still_says_where_the_code_was_sent_after_a_wrong_one(ground: Ground, walker: Walker) -> None:
    """Ory names the address no more, so it is remembered in the tab, for this flow."""
    ground.ory.configure("strict", code_mfa=True)
    person = ground.ory.add_person("totp", "code")
    walker.reach("/dashboard/", person, "password", "totp")
    walker.open(f"{ground.ory.public_url}/self-service/login/browser?refresh=true&aal=aal2")
    walker.arrive(walker.page.locator("button[name=address]"))
    assert SENT_TO.format(person.email) in walker.text
    sent = walker.page.url

    for _ in range(2):
        walker.page.locator("input[name=code]").fill("000000")
        walker.arrive(walker.page.locator("form:has(input[name=code]) button").first)

        assert walker.heading == REFRESH
        assert "This code is not right" in walker.text
        assert SENT_TO.format(person.email) in walker.text

    # In a tab that did not see it, nobody knows.
    other = walker.other_tab()
    other.open(sent)
    assert "This code is not right" in other.text
    assert "The code was sent to" not in other.text


@pytest.mark.emulator_only
def test_address_of_one_flow_is_not_said_in_another(ground: Ground, walker: Walker) -> None:
    ground.ory.configure("strict", code_mfa=True)
    person = ground.ory.add_person("totp", "code")
    walker.open("/dashboard/")
    walker.sign_in(person)
    walker.assert_asked(SECOND_FACTOR)
    walker.page.evaluate("sessionStorage.setItem('ory_mfa_sent_to', '[\"another\", \"The code was sent to x.\"]')")
    walker.arrive(walker.page.locator("button[name=address]"))
    walker.page.evaluate("sessionStorage.setItem('ory_mfa_sent_to', '[\"another\", \"The code was sent to x.\"]')")
    walker.page.locator("input[name=code]").fill("000000")
    walker.arrive(walker.page.locator("form:has(input[name=code]) button").first)

    assert "This code is not right" in walker.text
    assert "The code was sent to" not in walker.text
    assert walker.page.evaluate("sessionStorage.getItem('ory_mfa_sent_to')") is None


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
    sign = walker.page.locator(".ory-mfa-sign")

    colours = sign.evaluate("sign => [getComputedStyle(sign).borderTopColor, getComputedStyle(sign).backgroundColor]")

    assert (sign.inner_text(), sign.get_attribute("aria-hidden")) == ("!", "true")
    assert colours[0] != colours[1]
    assert sign.evaluate("sign => getComputedStyle(sign).borderTopWidth") == "2px"


@pytest.mark.emulator_only
@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_words_of_the_tools_for_recovery_codes_fit_into_their_buttons(
    ground: Ground, open_browser: OpenBrowser, language: str
) -> None:
    walker = open_browser(locale=language)
    walker.page.set_viewport_size({"width": 320, "height": 800})
    walker.open("/profile/")
    walker.sign_in(ground.ory.add_person())
    walker.open(f"{ground.ory.public_url}/self-service/settings/browser")
    walker.arrive(walker.page.locator("button[name=lookup_secret_regenerate]"))

    spare = walker.page.locator(".ory-mfa-tools .ory-mfa-button").evaluate_all(
        "all => all.map(each => each.clientWidth - each.scrollWidth)"
    )

    assert spare == [0, 0, 0]
