"""The API part of the example with its OpenAPI page, and its page of scripts, as somebody uses them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.apis import needed
from tests.browser.servers import Ground
from tests.browser.walker import SECOND_FACTOR, Walker
from tests.servers.base import Person

needed("rest_framework", "drf_spectacular", "drf_spectacular_sidecar")

pytestmark = pytest.mark.looks

DOCS = "/api/v1/docs/"
SCRIPTS = "/scripts/"


@pytest.fixture
def person(ground: Ground) -> Person:
    ground.ory.configure("lax", settings_required_aal="highest_available")
    return ground.ory.add_person("totp")


def keep_screenshot(walker: Walker, name: str) -> None:
    """Keeps how the page looks in the folder ``SCREENSHOTS``, if there is one."""
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        walker.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def try_out(walker: Walker, operation: str) -> tuple[str, str]:
    """Sends a request from the OpenAPI page; returns the status and the body of the answer."""
    block = walker.page.locator(f"#operations-{operation}")
    if "is-open" not in (block.get_attribute("class") or ""):
        block.locator(".opblock-summary-control").click()
        block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table .response")
    answer.wait_for()
    status = answer.locator(".response-col_status").inner_text()
    return status.split()[0], answer.locator("pre").first.inner_text()


def test_openapi_page_shows_what_is_asked_for_and_lets_people_try(walker: Walker, person: Person) -> None:
    walker.reach("/profile/", person, "password")
    walker.open(DOCS)
    walker.page.locator(".opblock").first.wait_for()
    assert walker.page.locator(".opblock-summary-path").all_inner_texts() == [
        "/api/v1/me/",
        "/api/v1/refunds/",
        "/api/v1/refunds/",
    ]

    status, body = try_out(walker, "me-me_retrieve")
    assert (status, '"aal": "aal1"' in body) == ("200", True)
    status, body = try_out(walker, "refunds-refunds_create")
    assert (status, "session_aal2_required" in body) == ("403", True)
    keep_screenshot(walker, "openapi")

    walker.open("/dashboard/")
    walker.assert_asked(SECOND_FACTOR)
    walker.confirm(person, "totp")
    walker.open(DOCS)
    status, body = try_out(walker, "refunds-refunds_create")
    assert (status, person.id in body) == ("201", True)


def test_openapi_page_names_the_ways_to_send_a_session(walker: Walker) -> None:
    walker.open(DOCS)
    walker.page.get_by_role("button", name="Authorize").first.click()

    names = walker.page.locator(".auth-container h4 code").all_inner_texts()
    assert names == ["OryBearer", "OryCookie", "OrySessionToken"]


def test_page_of_scripts_pays_after_step_up(walker: Walker, person: Person) -> None:
    walker.reach("/profile/", person, "password")
    walker.open(SCRIPTS)
    keep_screenshot(walker, "scripts")
    with walker.page.expect_popup() as opened:
        walker.page.get_by_role("button", name="Pay").click()
    opened.value.wait_for_url(f"{walker.ground.ui}/**")
    assert walker.page.locator("#outcome").inner_text() == "Paying …"
    popup = Walker(walker.ground, walker.context, opened.value)
    ((field, value),) = walker.ground.ory.answer(person, "totp").items()
    popup.page.locator(f"input[name={field}]").fill(value)
    with popup.page.expect_event("close"):
        popup.page.locator(f"form:has(input[name={field}]) button").first.click()

    walker.page.get_by_text("Paid: 12.50").wait_for()
    keep_screenshot(walker, "paid")


def test_person_who_changes_their_mind_has_not_paid(walker: Walker, person: Person) -> None:
    walker.reach("/profile/", person, "password")
    walker.open(SCRIPTS)
    with walker.page.expect_popup():
        walker.page.get_by_role("button", name="Pay").click()

    walker.page.get_by_role("button", name="Stop waiting").click()

    walker.page.get_by_text("Nothing was paid.").wait_for()
