"""What the pages ask of Ory, and where they send the browser when Ory does not hand out a flow."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.utils import override_script_prefix
from django.urls import include, path, re_path

from django_ory_mfa.contrib.ui import views
from django_ory_mfa.contrib.ui.cookies import flow_cookies
from django_ory_mfa.core.own_views import is_own_view
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.ory.blocking_calls import MISSES_IN_A_ROW, SLOW
from django_ory_mfa.ory.kept_answer import KEPT_FOR
from django_ory_mfa.ory.service import get_ory
from django_ory_mfa.session.request_state import RequestState
from tests.clock import PassingTime
from tests.contrib import test_ui
from tests.contrib.test_ui import CSRF, ORY, SUBMIT, Document, flow_of, recording
from tests.ory.networks import crowd, is_limited
from tests.site import Site, location

RECORDINGS = Path(__file__).parents[1] / "recordings"
LOGIN = f"{ORY}/self-service/login/browser"
SETTINGS = f"{ORY}/self-service/settings/browser"
FLOWS = {kind: f"{ORY}/self-service/{kind}/flows" for kind in ("login", "settings")}
GUARD = "ory_mfa_ui_restart"


class Admin:
    """What tells an admin behind Ory."""

    def ory_mfa_finish_refusal(self, request: Any, refusal: Any) -> Any:
        return refusal


def view_of(admin_site: object) -> Any:
    def add(request: Any) -> HttpResponse:
        return HttpResponse("a form")

    add.model_admin = SimpleNamespace(admin_site=admin_site)  # type: ignore[attr-defined]
    return add


class WithAdmins:
    """A site with an admin behind Ory, and another admin."""

    urlpatterns = (
        *test_ui.urlpatterns,
        path("admin/auth/group/add/", view_of(Admin())),
        path("plain/auth/group/add/", view_of(object())),
    )


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class WithGuards:
    """A site whose pages want certain methods, or any."""

    urlpatterns = (
        *test_ui.urlpatterns,
        path("two/", aal_required("aal2", methods={"totp", "webauthn"})(nothing)),
        path("default/", aal_required(methods={"totp"})(nothing)),
        path("any/", aal_required("aal2")(nothing)),
        path("asks/", aal_required(requirement=lambda request: "aal2")(nothing)),
    )


class OfTenants:
    """The pages of a site at whose addresses anything may stand first."""

    urlpatterns = (re_path("^[^/]+/", include("django_ory_mfa.contrib.ui.urls")), *test_ui.urlpatterns)


@pytest.fixture(autouse=True)
def _ui(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.contrib.test_ui"


@pytest.fixture
def ory() -> Iterator[responses.RequestsMock]:
    """What Ory answers in a test."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def answer_of(name: str) -> dict[str, Any]:
    """A recorded answer as ``responses`` takes it, with this Ory's address in it."""
    recorded = json.loads((RECORDINGS / "v1.3.1" / f"{name}.json").read_text())["response"]
    body = json.dumps(recorded["body"]).replace("http://127.0.0.1:14433", ORY)
    return {"status": recorded["status"], "body": body}


def named(page: Document) -> tuple[str, str]:
    """What the head of the page says of the site, and where it leads; the title has to end with it."""
    # After the letter that stands for it.
    (_, brand), (link,) = page.text("span")[:2], page.all("a", **{"class": "ory-mfa-brand"})
    assert [text.endswith(f" \u2013 {brand}") for text in page.text("title")] == [True]
    return brand, link["href"]


def target(response: Any) -> tuple[str, dict[str, str]]:
    """Where a redirect leads: the URL without its query, and the query."""
    assert response.status_code == 302
    base, _, query = location(response).partition("?")
    return base, {name: value for name, (value,) in parse_qs(query).items()}


# What Ory is asked.


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        ("login?flow=a%20b%26id%3Dc", "/self-service/login/flows?id=a%20b%26id%3Dc"),
        ("settings?flow=1", "/self-service/settings/flows?id=1"),
        ("error?id=2", "/self-service/errors?id=2"),
    ],
)
def test_flow_is_asked_for_by_its_id(ory: responses.RequestsMock, site: Site, page: str, asked: str) -> None:
    ory.get(f"{ORY}{urlsplit(asked).path}", json={})

    site.get(f"/ory-ui/{page}")

    (call,) = ory.calls
    assert str(call.request.url).replace("+", "%20") == f"{ORY}{asked}"
    assert call.request.headers["Accept"] == "application/json"


