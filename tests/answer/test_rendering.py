"""How a refusal reads to a browser, to a script with a cookie and to one with a token."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.urls import include, path

from django_ory_mfa import Decision, Outcome, Requirement
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.enforcement import aevaluate, evaluate, render
from django_ory_mfa.testing import FakeOry
from tests.site import Site, location

pytestmark = pytest.mark.urls(__name__)

ORY = "http://127.0.0.1:4433/self-service"
WHOAMI = "/sessions/whoami"
OUTCOMES = ["login", "step_up", "refresh", "enroll", "unavailable"]
IDS = {
    "login": "session_inactive",
    "step_up": "session_aal2_required",
    "refresh": "session_refresh_required",
    "enroll": "session_aal2_enrollment_required",
    "unavailable": "ory_unavailable",
}
STATUS = {401: "Unauthorized", 403: "Forbidden", 503: "Service Unavailable"}
FLOWS = {
    "login": "login/{}",
    "step_up": "login/{}?aal=aal2",
    "refresh": "login/{}?refresh=true&aal=aal2",
    "enroll": "settings/{}",
}
GUARD = aal_required("aal2", max_age=600, methods={"totp", "webauthn"})
PLAIN = aal_required("aal2")


def page(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


async def apage(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


def rendering(request: Any) -> HttpResponse:
    return render(request, evaluate(request, "aal1"))


async def arendering(request: Any) -> HttpResponse:
    return render(request, await aevaluate(request, "aal1"))


def elsewhere(request: Any, decision: Decision) -> HttpResponse:
    """What a site does in ``handle_aal_denied`` that has another page of Ory in mind."""
    url = request.headers["X-Url"].format(ORY)
    return render(request, replace(decision, url=url))


def rendering_elsewhere(request: Any) -> HttpResponse:
    return elsewhere(request, evaluate(request, "aal2"))


async def arendering_elsewhere(request: Any) -> HttpResponse:
    return elsewhere(request, await aevaluate(request, "aal2"))


def spelling(view: Any, rendered: Any, rendered_elsewhere: Any) -> list[Any]:
    return [
        path("page", GUARD(view)),
        path("by-level", aal_required("aal2", max_age=600)(view)),
        path("plain", PLAIN(view)),
        path("aal1", aal_required("aal1")(view)),
        path("highest", aal_required("highest_available")(view)),
        path("fresh-aal1", aal_required("aal1", max_age=600)(view)),
        path("half-second", aal_required("aal2", max_age=0.5)(view)),
        path("rendering", rendered),
        path("elsewhere", rendered_elsewhere),
    ]


own_urls = [path("account/security/", include("django_ory_mfa.urls"))]
urlpatterns = [
    path("sync/", include(spelling(page, rendering, rendering_elsewhere))),
    path("async/", include(spelling(apage, arendering, arendering_elsewhere))),
    *own_urls,
]


class WithoutOwnViews:
    """The same site without the package's own URLs."""

    urlpatterns = urlpatterns[:-1]


def session_for(ory: FakeOry, outcome: str) -> Any:
    """A session that is refused with ``outcome``."""
    ory.required_aal = "aal1"
    if outcome == "login":
        session = ory.add_session(ory.add_identity(), "password")
        session.revoke()
    elif outcome in ("step_up", "enroll"):
        factors = {"totp"} if outcome == "step_up" else set()
        session = ory.add_session(ory.add_identity(second_factors=factors), "password")
    else:
        session = ory.add_session(ory.add_identity(second_factors={"totp"}), "password", ("totp", 3000))
    if outcome == "unavailable":
        ory.fail(503)
    return session


def ask(site: Site, ory: FakeOry, outcome: str, column: str, **options: Any) -> Any:
    """The refusal with ``outcome`` in ``column`` of the table."""
    session = session_for(ory, outcome)
    headers = dict(options.pop("headers", {}))
    if column == "token":
        headers["X-Session-Token"] = session.token
    else:
        site.set_cookie(ory.cookie_name, session.cookie)
    if column == "json":
        headers["Accept"] = "application/json"
    method, target = options.pop("method", "get"), options.pop("target", "page?x=1")
    return site.request(method, target, headers=headers, **options)


