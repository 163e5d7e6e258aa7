"""Scripts of a page that ask for what needs a second factor: htmx and fetch()."""

from __future__ import annotations

import json
from typing import Any

from tests.browser.servers import Ground
from tests.browser.walker import ENROLL, SECOND_FACTOR, SIGN_IN, Walker

PAGE = "/script/?view=1&q=a%20b"
TARGET = "#target"


def test_fragment(ground: Ground, walker: Walker, htmx: str) -> None:
    """htmx itself, on a page of the example that needs no second factor, asks for a part that does."""
    ground.ory.configure("lax", settings_required_aal="highest_available")
    person = ground.ory.add_person("totp")
    walker.reach("/profile/?a=1", person, "password")
    walker.page.add_script_tag(content=htmx)
    walker.press("Show the balance")
    walker.assert_asked(SECOND_FACTOR)
    walker.confirm(person, "totp")

    walker.assert_at("/profile/?a=1", person)
    walker.page.add_script_tag(content=htmx)
    balance = walker.page.locator("#balance")
    before = balance.inner_text()
    walker.page.get_by_role("link", name="Show the balance").click()
    balance.get_by_role("link").wait_for(state="detached")
    assert balance.inner_text() != before
    walker.assert_at("/profile/?a=1", person)


def test_fragment_after_sign_out_in_another_tab(ground: Ground, walker: Walker, htmx: str) -> None:
    person = ground.ory.add_person()
    walker.reach("/profile/?a=1", person, "password")
    walker.page.add_script_tag(content=htmx)
    other = walker.other_tab()
    other.open("/")
    other.press("Sign out")
    walker.press("Show the balance")
    walker.assert_asked(SIGN_IN)
    walker.sign_in(person)
    walker.assert_at("/profile/?a=1", person)


def test_fragment_for_somebody_without_second_factor(ground: Ground, walker: Walker, htmx: str) -> None:
    """What htmx gets is the page that says so, with a status that it does not show by itself."""
    walker.reach("/profile/?a=1", ground.ory.add_person(), "password")
    walker.page.add_script_tag(content=htmx)
    with walker.page.expect_response("**/balance/") as answered:
        walker.page.get_by_role("link", name="Show the balance").click()
    assert answered.value.status == 403
    assert f"<h1>{ENROLL}</h1>" in answered.value.text()
    walker.assert_at("/profile/?a=1")


def test_fetch(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.open(PAGE)
    status, body = asked(walker)
    login = f"{ground.ory.public_url}/self-service/login/browser"
    assert (status, body["error"]["id"], body["redirect_browser_to"]) == (401, "session_inactive", login)

    follow(walker)
    walker.assert_asked(SIGN_IN)
    walker.sign_in(person)
    walker.open(PAGE)
    status, body = asked(walker)
    assert (status, body["error"]["id"]) == (403, "session_aal2_required")
    assert body["redirect_browser_to"] == f"{login}?aal=aal2"

    follow(walker)
    walker.assert_asked(SECOND_FACTOR)
    walker.confirm(person, "totp")
    assert walker.at == PAGE
    assert asked(walker) == (200, {"aal": "aal2", "traits": {"email": person.email}})


def test_fetch_of_somebody_without_second_factor(ground: Ground, walker: Walker) -> None:
    walker.reach("/profile/", ground.ory.add_person(), "password")
    walker.open(PAGE)
    status, body = asked(walker)
    assert (status, body["error"]["id"]) == (403, "session_aal2_enrollment_required")
    assert body["redirect_browser_to"] == f"{ground.ory.public_url}/self-service/settings/browser"
    follow(walker)
    walker.enrol_totp()
    assert walker.at == PAGE
    assert asked(walker)[0] == 200


def test_fetch_of_a_page(ground: Ground, walker: Walker) -> None:
    """A script that asks for what is a page for others is not led to another origin, where it could read nothing."""
    walker.open(PAGE)
    answer = walker.page.evaluate(
        "async () => { const r = await fetch('/dashboard/');"
        " return [r.status, r.redirected, r.headers.get('Content-Type'), (await r.json()).error.id] }"
    )
    assert answer == [401, False, "application/json", "session_inactive"]


def asked(walker: Walker) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer that the page's script got."""
    target = walker.page.locator(TARGET)
    target.evaluate("element => { delete element.dataset.status }")
    click(walker, "Ask the API")
    walker.page.locator(f"{TARGET}[data-status]").wait_for()
    return int(target.get_attribute("data-status") or 0), json.loads(target.inner_text())


def follow(walker: Walker) -> None:
    """Asks once more, and now the script goes where it is told to."""
    walker.page.evaluate("document.body.dataset.follow = '1'")
    walker.press("Ask the API")


def click(walker: Walker, name: str) -> None:
    walker.page.get_by_role("button", name=name).click()
