"""A view that wants certain methods says so before a visitor spends a code that does not count."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.core import signing
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from django_ory_mfa.roundtrip.hops import COOKIE, SALT
from django_ory_mfa.runtime.clock import now
from django_ory_mfa.signals import step_up_completed
from django_ory_mfa.testing import FakeOry, assert_denied, assert_step_up
from tests.site import Site, location

ORY = "http://127.0.0.1:4433/self-service"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _code_by_mail(ory: FakeOry) -> None:
    """A code by e-mail is a second factor, as in Ory's guide."""
    ory.code_mfa = True


def told(response: Any) -> tuple[bool, str]:
    """Whether this is the page, and what its main action leads to."""
    names = [template.name for template in response.templates]
    text = response.content.decode()
    primary = text.partition('<a class="ory-mfa-button" href="')[2].partition('"')[0]
    return response.status_code == 403 and "ory_mfa/use_method.html" in names, primary.partition("?")[0]


def is_told_before(response: Any) -> bool:
    return told(response) == (True, f"{ORY}/login/browser")


def is_told_after(response: Any) -> bool:
    return told(response) == (True, f"{ORY}/settings/browser")


# Before going to Ory.


def test_page_comes_before_the_first_trip(site: Site, ory: FakeOry) -> None:
    ory.login(site, methods={"code"})

    response = site.get("totp?a=1&b=2")

    text = response.content.decode()
    back = quote(f"http://testserver/{site.mode}/totp?a=1&b=2", safe="")
    assert is_told_before(response)
    assert f'href="{ORY}/login/browser?refresh=true&amp;aal=aal2&amp;return_to={back}"' in text
    assert f'href="{ORY}/settings/browser?return_to={back}"' in text
    assert "Use your authenticator app" in text
    assert "Set up an authenticator app" in text
    assert response.headers["Cache-Control"] == "no-store"


def test_page_comes_before_the_step_up(site: Site, ory: FakeOry) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"code", "totp"})

    response = site.get("totp")

    assert is_told_before(response)
    assert "login/browser?aal=aal2&amp;" in response.content.decode()


def test_page_comes_while_ory_hides_the_session(site: Site, ory: FakeOry) -> None:
    ory.login(site, aal="aal1", second_factors={"code", "totp"})

    assert is_told_before(site.get("totp"))


def test_page_may_be_opened_again_and_again(site: Site, ory: FakeOry) -> None:
    ory.login(site, methods={"code"})

    assert [is_told_before(site.get("totp")) for _ in range(6)] == [True] * 6


def test_page_answers_a_form_too(site: Site, ory: FakeOry) -> None:
    ory.login(site, methods={"code"})

    assert is_told_before(site.post("totp"))


def test_who_has_used_the_method_is_sent_to_ory_at_once(site: Site, ory: FakeOry) -> None:
    ory.login(site, age=700)

    assert location(site.get("fresh-totp")).startswith(f"{ORY}/login/browser?refresh=true&aal=aal2")


def test_view_that_names_no_method_redirects_at_once(site: Site, ory: FakeOry) -> None:
    ory.login(site, age=700, methods={"code"})

    assert location(site.get("fresh")).startswith(f"{ORY}/login/browser?refresh=true&aal=aal2")


def test_sign_in_is_not_delayed(site: Site, ory: FakeOry) -> None:
    assert location(site.get("totp")).startswith(f"{ORY}/login/browser?return_to=")


def test_what_else_ory_demands_is_not_about_methods(site: Site, ory: FakeOry) -> None:
    verification = f"{ORY}/verification/browser"
    body = {"error": {"id": "session_verified_address_required"}, "redirect_browser_to": verification}
    ory.login(site)
    ory.fail(403, json.dumps(body).encode(), path="/sessions/whoami")

    assert location(site.get("totp")).startswith(verification)


# Back from Ory with another method.


def test_first_return_with_another_method_ends_on_the_page(site: Site, ory: FakeOry) -> None:
    session = ory.login(site, methods={"code"}, age=60)
    site.get("totp")
    session.prove("code")

    responses = [site.get("totp") for _ in range(5)]

    assert [is_told_after(response) for response in responses] == [True] * 5
    text = responses[0].content.decode()
    assert "One-time code" in text
    assert "I already have one" in text
    assert "cookie" not in text
    assert "clock" not in text


def test_sign_in_with_another_method_ends_on_the_page(site: Site, ory: FakeOry) -> None:
    """One code went into the sign-in; the page asks for no other."""
    assert site.get("totp").status_code == 302
    ory.login(site, methods={"lookup_secret"})

    response = site.get("totp")

    assert is_told_after(response)
    assert "Recovery code" in response.content.decode()