def return_to(site: Site, target: str = "page?x=1") -> str:
    return quote(f"http://testserver/{site.mode}/{target}", safe="")


# Browsers


@pytest.mark.parametrize(
    ("outcome", "flow"),
    [
        ("login", "login/browser?return_to="),
        ("step_up", "login/browser?aal=aal2&return_to="),
        ("refresh", "login/browser?refresh=true&aal=aal2&return_to="),
    ],
)
def test_browser_is_redirected_to_the_flow(site: Site, ory: FakeOry, outcome: str, flow: str) -> None:
    response = ask(site, ory, outcome, "browser", target="by-level")

    assert (response.status_code, location(response)) == (302, f"{ORY}/{flow}{return_to(site, 'by-level')}")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.content == b""


@pytest.mark.parametrize(
    ("outcome", "method"),
    [("login", "post"), ("refresh", "post"), *(("step_up", method) for method in ("post", "put", "patch", "delete"))],
)
def test_unsafe_request_of_a_browser_is_redirected_with_303(
    site: Site, ory: FakeOry, outcome: str, method: str
) -> None:
    response = ask(site, ory, outcome, "browser", method=method, target="by-level")

    assert response.status_code == 303
    assert location(response).endswith(f"return_to={quote('http://testserver/', safe='')}")


@pytest.mark.parametrize("method", ["options", "trace", "head"])
def test_safe_request_of_a_browser_is_redirected_with_302(site: Site, ory: FakeOry, method: str) -> None:
    response = ask(site, ory, "login", "browser", method=method)

    assert (response.status_code, location(response)) == (
        302,
        f"{ORY}/login/browser?return_to={return_to(site)}",
    )


def test_redirect_of_a_browser_has_no_challenge_for_programs(site: Site, ory: FakeOry) -> None:
    response = ask(site, ory, "login", "browser")

    assert (response.status_code, "WWW-Authenticate" in response.headers) == (302, False)


