"""What people do and what the site answers, on fake, emulated and real Ory alike, strict and lax, sync and async.

The numbers are those of the consequences that real servers taught: what a site has to do because Ory does what it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from django_ory_mfa.testing import FakeProof, assert_denied, installed
from tests.servers.fake import FakeServer
from tests.servers.kratos import NAVIGATION
from tests.site import MODES, Site, location

CLAIM = "highest_available"
# What the documents put before ours. The tests of single behaviours go without, these do not.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_ory_mfa.middleware.OrySessionMiddleware",
]


def places(*servers: str) -> list[Any]:
    """Each server with the site in each mode."""
    # A fake and Kratos are asked in both modes. What another version and HTTP add has nothing to do with the mode.
    one_mode = {("sync", "emulator"), ("async", "2026-07-29")} if len(servers) > 2 else set()
    return [
        pytest.param((mode, server), marks=[pytest.mark.kratos] if server == "kratos" else [], id=f"{mode}-{server}")
        for mode in MODES
        for server in servers
        if (mode, server) not in one_mode
    ]


def on(*servers: str) -> pytest.MarkDecorator:
    """The scenario is not one for all servers."""
    return pytest.mark.parametrize("place", places(*servers), indirect=True)


@pytest.fixture(params=places("v1.3.1", "2026-07-29", "emulator", "kratos"))
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The mode of the site, and which server it asks."""
    mode, server = request.param
    return mode, server


@pytest.fixture
def mode(place: tuple[str, str]) -> str:
    """Sync or async, as the place says."""
    return place[0]


@pytest.fixture
def server(place: tuple[str, str], request: pytest.FixtureRequest, settings: Any) -> Iterator[Any]:
    """A fake Ory in process, of either recorded version, the emulator over HTTP, or a real Kratos."""
    _, name = place
    with ExitStack() as stack:
        if name in ("emulator", "kratos"):
            chosen = request.getfixturevalue(name)
        else:
            chosen = FakeServer(name)
            stack.enter_context(installed(chosen.ory))
        settings.ORY_MFA_SDK_URL = chosen.public_url
        settings.ROOT_URLCONF = "tests.scenario_urls"
        settings.MIDDLEWARE = MIDDLEWARE
        yield chosen


@pytest.fixture(params=["strict", "lax"])
def ory_mode(request: pytest.FixtureRequest, server: Any, settings: Any) -> str:
    """Whether Ory itself asks for the highest factor; the site says truly what is configured."""
    mode = str(request.param)
    server.configure(mode)
    if mode == "strict":
        settings.ORY_MFA_WHOAMI_REQUIRED_AAL = settings.ORY_MFA_SETTINGS_REQUIRED_AAL = CLAIM
    return mode


@pytest.fixture
def strict(server: Any, settings: Any) -> None:
    """Ory itself asks for the highest factor, and the site says so."""
    server.configure("strict")
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = settings.ORY_MFA_SETTINGS_REQUIRED_AAL = CLAIM


