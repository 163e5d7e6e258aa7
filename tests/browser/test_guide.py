"""The user flow of Ory's guide, and the other ways to prove a second factor."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenBrowser
from tests.browser.servers import Ground
from tests.browser.walker import CODE, ENROLL, REFRESH, SECOND_FACTOR, SETTINGS, SIGN_IN, USE_APP, Walker
from tests.servers.base import Person

PAGE = "/dashboard/?tab=reports&q=a%20b&city=Z%C3%BCrich&empty="


def test_guide(ground: Ground, walker: Walker) -> None:
    ground.ory.configure("strict", code_mfa=True)
    person = ground.ory.add_person("code")

    walker.open(PAGE)
    walker.assert_asked(SIGN_IN)
    walker.sign_in(person)
    walker.assert_asked(SECOND_FACTOR)
    walker.confirm(person, "code")

    walker.assert_at(PAGE, person)
    assert "with two\u2011step verification" in walker.text


def test_guide_without_javascript(ground: Ground, open_browser: OpenBrowser) -> None:
    ground.ory.configure("strict", code_mfa=True)
    person = ground.ory.add_person("code")
    open_browser(java_script_enabled=False).reach(PAGE, person, "password", "code")


def test_guide_on_a_phone_in_the_dark(ground: Ground, open_browser: OpenBrowser) -> None:
    ground.ory.configure("strict", code_mfa=True)
    person = ground.ory.add_person("code")
    phone = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True, "color_scheme": "dark"}
    open_browser(**phone).reach(PAGE, person, "password", "code")


@pytest.mark.parametrize("method", ["totp", "lookup_secret"])
def test_other_second_factor(ground: Ground, walker: Walker, method: str) -> None:
    walker.reach(PAGE, ground.ory.add_person(method), "password", method)


def test_wrong_code_can_be_put_right(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.open(PAGE)
    walker.sign_in(person)
    walker.page.locator("input[name=totp_code]").fill("000000")
    walker.arrive(walker.page.locator("button[value=totp]"))
    walker.assert_asked(SECOND_FACTOR)
    assert "This code is not right" in walker.page.get_by_role("alert").inner_text()
    walker.confirm(person, "totp")
    walker.assert_at(PAGE, person)


@pytest.mark.parametrize("method", ["totp", "lookup_secret", "code"])
def test_choice_of_second_factors(ground: Ground, walker: Walker, method: str) -> None:
    """Wherever several are set up, each can be chosen."""
    ground.ory.configure("strict", code_mfa=True)
    person = ground.ory.add_person("totp", "lookup_secret", "code")
    walker.open(PAGE)
    walker.sign_in(person)
    walker.confirm(person, method)
    walker.assert_at(PAGE, person)


def test_enrolment_of_an_app_leads_back(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person()
    walker.open(PAGE)
    walker.sign_in(person)
    assert (walker.at, walker.heading) == (PAGE, ENROLL)

    walker.press("Set up two\u2011step verification")
    walker.assert_asked(SETTINGS)
    walker.enrol_totp()

    walker.assert_at(PAGE, person)
    assert "with two\u2011step verification" in walker.text


def test_enrolment_of_recovery_codes_leads_back(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person()
    walker.open(PAGE)
    walker.sign_in(person)
    walker.press("Set up two\u2011step verification")
    walker.unfold()
    walker.press("Create recovery codes")
    walker.assert_asked(SETTINGS)
    codes = walker.page.locator(".ory-mfa-codes code").all_inner_texts()
    assert len(set(codes)) == 12
    walker.press("I have saved these codes")
    walker.assert_at(PAGE, person)

    # And they work, in another browser.
    person.factors["lookup_secret"] = codes
    walker.context.clear_cookies()
    walker.reach(PAGE, person, "password", "lookup_secret")


def test_app_is_removed_and_set_up_anew(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.reach(PAGE, person, "password", "totp")
    walker.open("/account/security/")
    walker.press("Manage two\u2011step verification")
    walker.assert_asked(SETTINGS)
    walker.unfold()
    walker.arrive(walker.page.locator("button[name=totp_unlink]"))
    walker.assert_at("/account/security/?back=1")
    walker.press("Manage two\u2011step verification")
    walker.enrol_totp()
    walker.assert_at("/account/security/?back=1")
    assert "Authenticator app added." in walker.text
    walker.open(PAGE)
    walker.assert_at(PAGE, person)


def test_whoever_says_to_have_one_already_is_told_that_there_is_none(ground: Ground, walker: Walker) -> None:
    walker.open(PAGE)
    walker.sign_in(ground.ory.add_person())
    walker.press("I have set it up already")
    walker.assert_asked("Two\u2011step verification is not set up")
    walker.press("Set up two\u2011step verification")
    walker.assert_asked(SETTINGS)
    walker.enrol_totp()
    assert (walker.at, walker.heading) == (PAGE, "Dashboard")


def test_highest_available(ground: Ground, open_browser: OpenBrowser) -> None:
    without, with_app = open_browser(), open_browser()
    without.reach("/account/?a=1", ground.ory.add_person(), "password")
    assert "without two\u2011step verification" in without.text
    with_app.reach("/account/?a=1", ground.ory.add_person("totp"), "password", "totp")
    assert "with two\u2011step verification" in with_app.text


def test_highest_available_before_an_ory_that_asks_for_nothing(ground: Ground, open_browser: OpenBrowser) -> None:
    ground.ory.configure("lax", settings_required_aal="highest_available")
    without, with_app = open_browser(), open_browser()
    without.reach("/account/?a=1", ground.ory.add_person(), "password")
    with_app.reach("/profile/?a=1", person := ground.ory.add_person("totp"), "password")
    assert "without two\u2011step verification" in with_app.text
    with_app.open("/account/?a=1")
    with_app.assert_asked(SECOND_FACTOR)
    with_app.confirm(person, "totp")
    with_app.assert_at("/account/?a=1", person)


def test_method_that_does_not_count_is_followed_by_one_that_does(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp", "lookup_secret")
    walker.open("/keys/?a=1")
    walker.sign_in(person)
    walker.confirm(person, "lookup_secret")
    assert (walker.at, walker.heading) == ("/keys/?a=1", USE_APP)
    assert "Recovery code" in walker.text
    walker.press("I already have one")
    walker.assert_asked(REFRESH)
    walker.confirm(person, "totp")
    walker.assert_at("/keys/?a=1", person)


def test_nobody_spends_a_second_code_on_a_page_that_wants_an_app(ground: Ground, walker: Walker) -> None:
    """Somebody with codes by e-mail alone: one for the sign-in, then the page says what to set up."""
    ground.ory.configure("strict", code_mfa=True)
    person = ground.ory.add_person("code")
    walker.open("/keys/?a=1")
    walker.sign_in(person)
    walker.confirm(person, "code")
    assert (walker.at, walker.heading) == ("/keys/?a=1", USE_APP)
    assert "One-time code" in walker.text
    assert not {"cookie", "clock"} & set(walker.text.lower().split())
    sent = codes_sent_to(person, ground)

    for _ in range(3):
        assert walker.status_of("/keys/?a=1") == 403
    walker.press("Set up an authenticator app")
    walker.assert_asked(SETTINGS)
    walker.enrol_totp()

    walker.assert_at("/keys/?a=1", person)
    assert (codes_sent_to(person, ground), sent) == (1, 1)


def test_page_says_what_counts_before_a_code_is_spent(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp", "lookup_secret")
    walker.reach("/dashboard/", person, "password", "lookup_secret")
    left = len(person.factors["lookup_secret"])

    walker.open("/keys/?a=1")

    assert (walker.at, walker.heading) == ("/keys/?a=1", USE_APP)
    walker.press("Continue")
    walker.assert_asked(REFRESH)
    walker.confirm(person, "totp")
    walker.assert_at("/keys/?a=1", person)
    assert len(person.factors["lookup_secret"]) == left


def codes_sent_to(person: Person, ground: Ground) -> int:
    """How many messages with a code Ory has for ``person``."""
    messages = ground.ory.messages_to(person)
    return sum(bool(CODE.search(message)) for message in messages)


def test_step_up_from_the_security_page(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.open("/account/security/")
    walker.press(SIGN_IN)
    walker.sign_in(person)
    walker.confirm(person, "totp")
    walker.assert_at("/account/security/")
    assert "Your account is protected by two\u2011step verification." in walker.text
    walker.press("Confirm now")
    walker.assert_asked(REFRESH)
    walker.confirm(person, "totp")
    walker.assert_at("/account/security/")
