"""A browser that Ory knows and that never shows its cookie here is told so, and so are the people who run the site."""

from __future__ import annotations

import html
import logging
import re
import time
from typing import Any

import pytest
from django.core import signing
from django.http import HttpResponse
from django.urls import include, path

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.runtime.per_process import forget_ory
from django_ory_mfa.testing import FakeOry
from tests.site import Site, location

COOKIE = "ory_mfa_hops"
SALT = "django_ory_mfa.hops"
ORY = "http://127.0.0.1:4433/self-service"
TITLE = "This site can\u2019t see that you are signed in"


@aal_required("aal1")
def page(request: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("open sesame")


@aal_required("aal1")
async def apage(request: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("open sesame")


urlpatterns = [
    path("sync/<name>", page),
    path("async/<name>", apage),
    path("account/security/", include("django_ory_mfa.urls")),
]


@pytest.fixture(autouse=True)
def _site(settings: Any, ory: FakeOry) -> None:
    settings.ROOT_URLCONF = __name__
    # What is told once per process is told again.
    forget_ory()


def statuses(site: Site, *targets: str) -> list[int]:
    return [site.get(target).status_code for target in targets]


def entries(site: Site) -> list[Any]:
    return list(signing.loads(site.cookies[COOKIE].value, salt=SALT))


def age(site: Site, seconds: float) -> None:
    """Makes the last trip of every page so old."""
    old = [[key, times, since, time.time() - seconds, *rest] for key, times, since, _, *rest in entries(site)]
    site.set_cookie(COOKIE, signing.dumps(old, salt=SALT))


def shown(response: Any) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode())))


# Who gets the page


def test_browser_that_is_back_at_once_without_a_cookie_gets_the_page(site: Site) -> None:
    seen = statuses(site, *["x?a=1"] * 3)
    response = site.get("x?a=1")

    assert (seen, response.status_code, response["Cache-Control"]) == ([302, 302, 302], 403, "no-store")
    assert response.templates[0].name == "ory_mfa/too_many_hops.html"
    assert f"<title>{TITLE} \u2013 testserver</title>" in response.content.decode()
    assert f"<h1>{TITLE}</h1>" in response.content.decode()


def test_page_has_the_link_to_ory_and_says_what_a_visitor_can_do(site: Site) -> None:
    sent = {location(site.get("x")) for _ in range(3)}

    response = site.get("x")

    [url] = sent
    assert url == f"{ORY}/login/browser?return_to=http%3A%2F%2Ftestserver%2F{site.mode}%2Fx"
    assert f'href="{url}"' in response.content.decode()
    assert "Allow cookies for this site, then try again." in shown(response)
    assert "127.0.0.1" not in shown(response)


def test_page_has_the_causes_with_debug(site: Site, settings: Any) -> None:
    settings.DEBUG = True
    response = [site.get("x") for _ in range(4)][-1]

    assert "localhost and 127.0.0.1" in shown(response)
    assert "a name that this site does not look for" in shown(response)
    assert "clock" not in shown(response)


@pytest.mark.parametrize(("seconds", "status"), [(9, 403), (11, 302)], ids=["at once", "later"])
def test_trips_count_that_are_less_than_ten_seconds_apart(site: Site, seconds: float, status: int) -> None:
    """Whoever types a password in between is in no loop."""
    statuses(site, *["x"] * 3)
    age(site, seconds)

    assert site.get("x").status_code == status


def test_trips_with_a_pause_between_them_are_counted_from_the_start(site: Site) -> None:
    seen = []
    for _ in range(3):
        seen += statuses(site, *["x"] * 3)
        age(site, 11)

    assert seen == [302] * 9
    assert entries(site)[0][1] == 3


def test_several_tabs_of_different_pages_are_no_loop(site: Site) -> None:
    assert statuses(site, *(f"tab-{number}" for number in range(8))) == [302] * 8


def test_person_who_signs_in_at_last_sees_the_page(site: Site, ory: FakeOry) -> None:
    statuses(site, *["x"] * 3)
    ory.login(site)

    response = site.get("x")

    assert (response.status_code, response.cookies[COOKIE]["max-age"]) == (200, 0)


