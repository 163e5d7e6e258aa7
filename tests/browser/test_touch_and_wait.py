"""Buttons and links for fingers, as wide as the fields above them, and what a button says while its form is sent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.servers import Ground
from tests.browser.walker import SECOND_FACTOR, SETTINGS, SIGN_IN, Walker

pytestmark = [pytest.mark.looks, pytest.mark.emulator_only]

# What is pressed, but for links inside of a sentence.
SMALL = """() => [...document.querySelectorAll("header a, main :is(a, button, summary, input:not([type=checkbox]))")]
    .filter(each => each.checkVisibility() && !each.closest("p:not(.ory-mfa-others, .ory-mfa-actions)"))
    .map(each => [each, each.getBoundingClientRect()])
    .filter(([each, box]) => box.width < 43.9 || box.height < 43.9)
    .map(([each, box]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${each.outerHTML.slice(0, 120)}`)"""
WIDTHS = """() => [...document.querySelectorAll("form.ory-mfa-flow")].filter(form => form.checkVisibility()).map(form =>
    [...form.querySelectorAll(":is(.ory-mfa-field input, p:not(.ory-mfa-tools) > .ory-mfa-button)")]
        .filter(each => each.checkVisibility()).map(each => Math.round(each.getBoundingClientRect().width)))
    .filter(widths => widths.length)"""
TO_THE_END = """() => document.querySelector(".ory-mfa-foot").getBoundingClientRect().right
    - document.querySelector(".ory-mfa-foot button").getBoundingClientRect().right"""


@pytest.mark.parametrize("width", [320, 360])
def test_everything_that_is_pressed_is_large_enough_for_a_finger(ground: Ground, walker: Walker, width: int) -> None:
    ground.ory.configure("strict", code_mfa=True)
    walker.page.set_viewport_size({"width": width, "height": 800})
    person = ground.ory.add_person("totp", "lookup_secret", "code")
    walker.open("/dashboard/")
    found = {SIGN_IN: walker.page.evaluate(SMALL)}
    walker.sign_in(person)
    walker.unfold()
    found[SECOND_FACTOR] = walker.page.evaluate(SMALL)
    walker.confirm(person, "totp")
    walker.open("/account/security/")
    found["Sign-in security"] = walker.page.evaluate(SMALL)
    walker.open(f"{ground.ory.public_url}/self-service/settings/browser")
    walker.unfold()
    found[SETTINGS] = walker.page.evaluate(SMALL)

    assert found == {name: [] for name in found}
    assert walker.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [360, 1280])
def test_button_is_as_wide_as_the_fields_of_its_form(ground: Ground, walker: Walker, width: int) -> None:
    walker.page.set_viewport_size({"width": width, "height": 800})
    walker.open("/dashboard/")
    pages = [walker.page.evaluate(WIDTHS)]
    walker.sign_in(ground.ory.add_person("totp", "lookup_secret"))
    walker.assert_asked(SECOND_FACTOR)
    walker.unfold()
    pages.append(walker.page.evaluate(WIDTHS))

    assert [len(forms) for forms in pages] == [1, 2]
    assert [widths for forms in pages for widths in forms if len(set(widths)) > 1] == []


@pytest.mark.parametrize("width", [320, 1280])
def test_sign_out_stands_on_the_same_side_beside_words_and_below_them(
    ground: Ground, walker: Walker, width: int
) -> None:
    walker.page.set_viewport_size({"width": width, "height": 800})
    walker.reach("/profile/", ground.ory.add_person(), "password")
    walker.open("/account/security/")
    gaps = [walker.page.evaluate(TO_THE_END)]
    for words in ("Not you?", "Not you, or nothing to confirm with? " * 2):
        walker.page.locator(".ory-mfa-foot").evaluate(
            "(foot, words) => { const span = document.createElement('span'); span.textContent = words;"
            " foot.prepend(span) }",
            words,
        )
        gaps.append(walker.page.evaluate(TO_THE_END))

    assert [abs(gap) < 1 for gap in gaps] == [True] * 3


def sent(walker: Walker) -> list[str]:
    """What the forms of this page send from now on; the answer keeps the browser on the page."""
    bodies: list[str] = []

    def answer(route: Any) -> None:
        bodies.append(route.request.post_data or "")
        route.fulfill(status=204)

    walker.page.route("**/self-service/**", answer)
    return bodies


def test_button_says_that_its_form_is_on_its_way_and_sends_it_once(ground: Ground, walker: Walker) -> None:
    walker.open("/dashboard/")
    bodies = sent(walker)
    button = walker.page.locator("button[value=password]")
    words = button.inner_text()
    walker.page.locator("input[name=identifier]").fill("ann@example.test")
    walker.page.locator("input[name=password]").fill("wrong")

    for _ in range(2):
        button.evaluate("button => button.click()")
    walker.page.wait_for_timeout(300)

    assert (button.get_attribute("aria-busy"), button.inner_text()) == ("true", "One moment…")
    assert button.is_enabled()
    assert ["method=password" in body for body in bodies] == [True]
    # As browsers do on the way back from the next page.
    walker.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert (button.get_attribute("aria-busy"), button.inner_text()) == (None, words)


def test_form_may_be_sent_again_where_no_answer_came(ground: Ground, walker: Walker) -> None:
    walker.page.clock.install()
    walker.open("/dashboard/")
    bodies = sent(walker)
    button = walker.page.locator("button[value=password]")
    walker.page.locator("input[name=identifier]").fill("ann@example.test")
    walker.page.locator("input[name=password]").fill("wrong")
    button.evaluate("button => button.click()")
    walker.page.wait_for_function("document.querySelector('[aria-busy]')")

    walker.page.clock.run_for(10_001)

    assert button.get_attribute("aria-busy") is None
    with walker.page.expect_request("**/self-service/**"):
        button.evaluate("button => button.click()")
    assert button.get_attribute("aria-busy") == "true"
    assert len(bodies) == 2
