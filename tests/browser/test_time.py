"""What time, other people and administrators do to somebody who is signed in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.browser.conftest import OpenBrowser
from tests.browser.servers import Ground
from tests.browser.walker import ENROLL, NO_COOKIE, REFRESH, SECOND_FACTOR, SIGN_IN, USE_KEY, Walker

# A little more than the pages with a short max_age allow.
TOO_LONG = 2.2


def test_second_factor_is_given_once_more(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.reach("/fresh/?a=1", person, "password", "totp")
    ground.ory.let_time_pass(TOO_LONG)

    walker.open("/fresh/?a=1")
    walker.assert_asked(REFRESH)
    assert walker.page.locator("input[name=password]").count() == 0
    walker.confirm(person, "totp")

    walker.assert_at("/fresh/?a=1", person)


@pytest.mark.emulator_only
def test_proof_of_more_than_ten_minutes_ago(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("lookup_secret")
    walker.reach("/transfer/?a=1", person, "password", "lookup_secret")
    ground.ory.let_time_pass(660)
    walker.open("/dashboard/")
    walker.assert_at("/dashboard/", person)
    walker.open("/transfer/?a=1")
    walker.assert_asked(REFRESH)
    walker.confirm(person, "lookup_secret")
    walker.assert_at("/transfer/?a=1", person)


def test_password_is_given_once_more(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person()
    walker.reach("/recent/?a=1", person, "password")
    ground.ory.let_time_pass(TOO_LONG)
    walker.open("/recent/?a=1")
    walker.assert_asked(REFRESH)
    walker.give_password(person)
    walker.assert_at("/recent/?a=1", person)


def test_other_person_at_refresh_gets_no_level(ground: Ground, walker: Walker) -> None:
    """Ory accepts it; the other person is then signed in, with nothing but a password."""
    first, second = ground.ory.add_person("totp"), ground.ory.add_person()
    walker.reach("/dashboard/", first, "password", "totp")
    ground.ory.let_time_pass(TOO_LONG)
    walker.open("/recent/?a=1")
    walker.assert_asked(REFRESH)
    walker.give_password_instead(second)

    walker.assert_at("/recent/?a=1", second)
    assert first.email not in walker.text
    walker.open("/dashboard/")
    assert walker.heading == ENROLL
    assert walker.status_of("/fresh/") == 403


def test_other_person_with_a_second_factor_at_refresh(ground: Ground, walker: Walker) -> None:
    first, second = ground.ory.add_person("totp"), ground.ory.add_person("totp")
    walker.reach("/dashboard/", first, "password", "totp")
    ground.ory.let_time_pass(TOO_LONG)
    walker.open("/recent/?a=1")
    walker.give_password_instead(second)
    # A strict Ory asks at once, another one as soon as a page needs it.
    walker.open("/dashboard/?a=1")
    walker.assert_asked(SECOND_FACTOR)
    walker.confirm(second, "totp")
    walker.assert_at("/dashboard/?a=1", second)


def test_disabled_person_loses_access_at_once(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.reach("/dashboard/", person, "password", "totp")

    ground.ory.set_identity_state(person, "inactive")
    walker.open("/dashboard/")
    walker.assert_asked(SIGN_IN)
    walker.sign_in(person)
    assert "disabled" in walker.text
    walker.open("/dashboard/")
    walker.assert_asked(SIGN_IN)

    ground.ory.set_identity_state(person, "active")
    walker.open("/dashboard/")
    walker.assert_at("/dashboard/", person)


def test_disabled_while_the_second_factor_is_asked_for(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.open("/dashboard/")
    walker.sign_in(person)
    ground.ory.set_identity_state(person, "inactive")
    walker.confirm(person, "totp")
    assert walker.heading == "You are signed out"
    walker.press(SIGN_IN)
    walker.assert_asked(SIGN_IN)


def test_session_revoked_by_an_administrator(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.reach("/dashboard/?a=1", person, "password", "totp")
    ground.ory.revoke_sessions(person)
    walker.open("/")
    assert "You are not signed in." in walker.text
    walker.reach("/dashboard/?a=1", person, "password", "totp")


def test_second_factor_removed_by_an_administrator(ground: Ground, walker: Walker) -> None:
    """The session keeps its level; what needs a fresh proof says that there is nothing to prove with."""
    person = ground.ory.add_person("totp")
    walker.reach("/dashboard/", person, "password", "totp")
    ground.ory.remove_factor(person, "totp")
    ground.ory.let_time_pass(TOO_LONG)
    walker.open("/dashboard/")
    walker.assert_at("/dashboard/", person)
    walker.open("/fresh/?a=1")
    assert "There is nothing to confirm with yet" in walker.text
    walker.press("Set up two\u2011step verification")
    walker.enrol_totp()
    walker.assert_at("/fresh/?a=1", person)


def test_page_that_no_proof_satisfies_ends_in_an_explanation(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    walker.open("/never/?a=1")
    walker.sign_in(person)
    walker.confirm(person, "totp")

    assert (walker.at, walker.heading) == ("/never/?a=1", USE_KEY)
    assert walker.status_of("/never/?a=1") == 403
    walker.press("I already have one")
    walker.assert_asked(REFRESH)
    walker.open("/dashboard/")
    walker.assert_at("/dashboard/", person)
    walker.open("/never/?a=1")
    walker.press("Sign out")
    walker.open("/dashboard/")
    walker.assert_asked(SIGN_IN)


def test_session_cookie_of_nobody_ends_in_the_sign_in(ground: Ground, walker: Walker) -> None:
    name, value = ground.ory.open_browser(ground.ory.add_person(), "password").session_cookie
    walker.context.add_cookies([{"name": name, "value": value[::-1], "domain": "127.0.0.1", "path": "/"}])
    walker.open("/dashboard/?a=1")
    walker.assert_asked(SIGN_IN)


def test_site_whose_name_gets_no_cookie_of_ory_says_so(ground: Ground, walker: Walker) -> None:
    """As localhost beside 127.0.0.1: Ory knows who is there and sends the browser straight back."""
    url = f"{ground.site.url.replace('127.0.0.1', 'localhost')}/dashboard/?a=1"
    walker.open(url)
    walker.sign_in(ground.ory.add_person())

    assert (walker.page.url, walker.heading) == (url, NO_COOKIE)
    assert "localhost and 127.0.0.1" in walker.text
    assert walker.status_of(url) == 403


def test_tabs_and_wrong_passwords_are_no_loop(ground: Ground, walker: Walker) -> None:
    person = ground.ory.add_person("totp")
    tabs = [walker, walker.other_tab(), walker.other_tab()]
    for tab in tabs:
        tab.open("/dashboard/?a=1")
        tab.assert_asked(SIGN_IN)
    for _ in range(4):
        walker.sign_in(replace(person, password="wrong"))
        walker.assert_asked(SIGN_IN)
    walker.sign_in(person)
    walker.confirm(person, "totp")
    walker.assert_at("/dashboard/?a=1", person)
    for tab in tabs[1:]:
        tab.open("/dashboard/?a=1")
        tab.assert_at("/dashboard/?a=1", person)


def test_two_people_in_two_browsers_do_not_mix(ground: Ground, open_browser: OpenBrowser) -> None:
    first, second = open_browser(), open_browser()
    one, other = ground.ory.add_person("totp"), ground.ory.add_person("totp")
    first.reach("/dashboard/", one, "password", "totp")
    second.reach("/dashboard/", other, "password", "totp")
    for _ in range(3):
        first.open("/dashboard/")
        second.open("/inbox/")
        first.assert_at("/dashboard/", one)
        second.assert_at("/inbox/", other)