POPUP = "http://testserver/admin/auth/group/add/?_to_field=id&_popup=1"
PROOFS: tuple[dict[str, Any], ...] = (
    {"refresh": True},
    {"requested_aal": "aal2"},
    {"refresh": True, "requested_aal": "aal2"},
)


@pytest.fixture
def _admins(settings: Any) -> None:
    settings.ROOT_URLCONF = WithAdmins
    settings.MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", *settings.MIDDLEWARE]


def policy_for_openers(ory: responses.RequestsMock, site: Site, kind: str, **flow: Any) -> str:
    ory.get(FLOWS[kind], json=flow_of(CSRF, SUBMIT, **flow))
    return str(site.get(f"/ory-ui/{kind}?flow=1").headers["Cross-Origin-Opener-Policy"])


@pytest.mark.usefixtures("_admins")
@pytest.mark.parametrize("flow", PROOFS)
def test_popup_of_an_admin_behind_ory_stays_with_its_opener(
    ory: responses.RequestsMock, site: Site, flow: dict[str, Any]
) -> None:
    assert policy_for_openers(ory, site, "login", return_to=POPUP, **flow) == "unsafe-none"


@pytest.mark.usefixtures("_admins")
@pytest.mark.parametrize("flow", PROOFS[:2])
@pytest.mark.parametrize(
    "return_to",
    [
        None,
        "http://[",
        "http://testserver/?_popup=1",
        "http://testserver/admin/?q=_popup",
        "http://testserver/nowhere/?_popup=1",
        "http://testserver/plain/auth/group/add/?_popup=1",
        "http://testserver/account/security/?_popup=1",
        "http://evil.example/admin/auth/group/add/?_popup=1",
        "https://testserver/admin/auth/group/add/?_popup=1",
        "/admin/auth/group/add/?_popup=1",
    ],
)
def test_link_that_anybody_can_make_does_not_keep_the_page_with_its_opener(
    ory: responses.RequestsMock, site: Site, flow: dict[str, Any], return_to: str | None
) -> None:
    assert policy_for_openers(ory, site, "login", return_to=return_to, **flow) == "same-origin"


@pytest.mark.usefixtures("_admins")
@pytest.mark.parametrize(("folder", "policy"), [("/app", "unsafe-none"), ("", "same-origin")])
def test_admin_of_another_application_at_this_host_is_not_ours(
    ory: responses.RequestsMock, site: Site, folder: str, policy: str
) -> None:
    popup = POPUP.replace("/admin/", f"{folder}/admin/")

    with override_script_prefix("/app/"):
        assert policy_for_openers(ory, site, "login", return_to=popup, refresh=True) == policy


@pytest.mark.usefixtures("_admins")
@pytest.mark.parametrize("kind", ["login", "settings"])
def test_only_a_proof_stays_with_the_opener(ory: responses.RequestsMock, site: Site, kind: str) -> None:
    assert policy_for_openers(ory, site, kind, return_to=POPUP) == "same-origin"


@pytest.mark.parametrize("page", ["login?flow=1", "settings?flow=1", "error?id=1"])
def test_ory_is_shown_its_own_cookies_only(ory: responses.RequestsMock, site: Site, page: str) -> None:
    for url in (*FLOWS.values(), f"{ORY}/self-service/errors"):
        ory.get(url, json={})
    own = 'csrf_token_0ab="x=; ory_kratos_session=a==; ory_kratos_session=b; ory_kratos_continuity=c'.replace('"', "")

    site.get(f"/ory-ui/{page}", headers={"Cookie": f"sessionid=mine; csrftoken=t; {own}; csrf_token=no; other=x"})

    (call,) = ory.calls
    assert call.request.headers["Cookie"] == own


@pytest.mark.parametrize(
    ("header", "name", "sent"),
    [
        ("ory_session_slug=a; ory_kratos_session=b", None, "ory_session_slug=a; ory_kratos_session=b"),
        ("ory_session_slug=a; ory_kratos_session=b", "ory_session_slug", "ory_session_slug=a"),
        ("mine=a; ory_kratos_session=b", "mine", "mine=a"),
        ('ory_kratos_session="quoted"', None, ""),
        (f"ory_kratos_session={'x' * 4097}", None, ""),
        ("ory_kratos_session=", None, ""),
        ("csrf_token_a b=x; xcsrf_token_a=y; csrf_token_=z", None, ""),
        ("ory_kratos_session=a\r\nX-Evil: 1", None, ""),
        ("", None, ""),
    ],
)
def test_cookies_that_ory_needs(header: str, name: str | None, sent: str) -> None:
    assert flow_cookies(header, name) == sent


