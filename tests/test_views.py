from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.urls import include, path

from django_ory_mfa import urls, views
from django_ory_mfa.core.own_views import is_own_view
from django_ory_mfa.ory.blocking_calls import MISSES_IN_A_ROW, SLOW
from django_ory_mfa.ory.service import get_ory
from django_ory_mfa.testing import FakeProof
from tests.clock import PassingTime
from tests.markup import as_read
from tests.ory.networks import crowd, is_limited
from tests.site import MODES, Site, location

ORY = "http://127.0.0.1:4433/self-service"
SETTINGS = "/account/security/"
LOGIN = "/account/security/login/"
STEP_UP = "/account/security/step-up/"
LOGOUT = "/account/security/logout/"
LOGOUT_FLOW = "/self-service/logout/browser"
PROBE = "/self-service/settings/browser"


class Prefixed:
    """A site that mounts the package elsewhere and under another name."""

    urlpatterns = (path("deep/mfa/", include("django_ory_mfa.urls", namespace="site_mfa")),)


def asked(ory: Any) -> list[str]:
    return [call.path for call in ory.calls]


def text_of(response: Any) -> str:
    """The visible text of a page."""
    return text_of_html(response.content.decode())


def text_of_html(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", as_read(markup))).split())


def links_of(response: Any) -> list[str]:
    """The links of a page, without those above its card."""
    card = response.content.decode().partition("<main")[2]
    return [html.unescape(url) for url in re.findall(r'<a [^>]*href="([^"]*)"', card)]


def query_of(response: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location(response)).query).items()}


# All pages.


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("path", [SETTINGS, LOGIN, f"{SETTINGS}done/"])
def test_pages_refuse_every_frame(ory: Any, site: Site, path: str, *, signed_in: bool) -> None:
    if signed_in:
        ory.login(site)

    response = site.get(path)

    assert response.status_code == 302 or response.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("path", [SETTINGS, LOGIN, STEP_UP])
def test_pages_of_an_outage_refuse_every_frame(ory: Any, site: Site, path: str) -> None:
    ory.login(site)
    ory.fail(503)

    response = site.get(path)

    assert (response.status_code, response.headers["X-Frame-Options"]) == (503, "DENY")


# The settings page.


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize(
    ("aal", "factors", "status"),
    [("aal1", (), 200), ("aal1", ("totp",), 200), ("aal2", ("totp",), 200)],
    ids=["aal1", "second factor due", "aal2"],
)
def test_settings_page_is_shown_to_everybody_signed_in(
    ory: Any, site: Site, method: str, aal: str, factors: tuple[str, ...], status: int
) -> None:
    ory.login(site, aal=aal, second_factors=factors)

    assert site.request(method, SETTINGS).status_code == status


def test_settings_page_is_shown_to_nobody_signed_in(ory: Any, site: Site) -> None:
    response = site.get(SETTINGS)

    assert (response.status_code, "You are not signed in." in text_of(response), ory.calls) == (200, True, [])
    assert links_of(response) == [f"{ORY}/login/browser?return_to=http%3A%2F%2Ftestserver%2Faccount%2Fsecurity%2F"]


def test_settings_page_of_a_lapsed_session_is_that_of_nobody(ory: Any, site: Site) -> None:
    ory.login(site).revoke()

    assert "You are not signed in." in text_of(site.get(SETTINGS))


@pytest.mark.parametrize("failure", ["connect-error", "timeout"])
def test_settings_page_in_an_outage_is_unavailable(ory: Any, site: Site, failure: str) -> None:
    ory.login(site)
    ory.fail_with(failure)

    response = site.get(SETTINGS)

    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "no-store" in response["Cache-Control"]


def test_settings_page_shows_level_and_methods_with_times(ory: Any, site: Site) -> None:
    at = datetime(2026, 11, 5, 13, 45, tzinfo=UTC)
    identity = ory.add_identity(second_factors={"totp"})
    proofs = (FakeProof("oidc", "aal1", at, "acme"), FakeProof("totp", "aal2", at), FakeProof("new", "aal2", "soon"))
    site.set_cookie("ory_kratos_session", ory.add_session(identity, *proofs).cookie)

    response = site.get(SETTINGS)

    text = text_of(response)
    assert "Your account is protected by two\u2011step verification." in text
    assert "Other provider (acme)" in text
    assert "Authenticator app second step" in text
    assert "new second step" in text
    assert "aal" not in text
    assert response.content.count(b'datetime="2026-11-05T') == 2


def test_settings_page_escapes_what_ory_says(ory: Any, site: Site) -> None:
    proof = FakeProof("<b>m</b>", "aal1", "x", "<i>p</i>")
    site.set_cookie("ory_kratos_session", ory.add_session(ory.add_identity(), "password", proof).cookie)

    page = site.get(SETTINGS).content

    assert b"<b>" not in page
    assert b"<i>" not in page


def test_settings_page_of_a_person_without_second_factor_leads_to_setting_one_up(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1")

    response = site.get(SETTINGS)

    assert "Two\u2011step verification is not set up." in text_of(response)
    assert [urlsplit(link).path for link in links_of(response)] == [PROBE]
    assert asked(ory) == ["/sessions/whoami", PROBE]


def test_settings_page_of_a_person_with_second_factor_leads_to_using_it(ory: Any, site: Site) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.get(SETTINGS)

    assert "Two\u2011step verification is set up for your account." in text_of(response)
    assert links_of(response)[0].startswith(f"{ORY}/login/browser?aal=aal2&return_to=")
    assert links_of(response)[1].startswith(f"{ORY}/settings/browser?return_to=")


def test_settings_page_shows_second_factor_of_the_probe_at_aal1(ory: Any, site: Site) -> None:
    ory.required_aal = ory.settings_required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"webauthn"})

    assert "Two\u2011step verification is set up" in text_of(site.get(SETTINGS))


