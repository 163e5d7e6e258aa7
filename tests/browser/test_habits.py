"""What people do with a browser: Back, two tabs, two clicks, an old bookmark, the keyboard, sign-out."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenBrowser
from tests.browser.servers import Ground
from tests.browser.walker import SECOND_FACTOR, SIGN_IN, Walker

UNKNOWN = "9d3f0d1e-6f0a-4c5e-9a9e-0d7f5a3c1b2e"
LOOK_OF_FOCUS = """() => {
    const element = document.activeElement, style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return {
        name: element.name || element.textContent.trim(),
        value: element.value || "",
        isSeen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.height > 0,
    };
}"""


def test_back_after_the_second_factor(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.open("/")
    walker.open("/dashboard/?a=1")
    walker.sign_in(person)
    walker.confirm(person, "totp")
    walker.assert_at("/dashboard/?a=1", person)

    walker.page.go_back(wait_until="load")
    shown = walker.heading
    assert shown != "Your browser did not send its cookies", walker.page.url
    # Whatever Back leads to, the way to the page is open.
    walker.open("/dashboard/?a=1")
    walker.assert_at("/dashboard/?a=1", person)


def test_form_sent_once_more_after_back(ground: Ground, walker: Walker) -> None:
    """A code that was used already, typed into the page that Back leads to."""
    person = ground.ory.add_person("totp")
    walker.open("/dashboard/?a=1")
    walker.sign_in(person)
    walker.confirm(person, "totp")
    walker.page.go_back(wait_until="load")
    if walker.page.locator("input[name=totp_code]").count():
        walker.confirm(person, "totp")
    assert walker.at in ("/dashboard/?a=1", "/"), walker.text
    walker.open("/dashboard/?a=1")
    walker.assert_at("/dashboard/?a=1", person)


def test_second_click(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.open("/dashboard/?a=1")
    walker.sign_in(person)
    field, value = walker.answer(person, "totp")
    walker.page.locator(f"input[name={field}]").fill(value)
    walker.page.locator("button[value=totp]").dblclick(no_wait_after=True)
    walker.page.wait_for_url(lambda url: url.startswith(f"{ground.site.url}/") and "ory-ui" not in url)
    assert walker.at in ("/dashboard/?a=1", "/"), walker.at
    walker.open("/dashboard/?a=1")
    walker.assert_at("/dashboard/?a=1", person)


def test_second_click_on_sign_in(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.open("/dashboard/?a=1")
    walker.page.locator("input[name=identifier]").fill(person.email)
    walker.page.locator("input[name=password]").fill(person.password)
    form = walker.page.url
    walker.page.locator("button[value=password]").dblclick(no_wait_after=True)
    # The second click may break off the navigation of the first.
    expect(walker.page).not_to_have_url(form)
    walker.page.wait_for_load_state()
    walker.open("/dashboard/?a=1")
    walker.assert_asked(SECOND_FACTOR)
    walker.confirm(person, "totp")
    walker.assert_at("/dashboard/?a=1", person)


def test_two_tabs(ground: Ground, walker: Walker) -> None:
    """Both wait at the sign-in; the first goes all the way, then the second goes on with its old page."""
    person = ground.ory.add_person("totp")
    other = walker.other_tab()
    walker.open("/dashboard/?tab=1")
    other.open("/payroll/?tab=2")
    walker.sign_in(person)
    walker.confirm(person, "totp")
    walker.assert_at("/dashboard/?tab=1", person)

    other.sign_in(person)
    if not other.at.startswith("/payroll/"):
        other.open("/payroll/?tab=2")
    other.assert_at("/payroll/?tab=2", person)
    walker.open("/dashboard/?tab=1")
    walker.assert_at("/dashboard/?tab=1", person)


def test_two_tabs_at_the_second_factor(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    other = walker.other_tab()
    walker.open("/dashboard/?tab=1")
    walker.sign_in(person)
    other.open("/payroll/?tab=2")
    other.assert_asked(SECOND_FACTOR)
    walker.confirm(person, "totp")
    walker.assert_at("/dashboard/?tab=1", person)
    # Ory asks for it once more though it has it, and then sends the browser to its default URL (V 1.3).
    other.confirm(person, "totp")
    assert other.at in ("/payroll/?tab=2", "/")
    other.open("/payroll/?tab=2")
    other.assert_at("/payroll/?tab=2", person)


@pytest.mark.parametrize("kind", ["login", "settings"])
def test_unknown_flow_is_started_anew(ground: Ground, walker: Walker, kind: str) -> None:
    walker.open(f"{ground.ui}/{kind}?flow={UNKNOWN}")
    walker.assert_asked(SIGN_IN)
    assert UNKNOWN not in walker.page.url
    # A settings page that one has to sign in for is not a sign-in that is gone.
    assert ("That page is no longer valid. Please sign in again." in walker.text) == (kind == "login")
    walker.page.reload()
    assert "no longer valid" not in walker.text


def test_flow_of_another_browser_is_started_anew(ground: Ground, open_browser: OpenBrowser) -> None:
    """A link to the sign-in page that was sent to somebody else."""
    sender, receiver = open_browser(), open_browser()
    sender.open("/dashboard/")
    receiver.open(sender.page.url)
    receiver.assert_asked(SIGN_IN)
    assert receiver.page.url != sender.page.url
    receiver.sign_in(ground.ory.add_person())
    assert receiver.at == "/"


@pytest.mark.emulator_only
def test_expired_form_is_started_anew_and_leads_back(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.open("/dashboard/?a=1")
    walker.page.locator("input[name=identifier]").fill(person.email)
    for flow in ground.emulator.ory.flows.values():
        flow.expires_at = ground.emulator.ory.now()
    walker.give_password(person)
    walker.assert_asked(SIGN_IN)
    assert "This form was open for too long." in walker.text
    assert walker.page.locator("[aria-invalid]").count() == 0
    walker.sign_in(person)
    walker.confirm(person, "totp")
    walker.assert_at("/dashboard/?a=1", person)


@pytest.mark.emulator_only
def test_page_left_open_until_its_flow_expired(ground: Ground, walker: Walker) -> None:
    walker.open("/dashboard/?a=1")
    for flow in ground.emulator.ory.flows.values():
        flow.expires_at = ground.emulator.ory.now()
    walker.page.reload()
    walker.assert_asked(SIGN_IN)
    person = ground.ory.add_person("totp")
    walker.sign_in(person)
    walker.confirm(person, "totp")
    walker.assert_at("/dashboard/?a=1", person)


def test_what_was_saved_is_told_there_and_on_the_page_of_the_site(ground: Ground, walker: Walker) -> None:
    walker.reach("/profile/", ground.ory.add_person(), "password")
    walker.open(f"{ground.ory.public_url}/self-service/settings/browser")
    walker.unfold()
    walker.page.locator("input[name=password]").fill("short")
    walker.arrive(walker.page.locator("button[value=password]"))
    assert "changed." not in walker.text
    walker.page.locator("input[name=password]").fill("another unusual pass phrase 8")
    walker.arrive(walker.page.locator("button[value=password]"))
    assert "Password changed." in walker.text

    walker.open("/account/security/")
    assert "Password changed." not in walker.text
    walker.press("Set up two\u2011step verification")
    walker.unfold()
    walker.page.locator("input[name='traits.email']").fill(f"new-{ground.ory.add_person().email}")
    walker.arrive(walker.page.locator("button[value=profile]"))
    # What the pages of another origin know stays there.
    is_told = ground.ui.startswith(ground.site.url)
    assert (walker.at, "Profile saved." in walker.text) == ("/account/security/?back=1", is_told)
    walker.page.reload()
    assert "Profile saved." not in walker.text


def test_sign_out(ground: Ground, walker: Walker, open_browser: OpenBrowser) -> None:
    person = ground.ory.add_person("totp")
    walker.reach("/dashboard/", person, "password", "totp")
    kept = walker.context.cookies()
    walker.open("/")
    walker.press("Sign out")

    assert walker.at == "/"
    assert "You are not signed in." in walker.text
    assert "You are signed out." in walker.text
    walker.page.go_back(wait_until="load")
    walker.open("/dashboard/")
    walker.assert_asked(SIGN_IN)
    thief = open_browser()
    thief.context.add_cookies(kept)  # type: ignore[arg-type]
    thief.open("/dashboard/")
    thief.assert_asked(SIGN_IN)


def test_back_after_sign_out_shows_nothing(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.reach("/dashboard/", person, "password", "totp")
    walker.open("/account/security/")
    walker.press("Sign out")
    while "dashboard" not in walker.page.url and walker.page.go_back(wait_until="load"):
        assert person.email not in walker.text
    assert person.email not in walker.text


def test_sign_out_while_the_second_factor_is_due(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.open("/dashboard/")
    walker.sign_in(person)
    walker.open("/")
    assert "One more step to finish signing in." in walker.text
    walker.press("Sign out")
    assert "You are not signed in." in walker.text


def test_sign_out_in_another_tab(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.reach("/fresh/?a=1", person, "password", "totp")
    ground.ory.let_time_pass(2.2)
    walker.open("/fresh/?a=1")
    other = walker.other_tab()
    other.open("/")
    other.press("Sign out")
    walker.confirm(person, "totp")
    assert walker.heading in ("You are signed out", SIGN_IN)
    walker.press(SIGN_IN) if walker.heading != SIGN_IN else None
    walker.assert_asked(SIGN_IN)


def test_guide_by_keyboard_only(ground: Ground, walker: Walker) -> None:
    ground.ory.configure("strict", code_mfa=True)
    person = ground.ory.add_person("code")

    walker.open("/")
    type_into(walker, "For developers")
    walker.page.keyboard.press("Enter")
    page = walker.page.get_by_role("link", name="Dashboard").get_attribute("href") or ""
    type_into(walker, "Dashboard")
    submit(walker)
    walker.assert_asked(SIGN_IN)
    type_into(walker, "identifier", person.email)
    type_into(walker, "password", person.password)
    submit(walker)
    walker.assert_asked(SECOND_FACTOR)
    if walker.page.locator("button[name=address]").count():
        type_into(walker, "address")
        submit(walker)
    type_into(walker, "code", walker.newest_code(person))
    submit(walker)

    walker.assert_at(page, person)


@pytest.mark.parametrize("method", ["totp", "lookup_secret"])
def test_first_field_waits_for_what_is_typed(ground: Ground, walker: Walker, method: str) -> None:
    """No Tab at all: each page of the flow has its cursor where something is to be typed."""
    person = ground.ory.add_person(method)
    walker.open("/dashboard/")
    await_cursor(walker)
    walker.page.keyboard.type(person.email)
    type_into(walker, "password", person.password)
    submit(walker)
    await_cursor(walker)
    walker.page.keyboard.type(walker.answer(person, method)[1])
    submit(walker)
    walker.assert_at("/dashboard/", person)


def type_into(walker: Walker, name: str, value: str = "") -> None:
    """Tabs to the field, link or button called ``name``, looks whether one sees where one is, and types."""
    for _ in range(40):
        focus = walker.page.evaluate(LOOK_OF_FOCUS)
        if focus["name"] == name:
            assert focus["isSeen"], f"nobody sees that {name} has the focus"
            walker.page.keyboard.type(value)
            return
        walker.page.keyboard.press("Tab")
        assert walker.page.evaluate(LOOK_OF_FOCUS)["isSeen"] or is_on_body(walker), "the focus is not seen"
    raise AssertionError(f"{name} cannot be reached by Tab on {walker.page.url}")


def await_cursor(walker: Walker) -> None:
    """Browsers put the cursor where ``autofocus`` is only after they have drawn the page."""
    walker.page.wait_for_function("document.activeElement.matches('input')")


def is_on_body(walker: Walker) -> bool:
    return bool(walker.page.evaluate("document.activeElement === document.body"))


def submit(walker: Walker) -> None:
    with walker.page.expect_navigation(wait_until="load"):
        walker.page.keyboard.press("Enter")