def test_two_cookie_headers_of_http2_are_both_read(ory: responses.RequestsMock) -> None:
    ory.get(FLOWS["login"], json=flow_of(CSRF, SUBMIT))
    headers = [(b"cookie", b"csrf_token_a=1"), (b"cookie", b"ory_kratos_session=2")]
    scope = {"type": "http", "method": "GET", "path": "/login", "query_string": b"flow=1", "headers": headers}

    views.login(ASGIRequest(scope, BytesIO()))

    (call,) = ory.calls
    assert call.request.headers["Cookie"] == "csrf_token_a=1; ory_kratos_session=2"


# How the pages are served.


@pytest.mark.parametrize("page", ["login", "settings", "error"])
def test_page_is_for_everybody_and_kept_by_nobody(site: Site, page: str) -> None:
    response = site.get(f"/ory-ui/{page}")

    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["X-Frame-Options"] == "DENY"
    view = response.resolver_match.func
    assert (view.login_required, is_own_view(view)) == (False, True)


@pytest.mark.parametrize("method", ["head", "post", "put", "delete"])
def test_page_can_only_be_read(ory: responses.RequestsMock, site: Site, method: str) -> None:
    assert site.request(method, "/ory-ui/login?flow=1").status_code == 405
    assert len(ory.calls) == 0


def test_page_needs_no_middleware(ory: responses.RequestsMock, settings: Any, site: Site) -> None:
    settings.MIDDLEWARE = []
    ory.get(FLOWS["login"], json=recording("login_flow_aal2_totp"))

    response = site.get("/ory-ui/login?flow=1")

    assert response.status_code == 200
    # For the sign-out button, as no middleware is there to set it.
    assert set(response.cookies) == {"csrftoken"}


def test_page_sets_no_cookie_of_its_own(ory: responses.RequestsMock, site: Site) -> None:
    ory.get(FLOWS["login"], json=flow_of(CSRF, SUBMIT), headers={"Set-Cookie": "csrf_token_a=b"})

    assert site.get("/ory-ui/login?flow=1").cookies == {}


# Without a flow.


@pytest.mark.parametrize(
    ("page", "url", "query"),
    [
        ("login", LOGIN, {}),
        ("login?flow=", LOGIN, {}),
        ("login?aal=aal2&refresh=true", LOGIN, {"aal": "aal2", "refresh": "true"}),
        ("login?aal=aal9&refresh=yes&evil=1", LOGIN, {}),
        ("login?return_to=http%3A%2F%2Ftestserver%2F%3Fa%3D1%26b", LOGIN, {"return_to": "http://testserver/?a=1&b"}),
        ("settings", SETTINGS, {}),
        ("settings?return_to=http%3A%2F%2Ftestserver%2F", SETTINGS, {"return_to": "http://testserver/"}),
    ],
)
def test_no_flow_starts_one(site: Site, page: str, url: str, query: dict[str, str]) -> None:
    assert target(site.get(f"/ory-ui/{page}")) == (url, query)


def test_browser_is_sent_to_the_address_it_knows(site: Site, settings: Any) -> None:
    settings.ORY_MFA_BROWSER_URL = "https://auth.example.com/ory"

    assert location(site.get("/ory-ui/login")) == "https://auth.example.com/ory/self-service/login/browser"


# Ory hands out no flow.


@pytest.mark.parametrize(
    ("kind", "recorded", "url", "query"),
    [
        ("login", "login_flow_403_csrf_other_browser", LOGIN, {}),
        ("login", "login_flow_410_expired", LOGIN, {"return_to": "http://127.0.0.1:8000/x"}),
        ("login", "settings_browser_401_no_session_json", LOGIN, {}),
        ("settings", "settings_browser_401_no_session_json", LOGIN, {"return_to": SETTINGS}),
        ("settings", "settings_browser_totp_enrolled_aal1_strict", LOGIN, {"aal": "aal2", "return_to": SETTINGS}),
        ("settings", "login_flow_403_csrf_other_browser", SETTINGS, {}),
    ],
)
def test_recorded_refusal_leads_to_a_flow(
    ory: responses.RequestsMock, site: Site, kind: str, recorded: str, url: str, query: dict[str, str]
) -> None:
    ory.get(FLOWS[kind], **answer_of(recorded))

    assert target(site.get(f"/ory-ui/{kind}?flow=1")) == (url, query)


