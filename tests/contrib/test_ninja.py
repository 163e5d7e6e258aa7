"""``contrib.ninja``: operations that ask for a level, and what refusals say, with ``DEBUG`` and without."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.middleware.csrf import get_token
from django.test import RequestFactory
from django.urls import include, path

from django_ory_mfa import signals
from django_ory_mfa.enforcement import AALRequired
from django_ory_mfa.testing import FakeOry
from django_ory_mfa.testing.requests import CookieJar, equip
from tests.apis import needed
from tests.guard.test_next_person import CART, SESSION, SESSIONS, next_person
from tests.guard.test_next_person import urlpatterns as cart_urls
from tests.site import LOOP, Site

needed("ninja")

pytestmark = pytest.mark.urls("tests.ninja_contrib_site")


@pytest.fixture(params=[False, True], ids=["production", "debug"], autouse=True)
def debug(request: pytest.FixtureRequest, settings: Any) -> bool:
    settings.DEBUG = request.param
    return bool(request.param)


def told(response: Any) -> tuple[int, str]:
    """The status and the id of the error."""
    return response.status_code, json.loads(response.content)["error"]["id"]


@pytest.mark.parametrize("target", ["fresh", "inside", "decorated"])
def test_token_is_refused_with_challenge_and_json(site: Site, ory: FakeOry, target: str) -> None:
    session = ory.add_session(ory.add_identity(second_factors={"totp"}), "password", ("totp", 3000))

    response = site.json(target, headers={"X-Session-Token": session.token})

    assert told(response) == (401, "session_refresh_required")
    assert 'max_age="600"' in response.headers["WWW-Authenticate"]
    assert response.json()["error"]["details"]["max_age"] == 600
    assert "redirect_browser_to" not in response.json()


def test_browser_is_answered_in_json(site: Site, ory: FakeOry) -> None:
    """The client of an API reads no pages, whatever it says that it accepts."""
    response = site.get("fresh", headers={"Accept": "text/html"})

    assert told(response) == (401, "session_inactive")


def test_kind_of_client_is_not_asked_for(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_CLIENT_KIND = "tests.contrib.test_ninja.nobody_asks"

    assert told(site.json("fresh")) == (401, "session_inactive")


def nobody_asks(request: Any) -> str:
    raise AssertionError("asked")


def test_session_is_the_auth_of_the_operation(site: Site, ory: FakeOry) -> None:
    session = ory.login(site)

    assert site.json("who").json() == {"pk": session.identity.id, "text": session.identity.id}
    assert len(ory.calls) == 1


@pytest.mark.parametrize("method", ["get", "post"])
def test_fresh_proof_costs_one_call(mode: str, ory: FakeOry, method: str) -> None:
    """Although Ory's own cache, at the edge, may have aged a first answer."""
    site = Site(mode, enforce_csrf_checks=True)
    session = ory.login(site)
    request = RequestFactory().get("/")
    token = get_token(request)
    site.set_cookie("csrftoken", request.META["CSRF_COOKIE"])
    body = ory.handle("GET", "/sessions/whoami", [("Cookie", f"{ory.cookie_name}={session.cookie}")]).body
    ory.fail(200, body, [("Ory-Session-Cache-For", "60")])
    ory.calls.clear()

    headers = {"Accept": "application/json", "X-CSRFToken": token}
    assert site.request(method, "fresh", headers=headers).json() == {"open": "sesame"}
    assert len(ory.calls) == 1


def test_rule_6_throttle_key_is_stable_over_step_up_and_without_traits(ory: FakeOry) -> None:
    from ninja.throttling import AuthRateThrottle

    from django_ory_mfa.contrib.ninja import OryAuth

    ory.required_aal = "aal1"
    session = ory.login(Site("sync"), aal="aal1", second_factors={"totp"}, traits={"email": "jo@example.com"})
    keys = []
    for proofs in ([], ["totp"]):
        for proof in proofs:
            session.prove(proof)
        request: Any = equip(RequestFactory().get("/", headers={"X-Session-Token": session.token}), CookieJar())
        request.auth = OryAuth("aal1")(request)
        keys.append((AuthRateThrottle("10/m").get_cache_key(request), str(request.auth)))

    assert keys[0] == keys[1]
    assert keys[0][1] == session.identity.id