def test_cookie_that_arrives_but_is_unknown_has_the_other_causes(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.DEBUG = True
    ory.login(site).revoke()

    response = [site.get("x") for _ in range(4)][-1]

    assert response.status_code == 403
    assert (f"<h1>{TITLE}</h1>" in response.content.decode(), "Sign out" in shown(response)) == (True, False)
    assert "clock" in shown(response)


def test_cookie_that_is_lost_after_some_trips_starts_a_count_of_its_own(site: Site, ory: FakeOry) -> None:
    ory.login(site).revoke()
    statuses(site, *["x"] * 2)
    del site.cookies[ory.cookie_name]

    assert statuses(site, *["x"] * 4) == [302, 302, 302, 403]


@pytest.mark.parametrize(
    "headers",
    [{"Accept": "application/json"}, {"Sec-Fetch-Mode": "cors"}],
    ids=["json", "cors"],
)
def test_scripts_are_not_counted(site: Site, headers: dict[str, str]) -> None:
    assert [site.get("x", headers=headers).status_code for _ in range(5)] == [401] * 5
    assert COOKIE not in site.cookies


@pytest.mark.parametrize("method", ["head", "prefetch"])
def test_visit_that_nobody_clicked_for_is_not_counted(site: Site, method: str) -> None:
    headers = {"Sec-Purpose": "prefetch"} if method == "prefetch" else {}
    name = "head" if method == "head" else "get"

    assert [site.request(name, "x", headers=headers).status_code for _ in range(5)] == [302] * 5
    assert COOKIE not in site.cookies


def test_htmx_is_counted(site: Site) -> None:
    headers = {"HX-Request": "true"}

    assert [site.get("x", headers=headers).status_code for _ in range(4)] == [200, 200, 200, 403]


def test_public_visitor_gets_one_cookie_and_no_other(site: Site) -> None:
    response = site.get("x")

    assert list(response.cookies) == [COOKIE]
    assert response.cookies[COOKIE]["max-age"] == 300


# What developers are told


def page_of_loop(site: Site) -> Any:
    return [site.get("x") for _ in range(4)][-1]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "django_ory_mfa" and record.levelno == logging.WARNING
    ]


def test_log_has_one_warning_per_process(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        page_of_loop(site)
        site.cookies.clear()

    [warning] = warnings(caplog)
    assert "ory_kratos_session, ory_session_…" in warning
    assert "manage.py ory_mfa doctor" in warning


def test_names_of_cookies_are_shown_with_debug(site: Site, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.DEBUG = True
    site.set_cookie("shop_session", "s3cret")
    site.set_cookie("cart", "s3cret")

    response = page_of_loop(site)

    said = "cookies: cart, shop_session; looked for: ory_kratos_session, ory_session_…; run manage.py ory_mfa doctor"
    assert said in shown(response)
    [warning] = warnings(caplog)
    assert "Cookies: 'cart', 'shop_session';" in warning
    assert "s3cret" not in shown(response) + warning


def test_names_of_cookies_are_shown_to_nobody_else(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.set_cookie("shop_session", "s3cret")

    response = page_of_loop(site)

    said = shown(response) + "".join(warnings(caplog))
    assert "shop_session" not in said
    assert "doctor" not in shown(response)


def test_name_in_the_settings_is_what_was_looked_for(
    site: Site, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ORY_MFA_SESSION_COOKIE = "other_session"
    settings.DEBUG = True

    response = page_of_loop(site)

    assert "looked for: other_session;" in shown(response)
    assert "Looked for: other_session." in warnings(caplog)[0]


def test_names_that_a_visitor_chooses_are_short_few_and_harmless(
    site: Site, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEBUG = True
    statuses(site, *["x"] * 3)
    names = ["<script>", *(f"n{number}-{'x' * 100}" for number in range(40))]
    cookies = [f"{COOKIE}={site.cookies[COOKIE].value}", *(f"{name}=1" for name in names)]

    response = site.get("x", headers={"Cookie": "; ".join(cookies)})

    [warning] = warnings(caplog)
    assert response.status_code == 403
    assert len(warning) < 2000
    assert "n1-xxx" in warning
    assert "<script>" not in response.content.decode()


def test_no_other_cookie_is_said(site: Site, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.DEBUG = True

    response = page_of_loop(site)

    assert "cookies: none;" in shown(response)
    assert "Cookies: none;" in warnings(caplog)[0]