EVIL = "https://evil.example/self-service/login/browser"


@pytest.mark.parametrize(
    ("status", "body", "query"),
    [
        (404, {}, {}),
        (404, [], {}),
        (404, {"error": "text"}, {}),
        (410, {"error": {"details": {"redirect_to": EVIL}}}, {}),
        (
            410,
            {"error": {"details": {"redirect_to": EVIL, "return_to": "http://x.test/"}}},
            {"return_to": "http://x.test/"},
        ),
        (410, {"error": {"details": {"redirect_to": 7, "return_to": 7}}}, {}),
        (410, {"error": {"details": "text"}}, {}),
        (410, {"error": None}, {}),
        (403, {"redirect_browser_to": EVIL}, {}),
        (403, {"redirect_browser_to": ["x"]}, {}),
        (403, {"redirect_browser_to": f"{LOGIN}?aal=aal2&return_to={EVIL}"}, {"aal": "aal2"}),
    ],
)
def test_odd_refusal_leads_to_a_flow_and_nowhere_else(
    ory: responses.RequestsMock, site: Site, status: int, body: Any, query: dict[str, str]
) -> None:
    ory.get(FLOWS["login"], json=body, status=status)

    assert target(site.get("/ory-ui/login?flow=1")) == (LOGIN, query)


@pytest.mark.parametrize("kind", ["login", "registration", "recovery", "verification", "settings"])
def test_flow_that_no_browser_began_is_not_shown(ory: responses.RequestsMock, site: Site, kind: str) -> None:
    """Its maker, who sent the link, could read what somebody else types into it."""
    ory.get(f"{ORY}/self-service/{kind}/flows", json=flow_of(CSRF, SUBMIT, type="api"))

    response = site.get(f"/ory-ui/{kind}?flow=1&return_to=http://testserver/there/")

    document = Document(response.content.decode())
    assert (response.status_code, document.forms) == (502, [])
    (link,) = document.links
    assert named(document) == ("testserver", "/")
    assert link == f"{ORY}/self-service/{kind}/browser?return_to=http%3A%2F%2Ftestserver%2Fthere%2F"


def test_new_flow_keeps_what_was_asked_for(ory: responses.RequestsMock, site: Site) -> None:
    ory.get(FLOWS["login"], status=404)

    response = site.get("/ory-ui/login?flow=1&aal=aal2&refresh=true&return_to=http://testserver/x")

    assert target(response)[1] == {"aal": "aal2", "refresh": "true", "return_to": "http://testserver/x"}


def test_who_would_go_round_in_circles_is_told(ory: responses.RequestsMock, site: Site) -> None:
    """On localhost and 127.0.0.1 Ory's cookies do not reach the page, and every new flow is refused as well."""
    ory.get(FLOWS["login"], **answer_of("login_flow_403_csrf_other_browser"))
    first = site.get("/ory-ui/login?flow=1")

    second = site.get("/ory-ui/login?flow=2")

    assert (first.status_code, second.status_code) == (302, 403)
    page = Document(second.content.decode())
    assert page.text("p")[0] == "Allow cookies for this site, then try again."
    assert page.text("li") == []
    assert page.links == [LOGIN]
    assert named(page) == ("testserver", "/")
    cookie = first.cookies[GUARD]
    assert (cookie["max-age"], cookie["path"], cookie["httponly"], cookie["samesite"]) == (
        10,
        "/ory-ui/login",
        True,
        "Lax",
    )
    # And the click on the link is tried again.
    assert site.get("/ory-ui/login?flow=3").status_code == 302


@pytest.mark.parametrize(
    ("kind", "answer", "cookie"),
    [("login", {"status": 404}, GUARD), ("settings", {"json": flow_of(CSRF, SUBMIT)}, "ory_mfa_ui_factors")],
)
def test_path_that_a_visitor_chose_adds_nothing_to_a_cookie(
    ory: responses.RequestsMock, site: Site, settings: Any, kind: str, answer: dict[str, Any], cookie: str
) -> None:
    settings.ROOT_URLCONF = OfTenants
    ory.get(FLOWS[kind], **answer)

    response = site.get(f"/x;Domain=example.com/{kind}?flow=1")

    assert f"Path=/x%3BDomain%3Dexample.com/{kind};" in f"{response.cookies[cookie].OutputString()};"