def test_browser_is_sent_to_the_browser_url(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_BROWSER_URL = "https://app.example.test/.ory/"

    response = ask(site, ory, "step_up", "browser", target="by-level")

    assert location(response).startswith("https://app.example.test/.ory/self-service/login/browser?aal=aal2&return_to=")


@pytest.mark.parametrize(
    ("outcome", "status", "template"),
    [("enroll", 403, "ory_mfa/enroll.html"), ("unavailable", 503, "ory_mfa/unavailable.html")],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_browser_is_shown_a_page(
    site: Site, ory: FakeOry, outcome: str, status: int, template: str, method: str
) -> None:
    response = ask(site, ory, outcome, "browser", method=method)

    assert (response.status_code, response.headers["Cache-Control"]) == (status, "no-store")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert {template, "ory_mfa/base.html"} <= {used.name for used in response.templates}
    assert {"session", "decision", "step_up_url", "settings_url"} <= set(response.context.keys())
    assert response.context["decision"].outcome == outcome


def test_enrolment_page_links_to_settings_and_step_up(site: Site, ory: FakeOry) -> None:
    html = ask(site, ory, "enroll", "browser").content.decode()

    assert f'href="{ORY}/settings/browser?return_to={return_to(site)}"' in html
    assert f'href="{ORY}/login/browser?aal=aal2&amp;return_to={return_to(site)}"' in html
    assert 'method="post" action="/account/security/logout/"' in html
    assert "csrfmiddlewaretoken" in html


def test_enrolment_page_does_without_the_views_of_the_package(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ROOT_URLCONF = WithoutOwnViews

    html = ask(site, ory, "enroll", "browser").content.decode()

    assert "/settings/browser" in html
    assert "<form" not in html


def test_enrolment_page_of_ory_itself(site: Site, ory: FakeOry) -> None:
    ory.fail(403, b'{"error": {"id": "session_aal2_enrollment_required"}}')
    site.set_cookie(ory.cookie_name, "x")

    response = site.get("aal1")

    assert (response.status_code, "ory_mfa/enroll.html" in {used.name for used in response.templates}) == (403, True)


def test_page_of_an_outage_links_back_and_to_the_start(site: Site, ory: FakeOry) -> None:
    html = ask(site, ory, "unavailable", "browser").content.decode()

    assert f'href="http://testserver/{site.mode}/page?x=1"' in html
    assert 'href="http://testserver/"' in html
    assert "127.0.0.1:4433" not in html
    assert "manage.py" not in html


def test_page_of_an_outage_tells_developers_the_url_and_the_command(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.DEBUG = True

    html = ask(site, ory, "unavailable", "browser").content.decode()

    assert f"no usable answer from {settings.ORY_MFA_SDK_URL}; run <code>manage.py ory_mfa doctor</code>" in html


@pytest.mark.parametrize(
    ("column", "status", "reset", "seconds"),
    [
        ("browser", 503, None, "5"),
        ("browser", 429, "17", "17"),
        ("browser", 429, "0", "1"),
        ("browser", 429, "3600", "30"),
        ("browser", 429, None, "5"),
        ("browser", 500, "17", "5"),
        ("json", 503, None, "5"),
        ("json", 429, "17", "17"),
        ("token", 503, None, "5"),
        ("token", 429, "17", "17"),
    ],
)
def test_outage_tells_when_to_come_back(
    site: Site, ory: FakeOry, column: str, status: int, reset: str | None, seconds: str
) -> None:
    session = session_for(ory, "login")
    ory.fail(status, headers=[("x-ratelimit-reset", reset)] if reset else [])
    headers = {"json": {"Accept": "application/json"}, "token": {"X-Session-Token": session.token}}.get(column, {})
    site.set_cookie(ory.cookie_name, session.cookie)

    response = site.get("page", headers=headers)

    assert (response.status_code, response.headers["Retry-After"]) == (503, seconds)
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("outcome", ["login", "step_up", "refresh", "enroll"])
@pytest.mark.parametrize("column", ["browser", "json", "token"])
def test_only_an_outage_has_a_time_to_come_back(site: Site, ory: FakeOry, column: str, outcome: str) -> None:
    response = ask(site, ory, outcome, column)

    assert "Retry-After" not in response.headers


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (f"{ORY}/login/browser?aal=aal2&return_to=https%3A%2F%2Fevil.test", "/login/browser?aal=aal2&return_to={}"),
        (f"{ORY}/verification/browser", "/verification/browser?return_to={}"),
        (f"{ORY}/x?a=1#part", "/x?a=1&return_to={}"),
    ],
    ids=["return-to", "no-query", "fragment"],
)
def test_other_refusal_of_ory_sends_the_browser_to_its_url(site: Site, ory: FakeOry, given: str, sent: str) -> None:
    body = {"error": {"id": "something_new"}, "redirect_browser_to": given}
    ory.fail(403, json.dumps(body).encode())
    site.set_cookie(ory.cookie_name, "x")

    response = site.get("page?x=1")

    assert location(response) == ORY + sent.format(return_to(site))


@pytest.mark.parametrize(
    "given",
    [
        "https://evil.test/self-service/login/browser",
        "http://127.0.0.1:4433@evil.test/self-service/x",
        "http://127.0.0.1:4434/self-service/x",
        "https://127.0.0.1:4433/self-service/x",
        f"{ORY}/../x",
        f"{ORY}/%2e%2e/x",
        "http://127.0.0.1:4433/sessions/whoami",
        "http://127.0.0.1:4433\\@evil.test/self-service/x",
        "//127.0.0.1:4433/self-service/x",
        "/self-service/x",
        "javascript:alert(1)",
        7,
        None,
    ],
)
def test_other_refusal_with_a_foreign_url_is_an_outage(site: Site, ory: FakeOry, given: Any) -> None:
    ory.fail(403, json.dumps({"error": {"id": "something_new"}, "redirect_browser_to": given}).encode())
    site.set_cookie(ory.cookie_name, "x")

    response = site.get("page")

    assert (response.status_code, location(response)) == (503, "")


def test_other_refusal_gives_a_script_the_url_without_return_to(site: Site, ory: FakeOry) -> None:
    url = f"{ORY}/login/browser?aal=aal2&return_to=https%3A%2F%2Fevil.test"
    ory.fail(403, json.dumps({"error": {"id": "something_new"}, "redirect_browser_to": url}).encode())
    site.set_cookie(ory.cookie_name, "x")

    body = json.loads(site.json("page").content)

    assert (body["error"]["id"], body["redirect_browser_to"]) == (
        "session_aal2_required",
        f"{ORY}/login/browser?aal=aal2",
    )


# Scripts with a cookie


@pytest.mark.parametrize(
    ("outcome", "status"), [("login", 401), ("step_up", 403), ("refresh", 403), ("enroll", 403), ("unavailable", 503)]
)
def test_script_with_a_cookie_reads_an_error_of_ory(site: Site, ory: FakeOry, outcome: str, status: int) -> None:
    response = ask(site, ory, outcome, "json")

    body = json.loads(response.content)
    flow = f"{ORY}/{FLOWS[outcome].format('browser')}" if outcome in FLOWS else None
    message = body["error"]["message"]
    assert (response.status_code, response.headers["Cache-Control"]) == (status, "no-store")
    assert response.headers["Content-Type"] == "application/json"
    assert body == {
        "error": {
            "id": IDS[outcome],
            "code": status,
            "status": STATUS[status],
            "reason": body["error"]["reason"],
            "message": message,
            "details": {"required_aal": "aal2", "max_age": 600, "methods": ["totp", "webauthn"]},
        },
        **({"redirect_browser_to": flow} if flow else {}),
    }
    assert message
    assert body["error"]["reason"]
    assert response.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
    assert location(response) == ""


def test_details_name_only_what_is_required(site: Site, ory: FakeOry) -> None:
    response = ask(site, ory, "step_up", "json", target="plain")

    assert json.loads(response.content)["error"]["details"] == {"required_aal": "aal2"}


@pytest.mark.parametrize(("settings_claim", "status"), [(None, 403), ("highest_available", 200)])
def test_details_keep_what_the_view_asked_for(
    site: Site, ory: FakeOry, settings: Any, settings_claim: str | None, status: int
) -> None:
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = settings_claim

    response = ask(site, ory, "enroll", "json", target="highest")

    assert response.status_code == status
    if status == 403:
        assert json.loads(response.content)["error"]["details"] == {"required_aal": "highest_available"}


def test_script_without_a_credential_is_told_to_sign_in(site: Site, ory: FakeOry) -> None:
    response = site.json("page")

    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert json.loads(response.content)["redirect_browser_to"] == f"{ORY}/login/browser"


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_unsafe_request_of_a_script_is_no_redirect(site: Site, ory: FakeOry, method: str) -> None:
    response = ask(site, ory, "step_up", "json", method=method)

    assert (response.status_code, location(response)) == (403, "")
    assert "return_to" not in response.content.decode()


# Scripts with a token


@pytest.mark.parametrize(
    ("outcome", "status", "accept"),
    [
        ("login", 401, "text/html"),
        ("step_up", 401, "text/html"),
        ("step_up", 401, "application/json"),
        ("step_up", 401, "*/*"),
        ("refresh", 401, "text/html"),
        ("enroll", 403, "text/html"),
        ("unavailable", 503, "text/html"),
    ],
)
def test_script_with_a_token_reads_an_error_of_ory(
    site: Site, ory: FakeOry, outcome: str, status: int, accept: str
) -> None:
    response = ask(site, ory, outcome, "token", headers={"Accept": accept})

    body = json.loads(response.content)
    details: dict[str, Any] = {"required_aal": "aal2", "max_age": 600, "methods": ["totp", "webauthn"]}
    if outcome in FLOWS:
        details["settings_flow" if outcome == "enroll" else "login_flow"] = f"{ORY}/{FLOWS[outcome].format('api')}"
    assert (response.status_code, response.headers["Cache-Control"]) == (status, "no-store")
    assert body == {
        "error": {
            "id": IDS[outcome],
            "code": status,
            "status": STATUS[status],
            "reason": body["error"]["reason"],
            "message": body["error"]["message"],
            "details": details,
        }
    }
    assert ("WWW-Authenticate" in response.headers) is (status == 401)


def challenge(message: str, aal: str, max_age: str = "") -> str:
    return f'Bearer error="insufficient_user_authentication", error_description="{message}", acr_values="{aal}"' + (
        f', max_age="{max_age}"' if max_age else ""
    )


@pytest.mark.parametrize(
    ("outcome", "target", "aal", "max_age"),
    [
        ("step_up", "page", "aal2", "600"),
        ("step_up", "plain", "aal2", ""),
        ("step_up", "highest", "aal2", ""),
        ("refresh", "page", "aal2", "600"),
        ("refresh", "half-second", "aal2", "1"),
    ],
)
def test_token_client_is_challenged_as_rfc_9470_says(
    site: Site, ory: FakeOry, outcome: str, target: str, aal: str, max_age: str
) -> None:
    response = ask(site, ory, outcome, "token", target=target)

    message = json.loads(response.content)["error"]["message"]
    assert response.headers["WWW-Authenticate"] == challenge(message, aal, max_age)


@pytest.mark.parametrize("target", ["fresh-aal1", "aal1"])
def test_token_client_is_challenged_for_the_level_to_prove(site: Site, ory: FakeOry, target: str) -> None:
    ory.fail(200, b'{"id": "s", "active": true, "identity": {"id": "i"}}')

    response = site.get(target, headers={"X-Session-Token": "ory_st_x"})

    assert 'acr_values="aal1"' in response.headers["WWW-Authenticate"]
    assert ('max_age="600"' in response.headers["WWW-Authenticate"]) is (target == "fresh-aal1")
    assert json.loads(response.content)["error"]["details"]["login_flow"] == f"{ORY}/login/api?refresh=true"


def test_dead_token_is_called_invalid(site: Site, ory: FakeOry) -> None:
    response = ask(site, ory, "login", "token")

    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_bearer_token_is_a_token_too(site: Site, ory: FakeOry) -> None:
    session = session_for(ory, "step_up")

    response = site.get("page", headers={"Authorization": f"Bearer {session.token}", "Accept": "text/html"})

    assert (response.status_code, response.headers["Content-Type"]) == (401, "application/json")


def test_second_factor_due_is_told_to_a_token_client(site: Site, ory: FakeOry) -> None:
    session = ory.add_session(ory.add_identity(second_factors={"totp"}), "password")

    response = site.get("aal1", headers={"X-Session-Token": session.token})

    assert (response.status_code, json.loads(response.content)["error"]["id"]) == (401, "session_aal2_required")
    assert 'acr_values="aal2"' in response.headers["WWW-Authenticate"]


# Nobody clicked

QUIET: dict[str, dict[str, Any]] = {
    "head": {"method": "head"},
    "sec-purpose": {"headers": {"Sec-Purpose": "prefetch"}},
    "prerender": {"headers": {"Sec-Purpose": "prefetch;prerender"}},
    "purpose": {"headers": {"Purpose": "prefetch"}},
}


@pytest.mark.parametrize(
    ("column", "status", "outcome", "options"),
    [
        *(pytest.param("browser", 403, "step_up", options, id=f"browser-{name}") for name, options in QUIET.items()),
        pytest.param("browser", 403, "refresh", QUIET["head"], id="refresh"),
        pytest.param("json", 403, "step_up", QUIET["head"], id="json"),
        pytest.param("json", 403, "refresh", QUIET["purpose"], id="json-refresh"),
        pytest.param("token", 401, "step_up", QUIET["purpose"], id="token"),
        pytest.param("token", 401, "refresh", QUIET["head"], id="token-refresh"),
    ],
)
def test_flow_is_not_opened_when_nobody_clicked(
    site: Site, ory: FakeOry, column: str, status: int, outcome: str, options: dict[str, Any]
) -> None:
    response = ask(site, ory, outcome, column, **options)

    assert (response.status_code, response.content, location(response)) == (status, b"", "")
    assert response.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in response.headers) is (status == 401)
    assert list(response.cookies) == []


@pytest.mark.parametrize("options", QUIET.values(), ids=QUIET)
def test_login_may_be_prefetched(site: Site, ory: FakeOry, options: dict[str, Any]) -> None:
    response = ask(site, ory, "login", "browser", **options)

    assert (response.status_code, location(response)) == (302, f"{ORY}/login/browser?return_to={return_to(site)}")


@pytest.mark.parametrize("options", QUIET.values(), ids=QUIET)
def test_outage_is_told_to_a_prefetch(site: Site, ory: FakeOry, options: dict[str, Any]) -> None:
    assert ask(site, ory, "unavailable", "browser", **options).status_code == 503


# Which column

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
COLUMNS: dict[str, tuple[dict[str, str], bool]] = {
    "browser": ({"Accept": BROWSER}, True),
    "anything": ({"Accept": "*/*"}, True),
    "nothing-said": ({}, True),
    "text": ({"Accept": "text/*"}, True),
    "html-first": ({"Accept": "text/html, application/json;q=0.9"}, True),
    "json": ({"Accept": "application/json"}, False),
    "json-first": ({"Accept": "application/json, text/html;q=0.9"}, False),
    "json-and-anything": ({"Accept": "application/json, text/plain, */*"}, False),
    "application": ({"Accept": "application/*"}, False),
    "image": ({"Accept": "image/png"}, False),
    "event-stream": ({"Accept": "text/event-stream"}, False),
    "navigation": ({"Accept": BROWSER, "Sec-Fetch-Mode": "navigate"}, True),
    "navigation-for-json": ({"Accept": "application/json", "Sec-Fetch-Mode": "navigate"}, False),
    "cors": ({"Accept": BROWSER, "Sec-Fetch-Mode": "cors"}, False),
    "same-origin": ({"Accept": "*/*", "Sec-Fetch-Mode": "same-origin"}, False),
    "no-cors": ({"Accept": "*/*", "Sec-Fetch-Mode": "no-cors"}, False),
    # jQuery, and others; on plain http browsers send no Sec-Fetch-Mode.
    "jquery": ({"Accept": "*/*", "X-Requested-With": "XMLHttpRequest"}, False),
    "jquery-for-html": ({"Accept": BROWSER, "X-Requested-With": "XMLHttpRequest"}, False),
    "web-view": ({"Accept": BROWSER, "X-Requested-With": "com.example.app"}, True),
    # The cookie is the credential beside it.
    "foreign-bearer-beside-a-cookie": ({"Accept": "*/*", "Authorization": "Bearer eyJhbGciOi"}, True),
    "foreign-token-beside-a-cookie": ({"Accept": BROWSER, "X-Session-Token": "foreign"}, True),
}


@pytest.mark.parametrize(("headers", "is_browser"), COLUMNS.values(), ids=COLUMNS)
def test_headers_tell_who_reads(site: Site, ory: FakeOry, headers: dict[str, str], *, is_browser: bool) -> None:
    response = ask(site, ory, "step_up", "browser", headers=headers, target="by-level")

    assert (response.status_code, location(response) != "") == ((302, True) if is_browser else (403, False))


FOREIGN_BEARERS = ["Bearer eyJhbGciOi.e30.c2ln", "bearer ory_at_abc", "Bearer ory_st_a b", "BEARER  x"]


@pytest.mark.parametrize("accept", [None, "*/*", BROWSER, "application/json"])
@pytest.mark.parametrize("authorization", FOREIGN_BEARERS)
def test_foreign_bearer_token_alone_is_refused_as_json(
    site: Site, ory: FakeOry, authorization: str, accept: str | None
) -> None:
    headers = {"Authorization": authorization} | ({"Accept": accept} if accept else {})

    response = site.get("page", headers=headers)

    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert json.loads(response.content)["error"]["id"] == "session_inactive"
    assert (location(response), ory.calls) == ("", [])


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer  "},
        {"X-Session-Token": "foreign"},
    ],
    ids=repr,
)
def test_what_is_no_bearer_token_leaves_a_browser_a_browser(site: Site, ory: FakeOry, headers: dict[str, str]) -> None:
    response = site.get("page", headers={"Accept": BROWSER, **headers})

    assert (response.status_code, location(response).split("?")[0]) == (302, f"{ORY}/login/browser")