def test_settings_page_where_a_second_factor_is_due(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.get(SETTINGS)

    text = text_of(response)
    assert "One more step to finish signing in." in text
    assert "Confirm in a second step to see your details. Continue" in text
    assert "Two\u2011step verification is set up" in text
    assert "Sign out" in text
    assert asked(ory) == ["/sessions/whoami"]


def test_settings_page_of_aal2_leads_to_a_fresh_proof(ory: Any, site: Site) -> None:
    ory.login(site)

    response = site.get(SETTINGS)

    assert links_of(response)[0].startswith(f"{ORY}/settings/browser?return_to=")
    assert links_of(response)[1] == links_of(response)[0]
    assert links_of(response)[2].startswith(f"{ORY}/login/browser?refresh=true&aal=aal2&return_to=")
    assert asked(ory) == ["/sessions/whoami", PROBE]


def listed(response: Any) -> list[str]:
    """The second factors that the page lists, and how each stands."""
    _, _, after = response.content.decode().partition("<h2>Two\u2011step verification</h2>")
    return [text_of_html(item) for item in re.findall(r"<li>(.*?)</li>", after.partition("</ul>")[0], re.DOTALL)]


def test_settings_page_lists_what_is_set_up_and_not_only_what_was_used(ory: Any, site: Site) -> None:
    ory.login(site, methods={"totp"}, second_factors={"totp", "lookup_secret", "webauthn"})

    response = site.get(SETTINGS)

    assert listed(response) == ["Authenticator app Active", "Security key Active", "Recovery codes Active"]


@pytest.mark.parametrize(
    ("second_factors", "said", "button"),
    [
        ({"totp"}, "for the day you lose your phone.", "Create recovery codes"),
        ({"webauthn"}, "for the day you lose your key.", "Create recovery codes"),
        ({"totp", "lookup_secret"}, "", ""),
        ({"lookup_secret"}, "", ""),
    ],
)
def test_settings_page_leads_to_recovery_codes_where_ory_offers_them_and_there_are_none(
    ory: Any, site: Site, second_factors: set[str], said: str, button: str
) -> None:
    ory.login(site, methods=second_factors, second_factors=second_factors)

    html = site.get(SETTINGS).content.decode()

    text = text_of_html(html)
    assert ("Next: create recovery codes," in text, said in text) == (bool(said), True)
    assert re.findall(r'class="ory-mfa-button[^"]*" href="[^"]*">([^<]*)<', html) == ([button] if button else [])
    assert re.findall(r'aria-label="([^"]*)">Manage</a>', html) == ["Manage two\u2011step verification"]


def test_settings_page_before_a_lax_ory_lists_what_is_set_up(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = ory.required_aal = ory.settings_required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"webauthn"})

    response = site.get(SETTINGS)

    assert listed(response) == ["Security key Active", "Recovery codes Not created"]
    assert "Two\u2011step verification is set up for your account." in text_of(response)
    assert asked(ory) == ["/sessions/whoami", PROBE]


def test_settings_page_lists_nothing_where_codes_are_all_there_is(ory: Any, site: Site) -> None:
    proof = FakeProof("code", "aal2", datetime.now(UTC))
    site.set_cookie("ory_kratos_session", ory.add_session(ory.add_identity(), "password", proof).cookie)

    assert listed(site.get(SETTINGS)) == []


def test_settings_page_lists_nothing_where_ory_does_not_tell(ory: Any, site: Site) -> None:
    ory.login(site, methods={"totp"})
    ory.fail(status=500, path=PROBE)

    response = site.get(SETTINGS)

    assert response.status_code == 200
    assert listed(response) == []


@pytest.mark.parametrize(
    ("methods", "said"),
    [
        ({"totp"}, ""),
        ({"lookup_secret"}, "Recovery codes work once each. Check that enough are left."),
        ({"code"}, "An authenticator app or a security key is safer."),
        ({"code", "totp"}, ""),
    ],
    ids=["app", "recovery-code", "e-mail", "app-and-e-mail"],
)
def test_settings_page_says_what_would_be_better(ory: Any, site: Site, methods: set[str], said: str) -> None:
    ory.code_mfa = True
    ory.login(site, methods=methods)

    text = text_of(site.get(SETTINGS))

    assert said in text
    assert ("ecovery codes work" in text, "safer" in text) == ("Recovery" in said, "safer" in said)


@pytest.mark.parametrize(("factor", "named"), [("totp", "authenticator app"), ("webauthn", "security key")])
def test_settings_page_reminds_of_what_is_safer_and_set_up(ory: Any, site: Site, factor: str, named: str) -> None:
    ory.code_mfa = True
    ory.login(site, methods={"code"}, second_factors={"code", factor})

    text = text_of(site.get(SETTINGS))

    assert f"This time you used a code by e\u2011mail. Next time, use your {named}: it is safer." in text
    assert "somebody else could read" not in text


@pytest.mark.parametrize(
    ("second_factors", "state", "button"),
    [
        ({"code"}, "Protected, but it could be safer.", "Set up an authenticator app"),
        (
            {"code", "totp"},
            "Your account is protected by two\u2011step verification.",
            "Create recovery codes",
        ),
    ],
)
def test_settings_page_urges_whoever_has_only_codes_by_email(
    ory: Any, site: Site, second_factors: set[str], state: str, button: str
) -> None:
    ory.code_mfa = True
    ory.login(site, methods={"code"}, second_factors=second_factors)

    html = site.get(SETTINGS).content.decode()

    assert (state in html, html.count("ory-mfa-state ory-mfa-warn")) == (True, int("safer" in state))
    assert re.findall(r'class="ory-mfa-button" href="[^"]*">([^<]*)<', html) == [button]
    # No link beside the button that leads to the same place.
    assert html.count(">Manage") == int("safer" not in state)


def test_pages_have_no_tooltips_of_levels(ory: Any, site: Site) -> None:
    ory.login(site)

    assert 'title="aal' not in site.get(SETTINGS).content.decode()