def test_developer_is_told_the_causes(ory: responses.RequestsMock, site: Site, settings: Any) -> None:
    settings.DEBUG = True
    ory.get(FLOWS["login"], **answer_of("login_flow_403_csrf_other_browser"))
    site.get("/ory-ui/login?flow=1")

    page = Document(site.get("/ory-ui/login?flow=2").content.decode())

    assert any("localhost and 127.0.0.1" in text for text in page.text("li"))


def test_flow_that_came_gives_the_next_restart_back(ory: responses.RequestsMock, site: Site) -> None:
    expired = ory.get(FLOWS["login"], **answer_of("login_flow_410_expired"))
    site.get("/ory-ui/login?flow=1")
    ory.remove(expired)
    ory.get(FLOWS["login"], json=flow_of(CSRF, SUBMIT))

    response = site.get("/ory-ui/login?flow=2")

    assert response.status_code == 200
    assert response.cookies[GUARD]["max-age"] == 0


@pytest.mark.parametrize("flow", [{"requested_aal": "aal2"}, {"refresh": True}, {}])
@pytest.mark.parametrize(
    ("page", "aal", "accepted"),
    [
        ("http://testserver/two/?a=1", "aal2", "Authenticator app, Security key"),
        ("http://testserver/default/", "aal2", "Authenticator app"),
        # That setting is wrong, which is not the fault of the visitor.
        ("http://testserver/default/", "none", ""),
        ("http://testserver/any/", "aal2", ""),
        ("http://testserver/asks/", "aal2", ""),
        ("http://testserver/nowhere/", "aal2", ""),
        ("https://evil.example/two/", "aal2", ""),
        (None, "aal2", ""),
    ],
)
def test_proof_says_what_the_page_accepts(
    ory: responses.RequestsMock,
    site: Site,
    settings: Any,
    page: str | None,
    aal: str,
    accepted: str,
    flow: dict[str, Any],
) -> None:
    settings.ROOT_URLCONF, settings.ORY_MFA_AAL = WithGuards, aal
    ory.get(FLOWS["login"], json=flow_of(CSRF, SUBMIT, return_to=page, **flow))

    shown = Document(site.get("/ory-ui/login?flow=1").content.decode()).text("p")

    told = [f"You came from a page that accepts only: {accepted}."] if accepted and flow else []
    assert [text for text in shown if "accepts only" in text] == told


IN_PLACE = "That page is no longer valid. Please {} again."


@pytest.mark.parametrize(
    ("kind", "recorded", "flow", "said"),
    [
        ("login", "login_flow_410_expired", {}, IN_PLACE.format("sign in")),
        ("login", "login_flow_410_expired", {"requested_aal": "aal2"}, IN_PLACE.format("start")),
        ("login", "login_flow_403_csrf_other_browser", {}, ""),
        ("settings", "login_flow_410_expired", {}, IN_PLACE.format("start")),
    ],
)
def test_form_in_place_of_one_that_is_gone_says_so_once(
    ory: responses.RequestsMock, site: Site, kind: str, recorded: str, flow: dict[str, Any], said: str
) -> None:
    refused = ory.get(FLOWS[kind], **answer_of(recorded))
    site.get(f"/ory-ui/{kind}?flow=1")
    ory.remove(refused)
    ory.get(FLOWS[kind], json=flow_of(CSRF, SUBMIT, **flow))

    pages = [site.get(f"/ory-ui/{kind}?flow=2").content.decode() for _ in range(2)]

    assert [re.findall(r"That page is no longer valid[^<]*", page) for page in pages] == [[said] * bool(said), []]


def test_unknown_flow_is_gone_too(ory: responses.RequestsMock, site: Site) -> None:
    unknown = ory.get(FLOWS["login"], status=404, json={})
    site.get("/ory-ui/login?flow=1")
    ory.remove(unknown)
    ory.get(FLOWS["login"], json=flow_of(CSRF, SUBMIT))

    assert IN_PLACE.format("sign in") in site.get("/ory-ui/login?flow=2").content.decode()