# render()


@pytest.mark.parametrize("outcome", ["login", "unavailable"])
def test_adapter_renders_what_it_evaluated(site: Site, ory: FakeOry, outcome: str) -> None:
    response = ask(site, ory, outcome, "json", target="rendering")

    assert json.loads(response.content)["error"]["id"] == IDS[outcome]
    assert response.headers["Cache-Control"] == "no-store"


def test_decision_that_allows_cannot_be_rendered(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    with pytest.raises(ValueError, match="allows"):
        site.get("rendering")


def test_decision_that_allows_is_refused_before_anything_is_asked() -> None:
    decision = Decision(Outcome.ALLOW, Requirement("aal2"), "satisfied")

    with pytest.raises(ValueError, match="allows"):
        render(object(), decision)  # type: ignore[arg-type]


SET_BY_THE_SITE = "{}/verification/browser?return_to=http%3A%2F%2Ftestserver%2Fdone"


@pytest.mark.parametrize("outcome", ["login", "step_up"])
def test_url_that_the_site_sets_is_where_a_browser_goes(site: Site, ory: FakeOry, outcome: str) -> None:
    response = ask(site, ory, outcome, "browser", target="elsewhere", headers={"X-Url": SET_BY_THE_SITE})

    assert (response.status_code, location(response)) == (302, SET_BY_THE_SITE.format(ORY))


def test_url_that_the_site_sets_is_what_a_script_is_told(site: Site, ory: FakeOry) -> None:
    response = ask(site, ory, "step_up", "json", target="elsewhere", headers={"X-Url": SET_BY_THE_SITE})

    assert json.loads(response.content)["redirect_browser_to"] == f"{ORY}/verification/browser"


def test_url_that_the_site_sets_is_the_link_of_the_page(site: Site, ory: FakeOry) -> None:
    response = ask(site, ory, "enroll", "browser", target="elsewhere", headers={"X-Url": "{}/recovery/browser"})

    assert f'href="{ORY}/recovery/browser"' in response.content.decode()


@pytest.mark.parametrize(
    "url", ["https://evil.test/self-service/login/browser", "//evil.test", "{}/../x", "javascript:alert(1)"]
)
@pytest.mark.parametrize(("outcome", "target"), [("login", "login/browser?"), ("step_up", "login/browser?aal=aal2&")])
def test_url_outside_of_orys_flows_is_never_gone_to(
    site: Site, ory: FakeOry, outcome: str, target: str, url: str
) -> None:
    response = ask(site, ory, outcome, "browser", target="elsewhere", headers={"X-Url": url})

    assert location(response) == f"{ORY}/{target}return_to={return_to(site, 'elsewhere')}"


def test_url_outside_of_orys_flows_is_no_link_of_a_page(site: Site, ory: FakeOry) -> None:
    response = ask(site, ory, "enroll", "browser", target="elsewhere", headers={"X-Url": "https://evil.test/x"})

    assert "evil.test" not in response.content.decode()