class Visitor:
    """A browser that talks to the site and to Ory."""

    def __init__(self, site: Site, server: Any, person: Any, *methods: str) -> None:
        self.site, self.server, self.person = site, server, person
        self.browser = server.open_browser(person, *methods)

    def get(self, path: str, **options: Any) -> Any:
        self.site.set_cookie(*self.browser.session_cookie)
        return self.site.get(path, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> Any:
        self.site.set_cookie(*self.browser.session_cookie)
        return self.site.post(path, data, **options)


def visit(site: Site, server: Any, *methods: str, factors: tuple[str, ...] = ()) -> Visitor:
    """Somebody new with ``factors`` who signed in by ``methods``."""
    return Visitor(site, server, server.add_person(*factors), *(methods or ("password",)))


def flow(server: Any, response: Any) -> dict[str, str]:
    """The parameters of Ory's login flow that ``response`` redirects to, without ``return_to``."""
    assert response.status_code in (302, 303)
    base, _, query = location(response).partition("?")
    assert base == f"{server.public_url}/self-service/login/browser"
    return {name: values[0] for name, values in parse_qs(query).items() if name != "return_to"}


LOGIN: dict[str, str] = {}
STEP_UP = {"aal": "aal2"}
REFRESH = {"refresh": "true", "aal": "aal2"}


# The guide's user flow.


def test_stranger_is_sent_to_login_and_back(site: Site, server: Any, ory_mode: str) -> None:
    response = site.get("aal2?a=1&b=2")

    assert flow(server, response) == LOGIN
    assert parse_qs(urlsplit(location(response)).query)["return_to"] == [f"http://testserver/{site.mode}/aal2?a=1&b=2"]


@pytest.mark.parametrize("factor", ["totp", "lookup_secret"])
def test_password_then_second_factor_opens_the_page(site: Site, server: Any, ory_mode: str, factor: str) -> None:
    visitor = visit(site, server, factors=(factor,))

    assert flow(server, visitor.get("aal2")) == STEP_UP
    visitor.browser.prove(factor)
    assert visitor.get("aal2").status_code == 200


def test_password_then_code_by_email_opens_the_page(site: Site, server: Any, ory_mode: str) -> None:
    server.configure(ory_mode, code_mfa=True)
    visitor = visit(site, server, factors=("code",))

    asked = visitor.get("aal2")
    if ory_mode == "strict":
        assert flow(server, asked) == STEP_UP
    else:
        # Codes by e-mail show nowhere in the settings flow: the page offers both ways.
        assert asked.status_code == 403
        assert "/self-service/login/browser?aal=aal2" in asked.content.decode()
    visitor.browser.prove("code")
    assert visitor.get("aal2").status_code == 200


def test_password_is_enough_for_aal1(site: Site, server: Any, ory_mode: str) -> None:
    assert visit(site, server).get("aal1").status_code == 200


def test_second_factor_is_due_even_for_aal1_where_ory_says_so(site: Site, server: Any, ory_mode: str) -> None:
    response = visit(site, server, factors=("totp",)).get("aal1")

    if ory_mode == "strict":
        assert flow(server, response) == STEP_UP
    else:
        assert response.status_code == 200


def test_session_says_what_was_proved(site: Site, server: Any, ory_mode: str) -> None:
    visitor = visit(site, server, "password", "totp", factors=("totp",))

    facts = visitor.get("session").json()

    assert facts == {
        "state": "active",
        "authenticated": True,
        "signed_in": True,
        "aal": "aal2",
        "identity": visitor.person.id,
        "methods": ["password", "totp"],
    }


def test_session_hidden_by_ory_is_signed_in_but_not_authenticated(site: Site, server: Any, strict: None) -> None:
    facts = visit(site, server, factors=("totp",)).get("session").json()

    assert (facts["state"], facts["authenticated"], facts["signed_in"]) == ("step_up_required", False, True)
    assert (facts["aal"], facts["identity"]) == ("aal0", None)


# Highest factor available.


def test_highest_available_lets_those_without_a_second_factor_in(site: Site, server: Any, strict: None) -> None:
    assert visit(site, server).get("highest").status_code == 200


def test_highest_available_asks_those_who_have_one(site: Site, server: Any, strict: None) -> None:
    visitor = visit(site, server, factors=("totp",))

    assert flow(server, visitor.get("highest")) == STEP_UP
    visitor.browser.prove("totp")
    assert visitor.get("highest").status_code == 200


def test_highest_available_by_the_settings_flow_alone(site: Site, server: Any, settings: Any) -> None:
    server.configure("lax", settings_required_aal=CLAIM)
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = CLAIM

    assert visit(site, server).get("highest").status_code == 200
    assert flow(server, visit(site, server, factors=("totp",)).get("highest")) == STEP_UP


def test_highest_available_without_a_claim_asks_for_a_second_factor(site: Site, server: Any) -> None:
    server.configure("lax")

    assert visit(site, server).get("highest").status_code == 403
    assert flow(server, visit(site, server, factors=("totp",)).get("highest")) == STEP_UP


# 1. settings.required_aal = aal1: the settings flow tells nothing and is not asked.


def test_settings_at_aal1_say_nothing_of_a_second_factor(site: Site, server: Any, settings: Any) -> None:
    server.configure("lax")
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "aal1"

    assert flow(server, visit(site, server).get("aal2")) == STEP_UP


# 2. One credential.


def test_token_beside_a_broken_cookie_is_accepted(site: Site, server: Any, ory_mode: str) -> None:
    token = server.session_token(server.add_person("totp"), "password", "totp")
    site.set_cookie("ory_kratos_session", "garbage")

    assert site.get("aal2", headers={"X-Session-Token": token}).status_code == 200


def test_token_beside_somebody_elses_cookie_is_who_it_names(site: Site, server: Any, ory_mode: str) -> None:
    somebody = server.add_person("totp")
    token = server.session_token(somebody, "password", "totp")
    visitor = visit(site, server)

    response = visitor.get("session", headers={"X-Session-Token": token})

    assert response.json()["identity"] == somebody.id
    assert "ory_kratos_session" not in response.cookies


def test_bearer_token_is_accepted(site: Site, server: Any, ory_mode: str) -> None:
    token = server.session_token(server.add_person("totp"), "password", "totp")

    assert site.get("aal2", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_token_at_aal1_is_told_to_step_up(site: Site, server: Any, ory_mode: str) -> None:
    token = server.session_token(server.add_person("totp"), "password")

    response = site.get("aal2", headers={"X-Session-Token": token})

    assert response.status_code == 401
    assert 'acr_values="aal2"' in response.headers["WWW-Authenticate"]
    assert response.json()["error"]["id"] == "session_aal2_required"


# 3. Duplicate cookies, in the order of the header.


@pytest.mark.parametrize("order", ["bad first", "good first"])
def test_duplicate_cookies_are_all_shown_to_ory(site: Site, server: Any, ory_mode: str, order: str) -> None:
    name, value = server.open_browser(server.add_person("totp"), "password", "totp").session_cookie
    values = ["garbage", value] if order == "bad first" else [value, "garbage"]

    response = site.get("aal2", headers={"Cookie": "; ".join(f"{name}={one}" for one in values)})

    assert response.status_code == 200


def test_first_of_two_sessions_counts(site: Site, server: Any, ory_mode: str) -> None:
    first, second = server.add_person(), server.add_person()
    (name, one), (_, two) = (server.open_browser(person, "password").session_cookie for person in (first, second))

    response = site.get("session", headers={"Cookie": f"{name}={one}; other=x; {name}={two}"})

    assert response.json()["identity"] == first.id


# 4. Many cookie values name one session.


def test_old_cookie_value_sees_the_new_level(site: Site, server: Any, ory_mode: str) -> None:
    visitor = visit(site, server, factors=("totp",))
    old = visitor.browser.session_cookie
    visitor.browser.prove("totp")
    site.set_cookie(*old)

    assert site.get("aal2").status_code == 200


# 5 and 11. A stale proof is renewed by refresh=true&aal=aal2, and by the second factor only.


def test_stale_proof_is_asked_for_again_and_renewed(site: Site, server: Any, strict: None) -> None:
    visitor = visit(site, server, "password", "totp", factors=("totp",))
    assert visitor.get("within/600").status_code == 200
    server.let_time_pass(1.1)

    assert flow(server, visitor.get("within/1")) == REFRESH
    visitor.browser.prove("password", refresh=True)
    assert flow(server, visitor.get("within/1")) == REFRESH
    visitor.browser.prove("totp", refresh=True)
    assert visitor.get("within/1").status_code == 200


def test_missing_proof_is_stepped_up_to(site: Site, server: Any, ory_mode: str) -> None:
    visitor = visit(site, server, factors=("totp",))

    assert flow(server, visitor.get("fresh")) == STEP_UP
    visitor.browser.prove("totp")
    assert visitor.get("fresh").status_code == 200


# 6. Nobody is sent to a form without fields.


def test_person_without_second_factor_is_told_to_set_one_up(site: Site, server: Any, ory_mode: str) -> None:
    response = visit(site, server).get("aal2")

    assert response.status_code == 403
    assert f"{server.public_url}/self-service/settings/browser?return_to=" in response.content.decode()


@on("2026-07-29")
def test_upstream_second_factor_is_proved_again_by_the_provider(site: Site, server: Any, ory_mode: str) -> None:
    """Only newer servers know a second factor of the provider."""
    ory = server.ory
    old = FakeProof("oidc", "aal2", "2020-01-01T00:00:00Z", provider="idp")
    session = ory.add_session(ory.add_identity(), old)
    site.set_cookie(ory.cookie_name, session.cookie)

    assert flow(server, site.get("fresh")) == {"refresh": "true"}


# 8. A 403 does not mean that there is a usable factor: the way out works.


def test_signing_out_works_while_a_second_factor_is_due(site: Site, server: Any, strict: None) -> None:
    visitor = visit(site, server, factors=("totp",))

    response = visitor.post("/account/security/logout/", {"next": f"/{site.mode}/public"})

    assert response.status_code == 303
    assert location(response).startswith(f"{server.public_url}/self-service/logout?token=ory_lo_")
    assert visitor.browser.follow_logout(location(response)) == 303
    assert flow(server, site.get("aal2")) == LOGIN


def test_loop_ends_in_an_explanation(site: Site, server: Any, strict: None) -> None:
    visitor = visit(site, server, factors=("totp",))

    answers = [visitor.get("aal2").status_code for _ in range(4)]

    assert answers == [302, 302, 302, 403]
    assert "/self-service/login/browser?aal=aal2" in visitor.get("aal2").content.decode()


@on("v1.3.1", "kratos")
def test_code_mfa_on_this_version_counts_everybody(site: Site, server: Any, strict: None) -> None:
    """Only the older server does, and locks people without an address out; newer ones let them be."""
    server.configure("strict", code_mfa=True)
    visitor = visit(site, server)

    assert flow(server, visitor.get("highest")) == STEP_UP


@on("2026-07-29")
def test_code_mfa_on_newer_versions_counts_those_with_an_address(site: Site, server: Any, strict: None) -> None:
    server.configure("strict", code_mfa=True)

    assert visit(site, server).get("highest").status_code == 200


# 9. Levels move both ways while a session lives.


def test_second_factor_set_up_elsewhere_is_due_here(site: Site, server: Any, strict: None) -> None:
    visitor = visit(site, server)
    assert visitor.get("highest").status_code == 200

    server.open_browser(visitor.person, "password").enrol("totp")

    assert flow(server, visitor.get("highest")) == STEP_UP


def test_second_factor_removed_is_no_longer_due(site: Site, server: Any, strict: None) -> None:
    visitor = visit(site, server, factors=("totp",))
    assert flow(server, visitor.get("highest")) == STEP_UP

    server.remove_factor(visitor.person, "totp")

    assert visitor.get("highest").status_code == 200
    assert visitor.get("aal2").status_code == 403


def test_disabled_person_is_out_and_comes_back_when_enabled(site: Site, server: Any, ory_mode: str) -> None:
    visitor = visit(site, server, "password", "totp", factors=("totp",))

    server.set_identity_state(visitor.person, "inactive")
    assert flow(server, visitor.get("aal2")) == LOGIN
    server.set_identity_state(visitor.person, "active")
    assert visitor.get("aal2").status_code == 200


# 12. A session that is gone leads to plain login, never to aal=aal2.


def test_revoked_session_is_sent_to_plain_login(site: Site, server: Any, ory_mode: str) -> None:
    visitor = visit(site, server, factors=("totp",))
    server.revoke_sessions(visitor.person)

    assert flow(server, visitor.get("aal2")) == LOGIN
    assert flow(server, visitor.get("/account/security/step-up/")) == LOGIN


# 13. Only a click opens an aal2 flow.


@pytest.mark.parametrize("headers", [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}])
def test_prefetch_is_not_sent_to_ory(site: Site, server: Any, ory_mode: str, headers: dict[str, str]) -> None:
    response = visit(site, server, factors=("totp",)).get("aal2", headers=headers)

    assert (response.status_code, location(response), response.content) == (403, "", b"")


def test_head_is_not_sent_to_ory(site: Site, server: Any, ory_mode: str) -> None:
    visitor = visit(site, server, factors=("totp",))
    site.set_cookie(*visitor.browser.session_cookie)

    response = site.request("head", "aal2")

    assert (response.status_code, location(response), response.content) == (403, "", b"")


# 14. return_to comes back byte for byte.


@on("emulator", "kratos")
def test_return_to_survives_the_flow(site: Site, server: Any, strict: None) -> None:
    """Only over HTTP is there a flow to walk."""
    visitor = visit(site, server, factors=("totp",))
    query = urlencode({"q": "a b&c=d/ü", "page": "2"})

    started = visitor.get(f"aal2?{query}")
    back = visitor.browser.complete(visitor.browser.fetch_flow(location(started)), "totp", accept=NAVIGATION)

    assert back.headers["Location"] == f"http://testserver/{site.mode}/aal2?{query}"
    assert visitor.get("aal2").status_code == 200


# 15. Setting a second factor up is a proof.


def test_enrolling_opens_the_page_at_once(site: Site, server: Any, ory_mode: str) -> None:
    visitor = visit(site, server)
    assert visitor.get("aal2").status_code == 403

    visitor.browser.enrol("totp")

    assert visitor.get("aal2").status_code == 200
    assert visitor.get("fresh-totp").status_code == 200


# 17. Not every second factor is good for everything.


def test_another_method_than_the_wanted_one_is_refreshed(site: Site, server: Any, ory_mode: str) -> None:
    visitor = visit(site, server, "password", "lookup_secret", factors=("totp", "lookup_secret"))

    assert visitor.get("aal2").status_code == 200
    told = visitor.get("totp")
    assert_denied(told, id="session_refresh_required")
    assert f'href="{server.public_url}/self-service/login/browser?refresh=true&amp;aal=aal2' in told.content.decode()
    visitor.browser.prove("totp", refresh=True)
    assert visitor.get("totp").status_code == 200


# Site-wide, settings page, step-up.


def test_settings_page_shows_what_was_proved(site: Site, server: Any, ory_mode: str) -> None:
    text = visit(site, server, "password", "totp", factors=("totp",)).get("/account/security/").content.decode()

    assert "aal2" in text
    assert "Authenticator app" in text


def test_step_up_link_leads_to_ory_and_back(site: Site, server: Any, ory_mode: str) -> None:
    visitor = visit(site, server, factors=("totp",))
    link = f"/account/security/step-up/?next=/{site.mode}/aal2"

    response = visitor.get(link)
    assert flow(server, response) == STEP_UP
    assert parse_qs(urlsplit(location(response)).query)["return_to"] == [f"http://testserver/{site.mode}/aal2"]
    visitor.browser.prove("totp")
    assert location(visitor.get(link)) == f"http://testserver/{site.mode}/aal2"


@pytest.mark.parametrize("value", ["", "garbage", "x" * 5000, "ory_st_x", '"', "a b", "ü", "a,b;c"])
def test_garbage_cookie_is_a_stranger(site: Site, server: Any, strict: None, value: str) -> None:
    response = site.get("aal2", headers={"Cookie": f"ory_kratos_session={value}".encode().decode("latin-1")})

    assert flow(server, response) == LOGIN