@pytest.mark.parametrize("page", ["login?flow=1&x=%22%3E", "settings?flow=1", "error?id=1"])
@pytest.mark.parametrize("failure", [500, 503, 429, requests.ConnectTimeout(), requests.ConnectionError()], ids=str)
def test_outage_is_a_page(
    ory: responses.RequestsMock, site: Site, caplog: pytest.LogCaptureFixture, page: str, failure: Any
) -> None:
    for url in (*FLOWS.values(), f"{ORY}/self-service/errors"):
        if isinstance(failure, int):
            ory.get(url, status=failure, body="dial tcp 10.0.0.7: user=kratos")
        else:
            ory.get(url, body=failure)

    response = site.get(f"/ory-ui/{page}")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert Document(response.content.decode()).links == [f"/ory-ui/{page}", "/"]
    assert "kratos" not in response.content.decode()
    assert "manage.py" not in response.content.decode()
    # By the package, once a minute, and not by Django for each request.
    assert [record.name for record in caplog.records] == ["django_ory_mfa"]


def test_outage_tells_developers_the_url_and_the_command(
    ory: responses.RequestsMock, site: Site, settings: Any
) -> None:
    settings.DEBUG = True
    ory.get(FLOWS["login"], body=requests.ConnectionError())

    html = site.get("/ory-ui/login?flow=1").content.decode()

    assert f"no usable answer from {ORY}; run <code>manage.py ory_mfa doctor</code>" in html


