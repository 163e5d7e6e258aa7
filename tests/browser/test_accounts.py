"""The life of an account on the package's own pages: sign-up, keys, rescue, verification.

It is lived before a real Kratos, on the emulator's own pages, and before the emulator with the pages of a site.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest

from tests.browser.accounts import ON_KRATOS, OWN_PAGES, PAGES_OF_SITE, account_ground
from tests.browser.conftest import TIMEOUT, artifacts_of, is_kept
from tests.browser.servers import Ground
from tests.browser.test_looks import Look
from tests.browser.walker import REFRESH, SECOND_FACTOR, SETTINGS, SIGN_IN, Walker
from tests.documents import documented_policy
from tests.servers.base import Person
from tests.servers.fixtures import BUILD
from tests.servers.kratos import totp_code

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

pytestmark = pytest.mark.browser

KRATOS = pytest.param(ON_KRATOS, marks=pytest.mark.kratos)
# What needs a script, and so may depend on where the pages are.
everywhere = pytest.mark.parametrize("accounts", [KRATOS, OWN_PAGES, PAGES_OF_SITE], indirect=True, scope="module")
KEY = {
    "protocol": "ctap2",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module", params=[KRATOS, OWN_PAGES])
def accounts(
    request: pytest.FixtureRequest, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    binary = None
    if request.param == ON_KRATOS and (binary := BUILD["kratos_binary"]()) is None:
        (pytest.fail if os.environ.get("REQUIRE_KRATOS") == "1" else pytest.skip)(BUILD["MISSING"])
    with account_ground(request.param, binary, tmp_path_factory.mktemp("accounts")) as ground:
        yield ground


@pytest.fixture
def visitor(request: pytest.FixtureRequest, chromium: Browser, accounts: Ground) -> Iterator[Walker]:
    """Somebody with a new browser, and a security key that is plugged in or, as ``internal``, in the machine."""
    context = chromium.new_context(locale="en-GB")
    context.set_default_timeout(TIMEOUT)
    walker = Walker(accounts, context)
    devices = context.new_cdp_session(walker.page)
    devices.send("WebAuthn.enable")
    # On a cable, or in the machine, where Kratos wants passkeys to be.
    transport = getattr(request, "param", "usb")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": {**KEY, "transport": transport}})
    yield walker
    context.close()


def somebody(accounts: Ground) -> Person:
    """Somebody who has no account yet."""
    return Person("", f"{secrets.token_hex(6)}@example.test", secrets.token_urlsafe(16))


def sign_up(walker: Walker, person: Person) -> None:
    walker.open("/profile/?a=1")
    walker.press("Create an account")
    assert walker.heading == "Create an account"
    walker.page.locator("input[name='traits.email']").fill(person.email)
    walker.press("Continue")
    walker.page.locator("input[name=password]").fill(person.password)
    walker.arrive(walker.page.locator("button[name=method][value=password]"))


def settings(walker: Walker) -> None:
    walker.open(f"{walker.ground.ory.public_url}/self-service/settings/browser")
    assert walker.heading == SETTINGS


def add_key(walker: Walker) -> None:
    """A security key as a second factor."""
    settings(walker)
    walker.unfold()
    walker.page.locator("input[name=webauthn_register_displayname]").fill("Blue key")
    with walker.page.expect_navigation(wait_until="load"):
        walker.page.locator("button[name=webauthn_register_trigger]").click()


def code_for(walker: Walker, person: Person) -> str:
    found = re.search(r"\b\d{6}\b", walker.ground.ory.messages_to(person)[-1])
    assert found is not None
    return found[0]


def sign_out(walker: Walker) -> None:
    walker.open("/account/security/")
    walker.press("Sign out")


def test_sign_up_leads_back_to_the_page(accounts: Ground, visitor: Walker) -> None:
    person = somebody(accounts)

    sign_up(visitor, person)

    visitor.assert_at("/profile/?a=1", person)
    assert "Your account is ready." in visitor.text
    visitor.press("Set up two\u2011step verification")
    assert visitor.heading == SETTINGS


def test_sign_up_that_is_refused_keeps_what_was_typed(accounts: Ground, visitor: Walker) -> None:
    person = accounts.ory.add_person()
    visitor.open("/profile/?a=1")
    visitor.press("Create an account")
    visitor.page.locator("input[name='traits.email']").fill(person.email)
    visitor.press("Continue")
    visitor.page.locator("input[name=password]").fill("correct horse battery staple")
    visitor.arrive(visitor.page.locator("button[name=method][value=password]"))

    assert visitor.heading == "Create an account"
    assert "exists already" in visitor.text


@everywhere
def test_security_key_is_added_and_confirms(accounts: Ground, visitor: Walker) -> None:
    person = somebody(accounts)
    sign_up(visitor, person)

    add_key(visitor)

    assert "Security key added." in visitor.text
    visitor.open("/never/?a=1")
    visitor.assert_at("/never/?a=1")
    sign_out(visitor)
    visitor.open("/never/?a=1")
    visitor.sign_in(person)
    visitor.assert_asked(SECOND_FACTOR)
    with visitor.page.expect_navigation(wait_until="load"):
        visitor.page.get_by_role("button", name="security key").click()
    visitor.assert_at("/never/?a=1")


@everywhere
def test_ory_script_is_checked_by_its_hash(accounts: Ground, visitor: Walker) -> None:
    sign_up(visitor, somebody(accounts))
    settings(visitor)

    scripts: list[dict[str, Any]] = visitor.page.eval_on_selector_all(
        "script", "all => all.map(each => ({src: each.src, integrity: each.integrity}))"
    )

    (of_ory,) = [script for script in scripts if script["src"].endswith("/webauthn.js")]
    assert of_ory["src"] == f"{accounts.ui}/webauthn.js"
    assert of_ory["integrity"].startswith("sha512-")
    assert visitor.page.evaluate("typeof window.oryWebAuthnRegistration") == "function"


@everywhere
def test_security_key_is_removed_only_after_a_second_question(accounts: Ground, visitor: Walker) -> None:
    sign_up(visitor, somebody(accounts))
    add_key(visitor)
    remove = visitor.page.locator("button[name=webauthn_remove]")
    assert remove.is_hidden()

    visitor.page.locator("details:has(button[name=webauthn_remove]) summary").click()
    visitor.arrive(remove)

    assert "Security key removed." in visitor.text
    assert remove.count() == 0


@everywhere
@pytest.mark.parametrize("visitor", ["internal"], indirect=True)
def test_passkey_signs_up_and_in(accounts: Ground, visitor: Walker) -> None:
    person = somebody(accounts)
    visitor.open("/profile/?a=1")
    # By the address, since a virtual machine offers no passkey while it has none.
    visitor.press("Create an account")
    visitor.page.locator("input[name='traits.email']").fill(person.email)
    visitor.press("Continue")

    with visitor.page.expect_navigation(wait_until="load"):
        visitor.page.get_by_role("button", name="Sign up with a passkey").click()

    visitor.assert_at("/profile/?a=1", person)
    settings(visitor)
    assert visitor.page.locator("button[name=passkey_remove]").is_disabled()
    sign_out(visitor)
    visitor.open("/profile/?a=1")
    visitor.page.wait_for_url(f"{accounts.site.url}/profile/?a=1")
    visitor.assert_at("/profile/?a=1", person)


@everywhere
@pytest.mark.parametrize("visitor", ["internal"], indirect=True)
def test_passkey_signs_in(accounts: Ground, visitor: Walker) -> None:
    person = somebody(accounts)
    sign_up(visitor, person)
    settings(visitor)
    visitor.unfold()
    with visitor.page.expect_navigation(wait_until="load"):
        visitor.page.locator("button[name=passkey_register_trigger]").click()
    assert "Passkey added." in visitor.text
    sign_out(visitor)

    visitor.open("/profile/?a=1")
    # A virtual machine offers its only passkey at once, where people choose it from the field of their address.
    visitor.page.wait_for_url(f"{accounts.site.url}/profile/?a=1")

    visitor.assert_at("/profile/?a=1", person)


@everywhere
def test_keys_without_javascript_say_so(accounts: Ground, visitor: Walker, chromium: Browser) -> None:
    person = somebody(accounts)
    sign_up(visitor, person)
    settings(visitor)
    context = chromium.new_context(locale="en-GB", java_script_enabled=False)
    context.add_cookies(visitor.context.cookies())  # type: ignore[arg-type]
    without = Walker(accounts, context)

    settings(without)

    without.page.locator("summary", has_text="Security keys").click()
    assert "need JavaScript, which is switched off in your browser" in without.text
    assert without.page.locator("button[name=webauthn_register_trigger]").is_hidden()
    context.close()


@pytest.mark.parametrize("kind", ["recovery", "verification"])
def test_code_can_be_sent_again_to_the_address_on_the_page(accounts: Ground, visitor: Walker, kind: str) -> None:
    person = accounts.ory.add_person()
    visitor.open(f"{accounts.ory.public_url}/self-service/{kind}/browser")
    visitor.page.locator("input[name=email]").fill(person.email)
    visitor.arrive(visitor.page.locator("button[name=method]"))
    for wrong in (False, True):
        if wrong:
            visitor.page.locator("input[name=code]").fill("000000")
            visitor.arrive(visitor.page.locator("button[name=method]"))
            assert "That code is wrong or too old" in visitor.text
        assert visitor.text.count(person.email) == 1
        assert visitor.page.locator("input:not([type=hidden])").count() == 1
        before = len(accounts.ory.messages_to(person))

        visitor.press("Send the code again")

        assert f"{person.email}" in visitor.text
        assert len(accounts.ory.messages_to(person)) == before + 1


def test_forgotten_password_is_replaced(accounts: Ground, visitor: Walker) -> None:
    person = accounts.ory.add_person()
    visitor.open("/profile/?a=1")
    visitor.press("Forgot your password?")
    assert visitor.heading == "Recover your account"
    visitor.page.locator("input[name=email]").fill(person.email)
    visitor.arrive(visitor.page.locator("button[name=method]"))
    assert "we e\u2011mailed a 6\u2011digit code" in visitor.text
    visitor.page.locator("input[name=code]").fill("000000")
    visitor.arrive(visitor.page.locator("form:has(input[name=code]) button").first)
    assert "That code is wrong or too old" in visitor.text
    visitor.page.locator("input[name=code]").fill(code_for(visitor, person))
    visitor.arrive(visitor.page.locator("form:has(input[name=code]) button").first)

    assert (visitor.heading, "You are signed in again." in visitor.text) == ("Choose a new password", True)
    assert visitor.page.locator("section input[name=password]").count() == 1
    person.password = secrets.token_urlsafe(16)
    visitor.page.locator("input[name=password]").fill(person.password)
    visitor.arrive(visitor.page.locator("button[name=method][value=password]"))
    sign_out(visitor)
    visitor.open("/profile/?a=1")
    visitor.sign_in(person)
    visitor.assert_at("/profile/?a=1", person)


@pytest.mark.parametrize("accounts", [KRATOS, PAGES_OF_SITE], indirect=True, scope="module")
def test_who_has_forgotten_the_password_of_a_fresh_proof_chooses_a_new_one(accounts: Ground, visitor: Walker) -> None:
    """Ory recovers no account that is signed in, so it is signed out first."""
    person = somebody(accounts)
    sign_up(visitor, person)
    visitor.open(f"{accounts.ory.public_url}/self-service/login/browser?refresh=true")
    assert visitor.heading == REFRESH

    visitor.press("Forgot your password?")

    assert (visitor.heading, "You are signed out." in visitor.text) == ("Recover your account", True)
    visitor.page.locator("input[name=email]").fill(person.email)
    visitor.arrive(visitor.page.locator("button[name=method]"))
    visitor.page.locator("input[name=code]").fill(code_for(visitor, person))
    visitor.arrive(visitor.page.locator("form:has(input[name=code]) button").first)
    assert (visitor.heading, "You are signed in again." in visitor.text) == ("Choose a new password", True)


@pytest.mark.parametrize("accounts", [KRATOS, PAGES_OF_SITE], indirect=True, scope="module")
@pytest.mark.parametrize("visitor", ["usb", "internal"], indirect=True)
def test_pages_of_keys_look_right(accounts: Ground, visitor: Walker, axe: str, request: pytest.FixtureRequest) -> None:
    look = Look(axe, artifacts_of(request.node) if is_kept() else None)
    person = somebody(accounts)
    visitor.open("/profile/?a=1")
    look.at(visitor, SIGN_IN)
    visitor.press("Create an account")
    visitor.page.locator("input[name='traits.email']").fill(person.email)
    visitor.press("Continue")
    look.at(visitor, "Create an account")
    visitor.page.locator("input[name=password]").fill(person.password)
    visitor.arrive(visitor.page.locator("button[name=method][value=password]"))
    settings(visitor)
    look.at(visitor, SETTINGS)
    visitor.unfold()
    look.at(visitor, SETTINGS)
    if request.node.callspec.params["visitor"] == "internal":
        visitor.unfold()
        with visitor.page.expect_navigation(wait_until="load"):
            visitor.page.locator("button[name=passkey_register_trigger]").click()
        look.at(visitor, SETTINGS)
        # Else a virtual machine confirms at once.
        visitor.page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")
        visitor.open(f"{accounts.ory.public_url}/self-service/login/browser?refresh=true")
        look.at(visitor, REFRESH)
    else:
        add_key(visitor)
        look.at(visitor, SETTINGS)
        visitor.page.locator("details:has(button[name=webauthn_remove]) summary").click()
        look.at(visitor, SETTINGS)
        sign_out(visitor)
        visitor.open("/never/?a=1")
        visitor.sign_in(person)
        look.at(visitor, SECOND_FACTOR)
        with visitor.page.expect_navigation(wait_until="load"):
            visitor.page.get_by_role("button", name="security key").click()
        visitor.open(f"{accounts.ory.public_url}/self-service/login/browser?refresh=true&aal=aal2")
        look.at(visitor, REFRESH)

    assert not look.complaints, "\n".join(look.complaints)


def test_address_is_verified(accounts: Ground, visitor: Walker) -> None:
    person = somebody(accounts)
    sign_up(visitor, person)
    visitor.open(f"{accounts.ory.public_url}/self-service/verification/browser?return_to={accounts.site.url}/profile/")
    assert visitor.heading == "Verify your e\u2011mail address"
    visitor.page.locator("input[name=email]").fill(person.email)
    visitor.arrive(visitor.page.locator("button[name=method]"))
    visitor.page.locator("input[name=code]").fill(code_for(visitor, person))
    visitor.arrive(visitor.page.locator("form:has(input[name=code]) button").first)

    if visitor.heading == "E\u2011mail verified":
        visitor.press("Continue")
    # The emulator's own pages lead to no other site by themselves; its start page has a link to it.
    if accounts.is_emulator:
        assert visitor.heading == "Ory emulator"
        visitor.press("Your application")
        visitor.open("/profile/")
    visitor.assert_at("/profile/")


def test_app_is_removed_only_after_a_second_question(accounts: Ground, visitor: Walker) -> None:
    sign_up(visitor, somebody(accounts))
    settings(visitor)
    key = visitor.page.locator(".ory-mfa-key code").inner_text()
    visitor.page.locator("input[name=totp_code]").fill(totp_code(key))
    visitor.arrive(visitor.page.locator("form:has(input[name=totp_code]) button[type=submit]"))
    assert "Authenticator app added." in visitor.text
    remove = visitor.page.locator("button[name=totp_unlink]")
    assert remove.is_hidden()

    visitor.page.get_by_text("Remove the authenticator app").click()
    visitor.arrive(remove)

    assert "Authenticator app removed." in visitor.text


def test_recovery_codes_are_kept_without_a_script(accounts: Ground, visitor: Walker) -> None:
    person = somebody(accounts)
    sign_up(visitor, person)
    settings(visitor)
    visitor.unfold()
    visitor.press("Create recovery codes")
    shown = visitor.page.locator("#ory-codes code").all_inner_texts()

    with visitor.page.expect_download() as saved:
        visitor.page.get_by_role("link", name="Download").click()

    assert saved.value.suggested_filename == f"recovery-codes-{urlsplit(visitor.page.url).netloc.replace(':', '-')}.txt"
    title, blank, *codes = saved.value.path().read_text().splitlines()
    assert title.startswith(f"Recovery codes for {person.email} at ")
    assert (blank, codes) == ("", shown)
    visitor.press("I have saved these codes")
    assert "Recovery codes saved." in visitor.text


def with_policy(route: Route, policy: str) -> None:
    response = route.fetch(max_redirects=0)
    route.fulfill(response=response, headers={**response.headers, "content-security-policy": policy})


@everywhere
def test_policy_of_the_documents_stops_nothing(accounts: Ground, visitor: Walker) -> None:
    text = documented_policy(accounts.ory.public_url)
    visitor.context.add_cookies([{"name": "csp", "value": quote(text), "url": accounts.site.url}])
    # What the site sends with each of its pages, the emulator's own pages get here.
    visitor.context.route(f"{accounts.ory.public_url}/ui/**", lambda route: with_policy(route, text))
    said: list[str] = []
    visitor.context.on("console", lambda message: said.append(message.text))
    person = somebody(accounts)

    sign_up(visitor, person)
    add_key(visitor)
    picture = visitor.page.locator(".ory-mfa-picture img")
    assert picture.evaluate("image => image.naturalWidth") > 0
    visitor.unfold()
    visitor.press("Create recovery codes")
    with visitor.page.expect_download():
        visitor.page.get_by_role("link", name="Download").click()
    visitor.press("I have saved these codes")
    sign_out(visitor)
    visitor.open("/never/?a=1")
    visitor.sign_in(person)
    visitor.page.get_by_role("button", name="security key").wait_for()
    with visitor.page.expect_navigation(wait_until="load"):
        visitor.page.get_by_role("button", name="security key").click()

    visitor.assert_at("/never/?a=1")
    assert visitor.page.request.get(f"{accounts.site.url}/").headers["content-security-policy"] == text
    assert [line for line in said if "Content Security Policy" in line] == []
