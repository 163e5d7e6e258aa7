"""Turbo and Unpoly as npm has them, with what the how-to says to add; htmx is in ``test_scripts.py``."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import fetched
from tests.browser.servers import SITE_FOLDER, Ground
from tests.browser.walker import SECOND_FACTOR, SIGN_IN, Walker
from tests.servers.base import Person

pytestmark = pytest.mark.looks

PACKAGES = {"turbo": "@hotwired/turbo", "unpoly": "unpoly"}
HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "htmx-turbo-unpoly.rst"


@pytest.fixture
def person(ground: Ground) -> Person:
    ground.ory.configure("lax", settings_required_aal="highest_available")
    return ground.ory.add_person("totp")


@pytest.fixture(params=PACKAGES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(walker: Walker, person: Person, name: str) -> Walker:
    """Somebody at aal1 on a page that uses the library."""
    walker.reach("/profile/", person, "password")
    return begin(walker, name)


def begin(walker: Walker, name: str) -> Walker:
    """Opens a page that loads the library, as npm has it, and what the how-to adds."""
    source = fetched(PACKAGES[name])
    walker.context.route(
        "**/library-of-npm/*", lambda route: route.fulfill(body=source, content_type="text/javascript")
    )
    walker.open(f"/library/{name}/?a=1")
    walker.page.evaluate("window.isSamePage = true")
    return walker


def click(walker: Walker, role: Any, name: str) -> None:
    walker.page.get_by_role(role, name=name, exact=True).click()


def shows(walker: Walker, text: str) -> bool:
    """The text appears, in the page that was there."""
    walker.page.get_by_text(text, exact=True).wait_for()
    return bool(walker.page.evaluate("window.isSamePage === true"))


def test_link_leads_to_step_up_and_back(page: Walker, person: Person, name: str) -> None:
    page.press("Order page")
    page.assert_asked(SECOND_FACTOR)
    page.confirm(person, "totp")
    page.assert_at("/order/" if name == "turbo" else "/library/unpoly/?a=1")

    begin(page, name)
    click(page, "link", "Order page")
    assert shows(page, f"{person.email} at aal2")
    page.assert_at("/order/", person)


def test_form_leads_to_step_up_and_back_to_the_form(page: Walker, person: Person, name: str) -> None:
    page.press("Order")
    page.assert_asked(SECOND_FACTOR)
    page.confirm(person, "totp")
    page.assert_at(f"/library/{name}/?a=1")

    begin(page, name)
    click(page, "button", "Order")
    assert shows(page, "Ordered")


def test_part_of_a_page_leads_to_step_up_and_back(page: Walker, person: Person, name: str) -> None:
    page.press("Stock")
    page.assert_asked(SECOND_FACTOR)
    page.confirm(person, "totp")
    page.assert_at(f"/library/{name}/?a=1")

    begin(page, name)
    click(page, "link", "Stock")
    assert shows(page, "17 left")
    page.assert_at(f"/library/{name}/?a=1")


def test_stranger_is_led_to_sign_in(walker: Walker, person: Person, name: str) -> None:
    begin(walker, name)
    walker.press("Stock")
    walker.assert_asked(SIGN_IN)
    walker.sign_in(person)
    walker.assert_at(f"/library/{name}/?a=1")


def test_pointing_at_a_link_leads_nowhere(page: Walker, name: str) -> None:
    """Turbo fetches the page already."""
    link = page.page.get_by_role("link", name="Order page")
    if name == "turbo":
        with page.page.expect_response("**/order/"):
            link.hover()
    else:
        link.hover()
    page.page.wait_for_timeout(500)

    page.assert_at(f"/library/{name}/?a=1")
    page.press("Order page")
    page.assert_asked(SECOND_FACTOR)


@pytest.mark.parametrize("file", ["static/walks/turbo.js", "static/walks/unpoly.js"])
def test_how_to_has_what_was_tried(file: str) -> None:
    source = (SITE_FOLDER / "walks" / file).read_text()

    assert textwrap.indent(source, "    ") in HOW_TO.read_text()