def test_bare_auth_asks_for_the_setting(site: Site, ory: FakeOry, settings: Any) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})
    assert told(site.json("bare")) == (403, "session_aal2_required")

    settings.ORY_MFA_AAL = "aal1"

    assert site.json("bare").json() == {"open": "sesame"}


def test_callable_that_asks_for_nothing_lets_everybody_in(site: Site, ory: FakeOry) -> None:
    assert told(site.request("post", "callable")) == (401, "session_inactive")
    assert site.json("callable").json() == {"auth": "True"}
    session = ory.login(site)
    assert site.json("callable").json() == {"auth": session.identity.id}


@pytest.mark.parametrize("arguments", [{"aal": "aal3"}, {"aal": "aal2", "max_age": 0}])
def test_auth_that_could_never_be_met_is_an_error(arguments: dict[str, Any]) -> None:
    from django_ory_mfa.contrib.ninja import OryAuth

    with pytest.raises(ValueError, match="must be"):
        OryAuth(**arguments)


@pytest.mark.parametrize("method", ["get", "post"])
def test_path_with_sync_and_async_operations_is_guarded(site: Site, ory: FakeOry, method: str) -> None:
    assert told(site.request(method, "/mixed")) == (401, "session_inactive")
    ory.login(site)
    assert site.request(method, "/mixed").json() == {"open": "sesame"}


def test_refusal_is_signalled_once(site: Site, ory: FakeOry) -> None:
    heard: list[str] = []

    def hear(sender: Any, **named: Any) -> None:
        heard.append(named["decision"].reason)

    signals.aal_denied.connect(hear)
    site.json("fresh")
    signals.aal_denied.disconnect(hear)

    assert heard == ["session_missing"]


def test_prefetch_is_refused_without_a_link(site: Site, ory: FakeOry) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.json("fresh", headers={"Sec-Purpose": "prefetch"})

    assert (response.status_code, response.content) == (403, b"")


# Without install


def test_refusal_without_install_has_the_right_status(site: Site, ory: FakeOry) -> None:
    response = site.json(f"/uninstalled/{site.mode}/fresh")

    assert response.status_code == 401
    assert response.json() == {"detail": "No active session was found in this request."}
    assert response.headers["Cache-Control"] == "no-store"


def test_refusal_is_aal_required_and_http_error(ory: FakeOry) -> None:
    from ninja.errors import HttpError

    from django_ory_mfa.contrib.ninja import OryAuth

    request = ory.request(RequestFactory().get("/"), aal="aal1", second_factors={"totp"})

    with pytest.raises(AALRequired) as caught:
        OryAuth("aal2", max_age=600)(request)

    error: Any = caught.value
    assert isinstance(error, HttpError)
    assert (error.status_code, error.decision.outcome) == (403, "step_up")
    assert error.extensions["error"]["id"] == "session_aal2_required"


def test_client_of_ninja_passes_no_middleware_and_is_not_let_in(ory: FakeOry, settings: Any) -> None:
    from ninja import Router
    from ninja.testing import TestClient

    from django_ory_mfa.contrib.ninja import OryAuth
    from tests.ninja_contrib_site import sesame

    # Else ninja answers with a traceback.
    settings.DEBUG = False
    router = Router(auth=OryAuth("aal1"))
    router.get("/open")(sesame)

    with pytest.raises(ImproperlyConfigured, match="OrySessionMiddleware"):
        TestClient(router).get("/open")


def test_auth_is_awaited_in_an_event_loop(ory: FakeOry) -> None:
    from django_ory_mfa.contrib.ninja import OryAuth

    request = ory.request(RequestFactory().get("/"))

    async def ask() -> Any:
        return await OryAuth("aal2")(request)

    assert LOOP.run(ask()).aal == "aal2"


# Other exceptions


@pytest.mark.parametrize(
    ("query", "reason"),
    [("?why=Not%20yours.", "Not yours."), ("", "You do not have permission to perform this action.")],
)
def test_other_denial_is_forbidden_in_our_json(site: Site, ory: FakeOry, query: str, reason: str) -> None:
    response = site.json(f"forbidden{query}")

    assert told(response) == (403, "forbidden")
    assert (response.json()["error"]["reason"], response.headers["Cache-Control"]) == (reason, "no-store")