def test_fresh_proof_of_another_method_is_not_asked_for_twice(site: Site, ory: FakeOry) -> None:
    """Somebody who has an app, but gave a mailed code when a fresh proof by the app was due."""
    session = ory.login(site, age=700)
    assert site.get("fresh-totp").status_code == 302
    session.prove("code")

    response = site.get("fresh-totp")

    assert is_told_before(response)
    assert "Set up an authenticator app" not in response.content.decode()
    session.prove("totp")
    assert site.get("fresh-totp").status_code == 200


def test_return_without_any_proof_is_no_return_with_another_method(site: Site, ory: FakeOry) -> None:
    ory.login(site, methods={"code"}, age=60)
    site.get("totp")

    assert is_told_before(site.get("totp"))


def test_password_before_the_second_factor_is_no_wrong_method(site: Site, ory: FakeOry) -> None:
    ory.required_aal = "aal1"
    assert site.get("totp").status_code == 302
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert is_told_before(site.get("totp"))


def test_right_method_opens_the_page_and_is_signalled(site: Site, ory: FakeOry) -> None:
    heard: list[Any] = []

    def hear(**kwargs: Any) -> None:
        heard.append(kwargs["requirement"])

    session = ory.login(site, methods={"code"}, age=60)
    site.get("totp")
    session.prove("totp")
    step_up_completed.connect(hear)
    try:
        response = site.get("totp")
    finally:
        step_up_completed.disconnect(hear)

    assert (response.status_code, len(heard)) == (200, 1)
    assert site.cookies[COOKIE].value == ""


def test_setting_the_method_up_opens_the_page(site: Site, ory: FakeOry) -> None:
    session = ory.login(site, methods={"code"}, age=60)
    site.get("totp")
    session.prove("code")
    assert is_told_after(site.get("totp"))
    session.enrol("totp")

    assert site.get("totp").status_code == 200


# Other clients.


def test_script_is_told_the_methods(site: Site, ory: FakeOry) -> None:
    ory.login(site, methods={"code"})

    response = site.json("totp")

    error = json.loads(response.content)["error"]
    assert (response.status_code, error["id"]) == (403, "session_refresh_required")
    assert error["details"]["methods"] == ["totp"]
    assert COOKIE not in site.cookies


def test_htmx_is_sent_to_ory_once(site: Site, ory: FakeOry) -> None:
    session = ory.login(site, methods={"code"}, age=60)
    first = site.get("totp", headers=HTMX)
    session.prove("code")

    second = site.get("totp", headers=HTMX)

    assert (first.status_code, first.headers["HX-Redirect"].partition("?")[0]) == (200, f"{ORY}/login/browser")
    assert is_told_after(second)


@pytest.mark.parametrize("options", [{"method": "head"}, {"headers": {"Sec-Purpose": "prefetch"}}], ids=str)
def test_nobody_is_told_what_nobody_asked_for(site: Site, ory: FakeOry, options: dict[str, Any]) -> None:
    ory.login(site, methods={"code"})

    response = site.request(options.get("method", "get"), "totp", headers=options.get("headers", {}))

    assert (response.status_code, response.content, COOKIE in site.cookies) == (403, b"", False)


def test_tests_of_a_site_see_a_step_up(site: Site, ory: FakeOry) -> None:
    ory.login(site, methods={"code"})

    response = site.get("totp")

    assert_step_up(response)
    assert_denied(response, id="session_refresh_required")


# Forged and foreign entries.


@pytest.mark.parametrize("who", ["person forged", "credential forged", "browser ", ""])
def test_entry_of_somebody_else_grants_nothing(site: Site, ory: FakeOry, who: str) -> None:
    """It may choose the words of the page, and nothing else."""
    ory.login(site, methods={"code"}, age=60)
    site.get("totp")
    (entry,) = signing.loads(site.cookies[COOKIE].value, salt=SALT)
    entry[2] = entry[3] = (now() - timedelta(seconds=120)).timestamp()
    entry[4] = who
    site.set_cookie(COOKIE, signing.dumps([entry], salt=SALT))

    assert is_told_after(site.get("totp"))


@pytest.mark.parametrize("signed", [True, False])
@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(text=st.text("abc:._-0Z", max_size=60), times=st.integers(-5, 10), moment=st.floats(0, 4e9))
def test_no_cookie_opens_the_page(
    site: Site, ory: FakeOry, text: str, times: int, moment: float, *, signed: bool
) -> None:
    """Whatever the cookie says, signed by this site or not, the page stays closed and nothing fails."""
    site.cookies.clear()
    ory.login(site, methods={"code"})
    site.get("totp")
    (entry,) = signing.loads(site.cookies[COOKIE].value, salt=SALT)
    entry[1:4] = [times, moment, moment]
    site.set_cookie(COOKIE, signing.dumps([entry, [text]], salt=SALT) if signed else text)

    response = site.get("totp")

    assert told(response)[0]