def test_own_address_is_shown_once_also_if_it_is_not_verified(ory: Any, site: Site) -> None:
    ory.login(site, email="ann@example.test").identity.verified = False

    assert text_of(site.get(SETTINGS)).count("Signed in as ann@example.test") == 1


def test_settings_page_names_each_method_once_with_its_newest_time(ory: Any, site: Site) -> None:
    at = datetime(2026, 11, 5, 13, 45, tzinfo=UTC)
    proofs = [
        FakeProof("totp", "aal2", at),
        FakeProof("totp", "aal2", datetime(2026, 11, 7, 13, 45, tzinfo=UTC)),
        FakeProof("totp", "aal2", datetime(2026, 11, 6, 13, 45, tzinfo=UTC)),
        FakeProof("password", "aal1", at),
        FakeProof("password", "aal1", "unreadable"),
    ]
    session = ory.add_session(ory.add_identity(second_factors={"totp"}), *proofs)
    site.set_cookie("ory_kratos_session", session.cookie)

    page = site.get(SETTINGS).content.decode()

    assert re.findall(r'datetime="([^"T]*)', page) == ["2026-11-07", "2026-11-05"]


@pytest.mark.parametrize(
    ("method", "query", "age", "said"),
    [
        ("totp", "?back=1", 0, "Authenticator app added."),
        ("webauthn", "?back=1", 100, "Security key added."),
        ("lookup_secret", "?back=1", 0, "Recovery codes saved."),
        ("totp", "?back=1", 130, None),
        ("totp", "", 0, None),
    ],
)
def test_settings_page_says_what_was_set_up_a_moment_ago(
    ory: Any, site: Site, method: str, query: str, age: int, said: str | None
) -> None:
    ory.login(site, methods={method}, age=age)

    response = site.get(SETTINGS + query)

    html = response.content.decode()
    # With the good news in one box.
    shown = re.findall(r'role="status"><span><strong>[^<]*</strong><br>([^<]*)<', as_read(html))
    assert shown == ([] if said is None else [said])
    assert html.count('role="status"') == int(bool(query))


@pytest.mark.parametrize(("query", "is_asked"), [("?back=1", True), ("", False)])
def test_browser_is_asked_what_was_saved_where_nothing_was_set_up(
    ory: Any, site: Site, query: str, *, is_asked: bool
) -> None:
    ory.login(site, aal="aal1")

    page = site.get(SETTINGS + query).content.decode()

    assert ("pages.js" in page, "data-what-was-saved hidden></p>" in as_read(page)) == (is_asked, is_asked)