def test_other_exceptions_are_ninjas(site: Site, ory: FakeOry, *, debug: bool) -> None:
    if debug:
        assert b"RuntimeError: a bug of the site" in site.json("breaks").content
        return
    with pytest.raises(RuntimeError, match="a bug of the site"):
        site.json("breaks")


# CSRF


@pytest.mark.parametrize("aal", ["aal1", "aal2"])
@pytest.mark.parametrize("target", ["who", "fresh", "csrf-exempt"])
def test_rule_7_forged_request_is_refused_before_the_level_is_told(
    mode: str, ory: FakeOry, target: str, aal: str
) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site, aal=aal, second_factors={"totp"})

    response = site.request("post", target, headers={"Accept": "application/json"})

    assert told(response) == (403, "csrf_failed")
    assert response.headers["Cache-Control"] == "no-store"


def test_forged_request_that_a_level_inside_refuses_is_told_so(mode: str, ory: FakeOry) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)

    response = site.request("post", "inside", headers={"Accept": "application/json"})

    assert told(response) == (403, "csrf_failed")


def test_forged_request_without_install_has_the_right_status(mode: str, ory: FakeOry) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)

    response = site.request("post", f"/uninstalled/{mode}/fresh", headers={"Accept": "application/json"})

    assert (response.status_code, response.json()["detail"][:11]) == (403, "CSRF Failed")


def test_request_with_djangos_proof_is_let_in(mode: str, ory: FakeOry) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)
    request = RequestFactory().get("/")
    token = get_token(request)
    site.set_cookie("csrftoken", request.META["CSRF_COOKIE"])

    response = site.request("post", "fresh", headers={"Accept": "application/json", "X-CSRFToken": token})

    assert response.json() == {"open": "sesame"}


def test_token_needs_no_proof(mode: str, ory: FakeOry) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    token = ory.add_session(ory.add_identity(second_factors={"totp"}), "password", "totp").token

    assert site.request("post", "fresh", headers={"X-Session-Token": token}).json() == {"open": "sesame"}


# OpenAPI


def test_each_gives_three_schemes_and_one_guard(site: Site, ory: FakeOry) -> None:
    from tests.ninja_contrib_site import each

    schema = each.get_openapi_schema(path_prefix="")

    assert schema["components"]["securitySchemes"] == {
        "OryCookie": {"type": "apiKey", "in": "cookie", "name": "ory_kratos_session"},
        "OrySessionToken": {"type": "apiKey", "in": "header", "name": "X-Session-Token"},
        "OryBearer": {"type": "http", "scheme": "bearer"},
    }
    assert site.json(f"/each/{site.mode}/each").status_code == 401
    ory.login(site)
    assert site.json(f"/each/{site.mode}/each").json() == {"open": "sesame"}


def test_one_auth_is_one_scheme(ory: FakeOry) -> None:
    from tests.ninja_contrib_site import bare

    assert bare.get_openapi_schema(path_prefix="")["components"]["securitySchemes"] == {
        "OryAuth": {"type": "http", "scheme": "bearer"}
    }


# Another person at the same browser.


class carts:  # noqa: N801 - it stands for a module
    urlpatterns = (*cart_urls, path("api/", include("tests.ninja_contrib_site")))


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("target", ["sync/who", "async/who", "sync/inside", "async/inside", "uninstalled/sync/fresh"])
def test_request_in_which_the_site_has_read_the_session_of_another_person_ends(
    mode: str, ory: FakeOry, settings: Any, target: str, method: str
) -> None:
    settings.ROOT_URLCONF, settings.MIDDLEWARE = carts, [SESSIONS, CART, SESSION]
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    site = Site(mode, enforce_csrf_checks=True)
    next_person(ory, site)

    first = site.request(method, f"/api/{target}")

    assert told(first) == (403, "forbidden")
    assert first.json()["error"]["details"] == {"reason": "other_person"}
    assert site.get("free").content == b"empty"
    # A form of another site is told so only now.
    second = site.request(method, f"/api/{target}")
    assert (second.status_code, b"other_person" in second.content) == (200 if method == "get" else 403, False)