@pytest.mark.parametrize("status", [204, 303, 400, 422])
def test_answer_that_makes_no_sense_is_a_page(
    ory: responses.RequestsMock, site: Site, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    ory.get(FLOWS["login"], status=status, headers={"Location": EVIL})

    response = site.get("/ory-ui/login?flow=1&return_to=http://testserver/x")

    assert response.status_code == 502
    assert caplog.messages == [f"Ory at {ORY} gave no usable answer: status {status}"]
    (link,) = Document(response.content.decode()).links
    assert link == f"{LOGIN}?return_to=http%3A%2F%2Ftestserver%2Fx"


# The error page.


MEGAPHONE = "Your account is locked. Call +1-555-0100"


def show_error(ory: responses.RequestsMock, site: Site, body: Any, status: int = 200) -> Any:
    ory.get(f"{ORY}/self-service/errors", **(body if "body" in body else {"json": body, "status": status}))
    return site.get("/ory-ui/error?id=1")


def test_second_factor_without_a_session_leads_to_the_login(ory: responses.RequestsMock, site: Site) -> None:
    response = show_error(ory, site, answer_of("error_page_aal2_without_session"))

    page = Document(response.content.decode())
    assert response.status_code == 200
    assert page.links == [LOGIN, "/"]
    assert page.text("code") == []
    assert page.all("span", **{"class": "ory-mfa-sign ory-mfa-info"})
    assert page.text("p")[0] == "Please sign in again to go on."


@pytest.mark.parametrize(
    ("error_id", "is_told"),
    [
        ("session_inactive", False),
        ("session_aal1_required", False),
        ("security_csrf_violation", False),
        ("session_already_available", False),
        ("self_service_flow_disabled", True),
        ("no_such_id", True),
    ],
)
def test_error_is_for_the_people_who_run_the_site_only_where_signing_in_does_not_help(
    ory: responses.RequestsMock, site: Site, error_id: str, *, is_told: bool
) -> None:
    reference = "273d96df-3e71-49fc-b0b9-28d099c0ca5f"

    page = Document(show_error(ory, site, {"id": reference, "error": {"id": error_id}}).content.decode())

    assert any("contact the people who run this site" in text for text in page.text("p")) is is_told
    assert page.text("code") == [reference] * is_told


@pytest.mark.parametrize("error_id", ["self_service_flow_return_to_forbidden", "no_such_id", None, MEGAPHONE])
def test_text_that_a_visitor_put_into_an_error_is_not_shown(
    ory: responses.RequestsMock, site: Site, error_id: str | None
) -> None:
    """Anybody can have Ory keep an error with a text of their own, and send the link to somebody else."""
    error = {"id": error_id, "code": 400, "status": MEGAPHONE, "details": {"x": MEGAPHONE}}
    error |= dict.fromkeys(("reason", "message", "debug"), MEGAPHONE)

    html = show_error(ory, site, {"id": MEGAPHONE, "error": error}).content.decode()

    assert "+1-555-0100" not in html


def test_developers_see_what_ory_says(ory: responses.RequestsMock, site: Site, settings: Any) -> None:
    settings.DEBUG = True

    page = Document(show_error(ory, site, answer_of("error_page_aal2_without_session")).content.decode())

    assert page.text("q") == ["You can not requested a higher AAL (AAL2/AAL3) without an active session."]


def test_forbidden_return_to_is_explained(ory: responses.RequestsMock, site: Site, settings: Any) -> None:
    settings.ORY_MFA_DEFAULT_RETURN_TO = "/home/"

    page = Document(show_error(ory, site, answer_of("error_page_return_to_forbidden")).content.decode())

    assert page.links == ["/home/"]
    assert "leads on to a page that we do not know" in " ".join(page.text("p"))


def test_failure_of_ory_itself_is_not_quoted(ory: responses.RequestsMock, site: Site, settings: Any) -> None:
    settings.DEBUG = True
    body = {"error": {"code": 500, "reason": "dial tcp 10.0.0.7: user=kratos", "message": "x"}}

    html = show_error(ory, site, body).content.decode()

    assert "kratos" not in html
    assert "Something went wrong" in html


@pytest.mark.parametrize(
    "error",
    [None, "text", [], {}, {"id": []}, {"code": "400", "reason": "x"}, {"code": 400, "reason": []}, {"code": None}],
)
def test_odd_error_is_still_a_page(ory: responses.RequestsMock, site: Site, error: Any, settings: Any) -> None:
    settings.DEBUG = True
    page = Document(show_error(ory, site, {"error": error}).content.decode())

    assert (page.text("h1"), page.text("q")) == (["Something went wrong"], [])


def test_markup_in_an_error_stays_text_and_is_cut(ory: responses.RequestsMock, site: Site, settings: Any) -> None:
    settings.DEBUG = True
    reason = "<script>alert(1)</script>" * 100

    page = Document(show_error(ory, site, {"error": {"code": 400, "message": reason}}).content.decode())

    assert (page.all("script"), page.text("q")) == ([], [reason[:500]])


def test_unknown_error_is_not_found(ory: responses.RequestsMock, site: Site) -> None:
    assert show_error(ory, site, {"error": {"code": 404, "reason": "Unable to locate"}}, 404).status_code == 404


def test_no_error_id_is_a_bad_request(ory: responses.RequestsMock, site: Site) -> None:
    assert site.get("/ory-ui/error").status_code == 400
    assert len(ory.calls) == 0


def test_pages_do_not_share_anything_between_people(ory: responses.RequestsMock) -> None:
    """Two people at once each get the flow that Ory gave for their own cookies."""

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        name = request.headers["Cookie"].partition("=")[2]
        shown = {"type": "input", "group": "default", "attributes": {"name": "who", "type": "hidden", "value": name}}
        return 200, {}, json.dumps(flow_of(shown, SUBMIT))

    ory.add_callback("GET", FLOWS["login"], answer)

    async def both() -> list[Any]:
        clients = {name: Site("async").client for name in ("first", "second")}
        asked = (
            client.get("/ory-ui/login?flow=1", headers={"Cookie": f"ory_kratos_session={name}"})
            for name, client in clients.items()
        )
        return list(await asyncio.gather(*asked))

    pages = [Document(response.content.decode()) for response in asyncio.run(both())]

    assert [page.ory_forms[0].hidden for page in pages] == [[("who", "first")], [("who", "second")]]


# Strangers. What each page asks of Ory.


KINDS = ("login", "registration", "recovery", "verification", "settings")
CALLS = [
    *((f"{kind}?flow={{}}", f"/self-service/{kind}/flows") for kind in KINDS),
    ("error?id={}", "/self-service/errors"),
    ("webauthn.js", "/.well-known/ory/webauthn.js"),
]
SESSION = {"Cookie": "ory_kratos_session=known"}


def recognise(headers: dict[str, str]) -> None:
    """As if Ory had said who that is."""
    state = RequestState(RequestFactory().get("/", headers=headers))
    get_ory().known_credentials.note(state.fingerprint)


@pytest.mark.parametrize(("page", "path"), CALLS)
def test_visitor_whose_network_is_at_its_limit_is_told_to_come_back(
    ory: responses.RequestsMock, site: Site, clock: PassingTime, page: str, path: str
) -> None:
    """Their requests would hold a thread of the server each for as long as Ory takes."""
    ory.get(f"{ORY}{path}", json={})
    slot = crowd(clock)

    during = site.get(f"/ory-ui/{page.format(1)}", headers={"Cookie": "ory_kratos_session=junk"})
    calls = len(ory.calls)
    slot.end(is_recognised=False)
    site.get(f"/ory-ui/{page.format(1)}")

    assert (during.status_code, during.headers["Retry-After"], calls, len(ory.calls)) == (503, "5", 0, 1)


@pytest.mark.parametrize(("page", "path"), CALLS)
def test_person_whom_ory_knows_is_not_held_up_by_their_network(
    ory: responses.RequestsMock, site: Site, clock: PassingTime, page: str, path: str
) -> None:
    ory.get(f"{ORY}{path}", json={})
    crowd(clock)
    recognise(SESSION)

    site.get(f"/ory-ui/{page.format(1)}", headers=SESSION)

    assert len(ory.calls) == 1


@pytest.mark.parametrize(("page", "path"), CALLS)
def test_junk_costs_few_calls_while_ory_limits_requests(
    ory: responses.RequestsMock, site: Site, clock: PassingTime, page: str, path: str
) -> None:
    ory.get(f"{ORY}{path}", status=429, headers={"x-ratelimit-reset": "20"})
    seconds = []
    statuses = set()
    for _ in range(3):
        for number in range(50):
            junk = {"Cookie": f"csrf_token_a={number}; ory_kratos_session={number}"}
            statuses.add(site.get(f"/ory-ui/{page.format(number)}", headers=junk).status_code)
        seconds.append(len(ory.calls))
        clock.wait(1)
    recognise(SESSION)
    site.get(f"/ory-ui/{page.format(1)}", headers=SESSION)

    # The first one finds out; one network has one turn a second; whom Ory knows waits for none.
    assert (statuses, seconds, len(ory.calls)) == ({503}, [2, 3, 4], 5)


def test_junk_flows_hold_up_no_session_while_ory_limits_requests(
    ory: responses.RequestsMock, site: Site, clock: PassingTime
) -> None:
    """Ory may limit its flows alone, and whoever has just signed in is unknown as well."""
    ory.get(FLOWS["login"], status=429, headers={"x-ratelimit-reset": "20"})
    ory.get(f"{ORY}/sessions/whoami", status=401, json={})
    ory.get(f"{ORY}/health/ready", json={})
    for number in range(5):
        site.get(f"/ory-ui/login?flow={number}")
    client = get_ory().client

    assert client._rate_limits["self-service"].allow("127.0.0.1") > 0
    assert client._rate_limits["sessions"].allow("127.0.0.1") == 0


@pytest.mark.parametrize("kind", KINDS)
def test_flow_that_anybody_can_begin_proves_no_session(
    ory: responses.RequestsMock, site: Site, clock: PassingTime, kind: str
) -> None:
    """One sound flow, asked for again and again, would hold all threads; Ory shows settings to its person only."""

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        clock.wait(SLOW + 0.1)
        return 200, {}, json.dumps(flow_of(CSRF, SUBMIT))

    ory.add_callback("GET", f"{ORY}/self-service/{kind}/flows", answer)
    for _ in range(MISSES_IN_A_ROW):
        assert site.get(f"/ory-ui/{kind}?flow=1").status_code == 200

    assert is_limited() is (kind != "settings")


def test_settings_of_nobody_prove_no_session(ory: responses.RequestsMock, site: Site, clock: PassingTime) -> None:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        clock.wait(SLOW + 0.1)
        return 403, {}, "{}"

    ory.add_callback("GET", FLOWS["settings"], answer)
    for _ in range(MISSES_IN_A_ROW):
        site.get("/ory-ui/settings?flow=1")

    assert is_limited()


def test_script_is_fetched_from_ory_once_in_a_while(
    ory: responses.RequestsMock, site: Site, clock: PassingTime
) -> None:
    ory.get(f"{ORY}/.well-known/ory/webauthn.js", body="//", content_type="text/plain")
    bodies = [site.get("/ory-ui/webauthn.js").content for _ in range(3)]
    before = len(ory.calls)
    clock.wait(KEPT_FOR)
    site.get("/ory-ui/webauthn.js")

    assert (bodies, before, len(ory.calls)) == ([b"//"] * 3, 1, 2)