def test_settings_page_says_nothing_of_a_link_that_somebody_made(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1")

    page = site.get(f"{SETTINGS}?back=1").content.decode()

    assert re.findall(r'role="status"[^>]*>([^<]*)<', as_read(page)) == [""]


def test_settings_page_says_that_it_does_not_know(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "aal1"
    ory.login(site, aal="aal1")

    assert "Whether two\u2011step verification is set up is shown in your account settings." in text_of(
        site.get(SETTINGS)
    )


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"ui": 1}', b'{"ui": {"nodes": [1]}}'], ids=repr)
def test_settings_page_with_an_unreadable_probe_does_not_know(ory: Any, site: Site, body: bytes) -> None:
    ory.login(site, aal="aal1")
    ory.fail(200, body=body, path=PROBE)

    assert "Whether two\u2011step verification is set up" in text_of(site.get(SETTINGS))


def test_settings_page_whose_probe_finds_nobody_is_that_of_nobody(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1")
    ory.fail(401, path=PROBE)

    response = site.get(SETTINGS)

    assert (response.status_code, asked(ory)) == (200, ["/sessions/whoami", PROBE, "/sessions/whoami"])


@pytest.mark.parametrize("headers", [{}, {"Purpose": "prefetch"}], ids=["head", "prefetch"])
def test_nobody_clicked_so_the_settings_page_does_not_probe(ory: Any, site: Site, headers: dict[str, str]) -> None:
    ory.login(site, aal="aal1")

    site.request("get" if headers else "head", SETTINGS, headers=headers)

    assert asked(ory) == ["/sessions/whoami"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_settings_page_is_for_reading_only(ory: Any, site: Site, method: str) -> None:
    response = site.request(method, SETTINGS)

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


def test_settings_page_never_contains_the_seed_of_the_probe(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1")

    assert b"totp_secret" not in site.get(SETTINGS).content


# Step-up.


@pytest.mark.parametrize(
    ("next_page", "return_to"),
    [
        ("/page", "http://testserver/page"),
        ("/page?a=1%262", "http://testserver/page?a=1&2"),
        ("http://testserver/page", "http://testserver/page"),
        ("", "http://testserver/"),
        ("page", "http://testserver/"),
        ("//evil.example/x", "http://testserver/"),
        ("///evil.example/x", "http://testserver/"),
        ("/\\evil.example", "http://testserver/"),
        ("/%09/evil.example", "http://testserver/"),
        ("https://evil.example/x", "http://testserver/"),
        ("http://testserver@evil.example/x", "http://testserver/"),
        ("http://testserver.evil.example/x", "http://testserver/"),
        ("http://a@testserver/x", "http://testserver/"),
        ("javascript:alert(1)", "http://testserver/"),
        ("data:text/html,x", "http://testserver/"),
        ("/a%0d%0aSet-Cookie: x=y", "http://testserver/"),
        ("/%00", "http://testserver/"),
        ("/" + "a" * 2000, "http://testserver/"),
    ],
)
def test_step_up_returns_to_pages_of_this_site_only(ory: Any, site: Site, next_page: str, return_to: str) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.get(f"{STEP_UP}?next={next_page}")

    assert (response.status_code, urlsplit(location(response)).path) == (302, "/self-service/login/browser")
    assert query_of(response) == {"aal": "aal2", "return_to": return_to}


def test_step_up_returns_to_a_page_with_letters_beyond_ascii(ory: Any, site: Site) -> None:
    """A path is given decoded by ``request.path|urlencode`` in a template."""
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.get(f"{STEP_UP}?next=/stra%C3%9Fe")

    assert query_of(response)["return_to"] in ("http://testserver/stra%C3%9Fe", "http://testserver/")


def test_step_up_without_next_returns_to_the_default(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_DEFAULT_RETURN_TO = "/home"
    settings.ORY_MFA_SITE_URL = "https://site.example"
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert query_of(site.get(STEP_UP))["return_to"] == "https://site.example/home"


def test_step_up_with_a_site_url_returns_to_its_pages(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_SITE_URL = "https://site.example"
    ory.login(site, aal="aal1", second_factors={"totp"})

    relative = query_of(site.get(f"{STEP_UP}?next=/page"))["return_to"]
    absolute = query_of(site.get(f"{STEP_UP}?next=https://site.example/page"))["return_to"]
    other = query_of(site.get(f"{STEP_UP}?next=http://testserver/page"))["return_to"]

    assert (relative, absolute, other) == (
        "https://site.example/page",
        "https://site.example/page",
        "https://site.example/",
    )


def test_step_up_over_https_does_not_return_to_http(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.get(f"{STEP_UP}?next=http://testserver/page", secure=True)

    assert query_of(response)["return_to"] == "https://testserver/"


def test_step_up_of_nobody_goes_to_login(ory: Any, site: Site) -> None:
    response = site.get(f"{STEP_UP}?next=/page")

    assert (response.status_code, ory.calls) == (302, [])
    assert query_of(response) == {"return_to": "http://testserver/page"}


def test_step_up_of_aal2_goes_to_next(ory: Any, site: Site) -> None:
    ory.login(site)

    response = site.get(f"{STEP_UP}?next=/page")

    assert (response.status_code, location(response)) == (302, "http://testserver/page")


@pytest.mark.parametrize("next_page", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_step_up_of_aal2_is_no_open_redirect(ory: Any, site: Site, next_page: str) -> None:
    ory.login(site)

    assert location(site.get(f"{STEP_UP}?next={next_page}")) == "http://testserver/"


def test_step_up_of_aal1_does_not_ask_for_a_second_factor(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1")

    response = site.get(f"{STEP_UP}?next=/page")

    assert (query_of(response)["aal"], asked(ory)) == ("aal2", ["/sessions/whoami"])


@pytest.mark.parametrize("method", ["head", "post", "put", "delete", "options"])
def test_step_up_is_for_get_only(ory: Any, site: Site, method: str) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.request(method, STEP_UP)

    assert (response.status_code, response["Allow"], location(response), ory.calls) == (405, "GET", "", [])


def test_prefetched_step_up_opens_no_flow(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.get(STEP_UP, headers={"Sec-Purpose": "prefetch"})

    assert (response.status_code, location(response), response.content) == (403, "", b"")
    assert "ory_mfa_hops" not in response.cookies


def test_fourth_step_up_to_the_same_page_is_explained(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})
    statuses = [site.get(f"{STEP_UP}?next=/page").status_code for _ in range(3)]

    response = site.get(f"{STEP_UP}?next=/page")

    assert (statuses, response.status_code) == ([302, 302, 302], 403)
    assert "We couldn\u2019t confirm your sign-in" in text_of(response)
    assert links_of(response)[0] == f"{ORY}/login/browser?aal=aal2&return_to=http%3A%2F%2Ftestserver%2Fpage"


def test_step_ups_to_other_pages_are_counted_apart(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    statuses = [site.get(f"{STEP_UP}?next=/page/{number}").status_code for number in range(5)]

    assert statuses == [302] * 5


def test_step_up_hops_count_with_those_of_the_page_itself(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})
    target = f"/{site.mode}/aal2"
    for _ in range(3):
        site.get(f"{STEP_UP}?next={target}")

    assert site.get(target).status_code == 403


@pytest.mark.parametrize("status", [429, 500, 502, 404])
def test_step_up_in_an_outage_is_unavailable(ory: Any, site: Site, status: int) -> None:
    ory.login(site)
    ory.fail(status)

    assert site.get(STEP_UP).status_code == 503


def test_step_up_of_a_person_who_has_to_enrol_explains(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1")
    ory.fail(403, body=b'{"error": {"id": "session_aal2_enrollment_required"}}')

    response = site.get(STEP_UP)

    assert (response.status_code, "Set up two\u2011step verification" in text_of(response)) == (403, True)


def test_step_up_of_a_script_is_answered_in_json(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.json(STEP_UP)

    assert (response.status_code, response.json()["error"]["id"]) == (403, "session_aal2_required")


# Sign-in.


@pytest.mark.parametrize("method", ["head", "post", "put", "delete", "options"])
def test_login_is_for_get_only(ory: Any, site: Site, method: str) -> None:
    ory.login(site)

    response = site.request(method, LOGIN)

    assert (response.status_code, response["Allow"], location(response), ory.calls) == (405, "GET", "", [])


def test_login_of_nobody_goes_to_ory_and_back_to_next(ory: Any, site: Site) -> None:
    response = site.get(f"{LOGIN}?next=/page%3Fa=1")

    assert response.status_code == 302
    assert location(response) == f"{ORY}/login/browser?return_to=http%3A%2F%2Ftestserver%2Fpage%3Fa%3D1"


@pytest.mark.parametrize(
    "next_page", ["https://evil.example", "//evil.example", "/\\evil", "javascript:x", "/a\nb", ""]
)
def test_login_returns_to_this_site_only(ory: Any, site: Site, next_page: str) -> None:
    response = site.get(LOGIN, query_params={"next": next_page})

    assert query_of(response)["return_to"] == "http://testserver/"


def test_login_of_a_person_whose_second_factor_is_due_is_the_step_up(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.get(f"{LOGIN}?next=/page")

    assert query_of(response) == {"aal": "aal2", "return_to": "http://testserver/page"}


@pytest.mark.parametrize(("aal", "factors"), [("aal1", ()), ("aal2", ("totp",))])
def test_login_of_somebody_signed_in_is_a_page_with_two_ways_on(
    ory: Any, site: Site, aal: str, factors: tuple[str, ...]
) -> None:
    ory.login(site, aal=aal, second_factors=factors, email="ann@example.test")

    response = site.get(f"{LOGIN}?next=/page")

    page = response.content.decode()
    assert (response.status_code, location(response)) == (200, "")
    assert (
        "This account can\u2019t open that page Signed in as ann@example.test Use an account that has access"
        in text_of(response)
    )
    assert links_of(response) == ["http://testserver/"]
    assert "Use another account</button>" in page
    assert 'action="/account/security/logout/"' in page
    assert '<input type="hidden" name="next" value="http://testserver/page">' in page


def test_login_page_without_a_page_that_sent_there_speaks_of_none(ory: Any, site: Site) -> None:
    ory.login(site)

    sentences = ["can\u2019t open that page" in text_of(site.get(path)) for path in (LOGIN, f"{LOGIN}?next=/page")]

    assert sentences == [False, True]


def test_login_page_names_somebody_without_an_address_by_the_identity(ory: Any, site: Site) -> None:
    session = ory.login(site, traits={"name": "Ann"})

    assert f"Signed in as {session.identity.id}" in text_of(site.get(LOGIN))


def test_login_page_of_somebody_whose_level_is_unknown_redirects_nobody(ory: Any, site: Site) -> None:
    identity = ory.add_identity()
    site.set_cookie("ory_kratos_session", ory.add_session(identity, FakeProof("new", "aal0", "soon")).cookie)

    assert site.get(LOGIN).status_code == 200


def test_login_page_shows_no_other_form_a_next(ory: Any, site: Site) -> None:
    ory.login(site)

    assert 'name="next"' not in site.get(f"{SETTINGS}?next=/page").content.decode()


def test_sign_out_of_the_login_page_leads_back_to_next(ory: Any, site: Site) -> None:
    ory.login(site)
    page = site.get(f"{LOGIN}?next=/page").content.decode()

    response = site.post(LOGOUT, {"next": re.findall(r'name="next" value="([^"]+)"', page)[0]})

    assert query_of(response)["return_to"] == "http://testserver/page"


@pytest.mark.parametrize("failure", ["connect-error", "timeout"])
def test_login_in_an_outage_is_unavailable(ory: Any, site: Site, failure: str) -> None:
    ory.login(site)
    ory.fail_with(failure)

    response = site.get(LOGIN)

    assert (response.status_code, response["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(
    ("factors", "status", "error_id"),
    [(None, 401, "session_inactive"), (("totp",), 403, "session_aal2_required")],
    ids=["nobody", "second factor due"],
)
def test_login_of_a_script_is_the_json_of_a_guard(
    ory: Any, site: Site, factors: tuple[str, ...] | None, status: int, error_id: str
) -> None:
    if factors is not None:
        ory.login(site, aal="aal1", second_factors=factors)

    response = site.json(LOGIN)

    assert (response.status_code, response.json()["error"]["id"]) == (status, error_id)


def test_fourth_login_with_a_cookie_that_ory_does_not_know_is_explained(ory: Any, site: Site) -> None:
    ory.login(site).revoke()
    statuses = [site.get(f"{LOGIN}?next=/page").status_code for _ in range(3)]

    response = site.get(f"{LOGIN}?next=/page")

    assert (statuses, response.status_code) == ([302, 302, 302], 403)


# Sign-out.


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete"])
def test_sign_out_is_for_post_only(ory: Any, site: Site, method: str) -> None:
    session = ory.login(site)

    response = site.request(method, LOGOUT)

    assert (response.status_code, response["Allow"], ory.calls) == (405, "POST", [])
    assert not session.revoked


def test_sign_out_goes_through_ory_and_back(ory: Any, site: Site) -> None:
    session = ory.login(site)

    response = site.post(LOGOUT, {"next": "/bye"})

    assert (response.status_code, location(response).partition("?")[0]) == (303, f"{ORY}/logout")
    assert query_of(response) == {"token": session.logout_token, "return_to": "http://testserver/bye"}
    assert asked(ory) == [LOGOUT_FLOW]


def token_of(response: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', response.content.decode())
    assert found is not None
    return found[1]


def test_page_after_the_sign_out_says_so(ory: Any, site: Site) -> None:
    ory.login(site)
    marked = site.post(LOGOUT).cookies["ory_mfa_signed_out"]
    site.cookies.pop(ory.cookie_name)

    page = site.get(SETTINGS).content.decode()

    assert re.findall(r'role="status">([^<]*)<', as_read(page)) == ["You are signed out."]
    assert (marked["max-age"], marked["httponly"], marked["samesite"], marked["path"]) == (20, True, "Lax", "/")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("is_in_session", [True, False], ids=["secret in the session", "secret in a cookie"])
def test_form_from_before_the_sign_out_fails(ory: Any, mode: str, settings: Any, *, is_in_session: bool) -> None:
    settings.MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", *settings.MIDDLEWARE]
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.CSRF_USE_SESSIONS = is_in_session
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)
    first = token_of(site.get(SETTINGS))
    response = site.post(LOGOUT, {"csrfmiddlewaretoken": first})
    ory.login(site)

    again = site.post(LOGOUT, {"csrfmiddlewaretoken": first})
    second = site.post(LOGOUT, {"csrfmiddlewaretoken": token_of(site.get(SETTINGS))})

    assert (response.status_code, again.status_code, second.status_code) == (303, 403, 303)
    assert ("csrftoken" in response.cookies) is not is_in_session


def test_sign_out_that_did_not_happen_is_not_told(ory: Any, site: Site) -> None:
    ory.login(site)
    site.post(LOGOUT)

    assert "You are signed out." not in site.get(SETTINGS).content.decode()


@pytest.mark.parametrize("query", ["", "?next=/bye"])
def test_sign_out_of_nobody_is_not_told(ory: Any, site: Site, query: str) -> None:
    assert "ory_mfa_signed_out" not in site.post(LOGOUT + query).cookies


def test_sign_out_takes_next_from_the_query_too(ory: Any, site: Site) -> None:
    ory.login(site)

    assert query_of(site.post(f"{LOGOUT}?next=/bye"))["return_to"] == "http://testserver/bye"


@pytest.mark.parametrize("next_page", ["https://evil.example", "//evil.example", "/\\evil", "javascript:x", "/a\nb"])
@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in", "nobody"])
def test_sign_out_returns_to_this_site_only(ory: Any, site: Site, next_page: str, *, signed_in: bool) -> None:
    if signed_in:
        ory.login(site)

    response = site.post(LOGOUT, {"next": next_page})

    back = query_of(response)["return_to"] if signed_in else location(response)
    assert back == "http://testserver/"


def test_sign_out_of_nobody_goes_to_next(ory: Any, site: Site) -> None:
    response = site.post(LOGOUT, {"next": "/bye"})

    assert (response.status_code, location(response), ory.calls) == (303, "http://testserver/bye", [])


def test_sign_out_of_a_lapsed_session_goes_to_next(ory: Any, site: Site) -> None:
    ory.login(site).revoke()

    assert location(site.post(LOGOUT, {"next": "/bye"})) == "http://testserver/bye"


def test_sign_out_works_where_a_second_factor_is_due(ory: Any, site: Site) -> None:
    session = ory.login(site, aal="aal1", second_factors={"totp"})

    assert query_of(site.post(LOGOUT))["token"] == session.logout_token


@pytest.mark.parametrize(
    "answer",
    [
        {"logout_url": "https://evil.example/logout?token=x", "logout_token": "abc"},
        {"logout_url": "javascript:alert(1)", "logout_token": "abc"},
        {"logout_token": "abc"},
    ],
    ids=["other host", "script", "none"],
)
def test_url_in_the_answer_of_ory_is_not_used(ory: Any, site: Site, answer: dict[str, str]) -> None:
    ory.login(site)
    ory.fail(200, body=json.dumps(answer).encode(), path=LOGOUT_FLOW)

    response = site.post(LOGOUT)

    assert location(response) == f"{ORY}/logout?token=abc&return_to=http%3A%2F%2Ftestserver%2F"


def test_token_in_the_answer_of_ory_stays_a_parameter(ory: Any, site: Site) -> None:
    ory.login(site)
    hostile = "a&return_to=https://evil.example#\r\nSet-Cookie: x=y"
    ory.fail(200, body=json.dumps({"logout_token": hostile}).encode(), path=LOGOUT_FLOW)

    response = site.post(LOGOUT)

    assert query_of(response) == {"token": hostile, "return_to": "http://testserver/"}


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"logout_token": ""}', b'{"logout_token": 1}', b'{"logout_token": "\\ud800"}', b"\xff"],
    ids=repr,
)
def test_answer_without_a_token_is_unavailable(ory: Any, site: Site, body: bytes) -> None:
    ory.login(site)
    ory.fail(200, body=body, path=LOGOUT_FLOW)

    response = site.post(LOGOUT)

    assert (response.status_code, location(response)) == (503, "")


def test_token_in_an_answer_that_is_no_success_is_not_used(ory: Any, site: Site) -> None:
    ory.login(site)
    ory.fail(500, body=b'{"logout_token": "abc"}', path=LOGOUT_FLOW)

    response = site.post(LOGOUT)

    assert (response.status_code, location(response)) == (503, "")


def test_sign_out_of_a_site_that_caches_no_sessions_leaves_its_cache_alone(
    ory: Any, site: Site, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ORY_MFA_CACHE_TTL = 0
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": __name__}}
    written: list[Any] = []
    for name in ("set", "delete"):
        monkeypatch.setattr(caches["default"], name, lambda *args, **named: written.append(args))
    ory.login(site)

    assert (site.post(LOGOUT).status_code, written) == (303, [])


@pytest.mark.parametrize("status", [302, 400, 404, 429, 500, 503])
def test_sign_out_in_an_outage_is_unavailable(ory: Any, site: Site, status: int) -> None:
    ory.login(site)
    ory.fail(status, headers=[("Location", "https://evil.example/")], path=None)

    response = site.post(LOGOUT)

    assert (response.status_code, location(response), response["Retry-After"]) == (503, "", "5")


@pytest.mark.parametrize("status", [403, 204])
def test_sign_out_by_cookie_that_ory_refuses_is_not_reported_as_done(ory: Any, site: Site, status: int) -> None:
    """Only 401 says that nobody is signed in; after any other refusal the session lives on."""
    ory.login(site)
    ory.fail(status, path=LOGOUT_FLOW)

    assert site.post(LOGOUT).status_code == 503


@pytest.mark.parametrize("failure", ["connect-error", "timeout"])
def test_sign_out_without_an_answer_is_unavailable(ory: Any, site: Site, failure: str) -> None:
    ory.login(site)
    ory.fail_with(failure)

    response = site.post(LOGOUT)

    assert (response.status_code, "no-store" in response["Cache-Control"]) == (503, True)


def test_sign_out_by_token_revokes_it(ory: Any, site: Site) -> None:
    session = ory.login(Site(site.mode))

    response = site.post(LOGOUT, {"next": "/bye"}, headers={"X-Session-Token": session.token})

    assert (response.status_code, location(response), session.revoked) == (303, "http://testserver/bye", True)
    assert [(call.method, call.path) for call in ory.calls] == [("DELETE", "/self-service/logout/api")]


def test_sign_out_by_bearer_token_revokes_it(ory: Any, site: Site) -> None:
    session = ory.login(Site(site.mode))

    site.post(LOGOUT, headers={"Authorization": f"Bearer {session.token}"})

    assert session.revoked


def test_sign_out_by_unknown_token_goes_to_next(ory: Any, site: Site) -> None:
    response = site.post(LOGOUT, headers={"X-Session-Token": "ory_st_unknown"})

    assert location(response) == "http://testserver/"


def test_sign_out_by_token_in_an_outage_is_unavailable(ory: Any, site: Site) -> None:
    session = ory.login(Site(site.mode))
    ory.fail_with("timeout")

    response = site.post(LOGOUT, headers={"X-Session-Token": session.token})

    assert (response.status_code, response["Content-Type"]) == (503, "application/json")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("has_middleware", [True, False], ids=["with CsrfViewMiddleware", "without"])
def test_sign_out_without_proof_is_refused(ory: Any, mode: str, settings: Any, *, has_middleware: bool) -> None:
    if not has_middleware:
        settings.MIDDLEWARE = settings.MIDDLEWARE[-1:]
    site = Site(mode, enforce_csrf_checks=True)
    session = ory.login(site)

    response = site.post(LOGOUT)

    assert (response.status_code, ory.calls, session.revoked) == (403, [], False)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("has_middleware", [True, False], ids=["with CsrfViewMiddleware", "without"])
def test_form_of_the_settings_page_signs_out(ory: Any, mode: str, settings: Any, *, has_middleware: bool) -> None:
    if not has_middleware:
        settings.MIDDLEWARE = settings.MIDDLEWARE[-1:]
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)
    page = site.get(SETTINGS).content.decode()
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)

    response = site.post(re.findall(r'action="([^"]+)"', page)[0], {"csrfmiddlewaretoken": token[0]})

    assert (response.status_code, urlsplit(location(response)).path) == (303, "/self-service/logout")


@pytest.mark.parametrize("mode", MODES)
def test_token_header_does_not_lift_the_check_of_the_sign_out(ory: Any, mode: str) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    session = ory.login(Site(mode))

    response = site.post(LOGOUT, headers={"X-Session-Token": session.token})

    assert (response.status_code, session.revoked) == (403, False)


@pytest.fixture(params=["cache", "signed_cookies"])
def django_session(request: pytest.FixtureRequest, settings: Any, site: Site) -> str:
    """A session of Django's beside that of Ory; the name of its cookie."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "views"}}
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{request.param}"
    settings.MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", *settings.MIDDLEWARE]
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session["cart"] = 1
    session.save()
    site.set_cookie(settings.SESSION_COOKIE_NAME, session.session_key)
    return str(settings.SESSION_COOKIE_NAME)


# Sign-outs of strangers.


JUNK = [{"Cookie": "ory_kratos_session=junk"}, {"X-Session-Token": "ory_st_junk"}]


@pytest.fixture
def kept(settings: Any) -> Any:
    """A cache of sessions: its entries."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": __name__}}
    settings.ORY_MFA_CACHE_TTL = 60
    cache: Any = caches["default"]
    cache.clear()
    return cache._cache


@pytest.mark.parametrize("junk", JUNK, ids=["cookie", "token"])
def test_sign_out_of_a_network_at_its_limit_is_unavailable(
    ory: Any, site: Site, clock: PassingTime, junk: dict[str, str]
) -> None:
    """It would hold a thread of the server for as long as Ory takes."""
    slot = crowd(clock)
    during = site.post(LOGOUT, headers=junk)
    calls = len(ory.calls)
    slot.end(is_recognised=False)

    assert (during.status_code, during["Retry-After"], calls) == (503, "5", 0)
    assert site.post(LOGOUT, headers=junk).status_code == 303


@pytest.mark.parametrize("by", ["cookie", "token"])
def test_sign_out_of_somebody_known_waits_for_no_stranger(ory: Any, site: Site, clock: PassingTime, by: str) -> None:
    session = ory.login(site)
    headers = {"X-Session-Token": session.token} if by == "token" else {}
    site.get("session", headers=headers)
    crowd(clock)

    assert site.post(LOGOUT, headers=headers).status_code == 303


@pytest.mark.parametrize("by", ["cookie", "token"])
def test_sign_out_that_ory_grants_proves_a_session(ory: Any, site: Site, clock: PassingTime, by: str) -> None:
    handle = ory.handle

    def slow(*arguments: Any) -> Any:
        clock.wait(SLOW + 0.1)
        return handle(*arguments)

    ory.handle = slow
    for junk in range(2):
        for number in range(MISSES_IN_A_ROW - junk):
            token = f"ory_st_{number}" if junk else ory.add_session(ory.add_identity(), "password").token
            cookie = str(number) if junk else ory.add_session(ory.add_identity(), "password").cookie
            headers = {"X-Session-Token": token} if by == "token" else {"Cookie": f"ory_kratos_session={cookie}"}
            assert site.post(LOGOUT, headers=headers).status_code == 303
        assert not is_limited()


@pytest.mark.parametrize("junk", JUNK, ids=["cookie", "token"])
def test_junk_sign_outs_cost_few_calls_while_ory_limits_requests(
    ory: Any, site: Site, clock: PassingTime, kept: Any, junk: dict[str, str]
) -> None:
    ory.fail(429, headers=[("x-ratelimit-reset", "20")], path=None)
    statuses, seconds = set(), []
    for _ in range(3):
        for number in range(50):
            (name, value), *_ = junk.items()
            statuses.add(site.post(LOGOUT, headers={name: f"{value}{number}"}).status_code)
        seconds.append(sum(path.startswith("/self-service/logout/") for path in asked(ory)))
        clock.wait(1)

    # The first one finds out; one network has one turn a second. The page that says so asks for the session.
    assert (statuses, seconds, len(ory.calls)) == ({503}, [2, 3, 4], 8)
    # Of those alone that Ory was asked for, which may have ended a session there.
    assert len(kept) == 2


def test_sign_out_of_somebody_known_is_not_held_back_while_ory_limits_requests(
    ory: Any, site: Site, clock: PassingTime
) -> None:
    ory.login(site)
    site.get("session")
    ory.fail(429, headers=[("x-ratelimit-reset", "20")], path=LOGOUT_FLOW)
    for number in range(5):
        site.post(LOGOUT, headers={"Cookie": f"ory_kratos_session=junk{number}"})
    ory.recover()

    assert site.post(LOGOUT).status_code == 303


@pytest.mark.parametrize("refusal", ["network", "rate limit", "breaker"])
def test_sign_out_that_never_reached_ory_ends_what_is_kept_here(
    ory: Any, site: Site, clock: PassingTime, kept: Any, refusal: str
) -> None:
    """Another process may know the session. Ory's lives on, so nothing has to be written down to keep it out."""
    ory.login(site)
    site.get("session")
    before = len(kept)
    known, client = get_ory().known_credentials, get_ory().client
    known.forget(*known._names)
    if refusal == "network":
        crowd(clock)
    elif refusal == "rate limit":
        # Of whoami too, as the page that says so would have the session kept again.
        for name in ("self-service", "sessions"):
            client._rate_limits[name].begin(4)
            client._rate_limits[name].allow("127.0.0.1")
    else:
        for _ in range(3):
            client._breaker.failed(client._breaker.pauses)

    response = site.post(LOGOUT)

    assert (before, response.status_code, dict(kept)) == (1, 503, {})
    assert LOGOUT_FLOW not in asked(ory)


@pytest.mark.usefixtures("clock")
def test_sign_out_of_a_network_at_its_limit_flushes_the_session_of_django(
    ory: Any, site: Site, clock: PassingTime, django_session: str
) -> None:
    crowd(clock)

    response = site.post(LOGOUT, headers={"X-Session-Token": "ory_st_junk"})

    assert (response.status_code, response.cookies[django_session].value) == (503, "")


@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in", "nobody"])
def test_sign_out_flushes_the_session_of_django(ory: Any, site: Site, django_session: str, *, signed_in: bool) -> None:
    if signed_in:
        ory.login(site)

    response = site.post(LOGOUT)

    assert response.cookies[django_session].value == ""
    assert response.cookies[django_session]["max-age"] == 0


@pytest.mark.parametrize("path", [SETTINGS, LOGIN, STEP_UP])
def test_other_views_leave_the_session_of_django_alone(ory: Any, site: Site, django_session: str, path: str) -> None:
    ory.login(site)

    assert django_session not in site.get(path).cookies


# All of them.


def test_views_are_free_of_the_policy_of_a_site() -> None:
    assert [pattern.name for pattern in urls.urlpatterns if not is_own_view(pattern.callback)] == []


@pytest.mark.parametrize("name", ["settings", "login", "step_up", "logout"])
def test_views_are_open_to_login_required_middleware(name: str) -> None:
    assert getattr(views, name).login_required is False


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", SETTINGS), ("get", LOGIN), ("get", STEP_UP), ("post", LOGOUT), ("get", LOGOUT), ("head", STEP_UP)],
)
@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in", "nobody"])
def test_views_are_never_cached(ory: Any, site: Site, method: str, path: str, *, signed_in: bool) -> None:
    if signed_in:
        ory.login(site)

    response = site.request(method, path)

    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(("method", "path"), [("get", SETTINGS), ("get", LOGIN), ("get", STEP_UP)])
def test_site_without_the_middleware_is_told(ory: Any, site: Site, settings: Any, method: str, path: str) -> None:
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]

    with pytest.raises(ImproperlyConfigured, match="OrySessionMiddleware"):
        site.request(method, path)


@pytest.mark.parametrize(("method", "path"), [("get", SETTINGS), ("get", LOGIN), ("get", STEP_UP), ("post", LOGOUT)])
def test_site_without_an_ory_is_told(ory: Any, site: Site, settings: Any, method: str, path: str) -> None:
    ory.login(site)
    del settings.ORY_MFA_SDK_URL

    with pytest.raises(ImproperlyConfigured, match="ORY_MFA_SDK_URL"):
        site.request(method, path)


def test_pages_work_under_another_prefix_and_namespace(ory: Any, site: Site, settings: Any) -> None:
    settings.ROOT_URLCONF = Prefixed
    ory.login(site)

    page = site.get("/deep/mfa/").content.decode()

    assert 'action="/deep/mfa/logout/"' in page
    assert location(site.post("/deep/mfa/logout/")).startswith(f"{ORY}/logout?token=")


def test_links_go_to_the_url_for_browsers(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_BROWSER_URL = "https://auth.example/ory"
    ory.login(site)

    links = links_of(site.get(SETTINGS))

    assert links
    assert all(link.startswith("https://auth.example/ory/self-service/") for link in links)
    assert location(site.post(LOGOUT)).startswith("https://auth.example/ory/self-service/logout?token=")


ALONE = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
from django.apps import apps
django.setup()
from django.conf import settings
from django.test import Client
from django.test.utils import setup_test_environment
from django_ory_mfa.testing import installed
setup_test_environment()
with installed() as ory:
    client = Client()
    ory.login(client)
    statuses = [client.get("/account/security/").status_code, client.get("/account/security/step-up/").status_code,
                client.post("/account/security/logout/").status_code]
print(settings.DATABASES["default"]["ENGINE"], apps.is_installed("django.contrib.auth"), statuses)
"""


def test_views_work_without_database_and_users() -> None:
    run = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=False)

    assert (run.stdout, run.returncode) == ("django.db.backends.dummy False [200, 302, 303]\n", 0), run.stderr
