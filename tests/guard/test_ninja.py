"""Guards around and inside of operations of django-ninja, with ``DEBUG`` and without."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from django.utils.asyncio import async_unsafe

from django_ory_mfa.testing import FakeOry
from tests.apis import needed
from tests.site import Site, location

needed("ninja")

pytestmark = pytest.mark.urls("tests.ninja_site")

GUARDED = ["decorated", "around", "inside"]
ORY = "http://127.0.0.1:4433/self-service"
ROWS = [
    ("login", "cookie", 401, "session_inactive"),
    ("login", "token", 401, "session_inactive"),
    ("step_up", "cookie", 403, "session_aal2_required"),
    ("step_up", "token", 401, "session_aal2_required"),
    ("refresh", "cookie", 403, "session_refresh_required"),
    ("refresh", "token", 401, "session_refresh_required"),
    ("enroll", "cookie", 403, "session_aal2_enrollment_required"),
    ("enroll", "token", 403, "session_aal2_enrollment_required"),
    ("unavailable", "cookie", 503, "ory_unavailable"),
    ("unavailable", "token", 503, "ory_unavailable"),
]


@pytest.fixture(params=[False, True], ids=["production", "debug"], autouse=True)
def debug(request: pytest.FixtureRequest, settings: Any) -> bool:
    settings.DEBUG = request.param
    return bool(request.param)


def ask(site: Site, ory: FakeOry, outcome: str, by: str, target: str) -> Any:
    """The refusal with ``outcome`` for a client with a token or with a cookie."""
    ory.required_aal = "aal1"
    factors = set() if outcome == "enroll" else {"totp"}
    proofs: list[Any] = ["password"] if outcome in ("enroll", "step_up") else ["password", ("totp", 3000)]
    session = ory.add_session(ory.add_identity(second_factors=factors), *proofs)
    if outcome == "login":
        session.revoke()
    if outcome == "unavailable":
        ory.fail(503)
    if by == "token":
        return site.json(target, headers={"X-Session-Token": session.token})
    site.set_cookie(ory.cookie_name, session.cookie)
    return site.json(target)


@pytest.mark.parametrize(("outcome", "by", "status", "error_id"), ROWS, ids=[f"{row[0]}-{row[1]}" for row in ROWS])
@pytest.mark.parametrize("target", GUARDED)
def test_script_is_refused_with_status_and_json(
    site: Site, ory: FakeOry, target: str, outcome: str, by: str, status: int, error_id: str
) -> None:
    response = ask(site, ory, outcome, by, target)

    assert (response.status_code, json.loads(response.content)["error"]["id"]) == (status, error_id)
    assert response.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in response.headers) is (status == 401)
    assert ("Retry-After" in response.headers) is (status == 503)


@pytest.mark.parametrize("accept", ["*/*", None])
def test_program_that_takes_anything_is_refused_in_json(site: Site, ory: FakeOry, accept: str | None) -> None:
    response = site.get("inside", headers={} if accept is None else {"Accept": accept})

    assert (response.status_code, json.loads(response.content)["error"]["id"]) == (401, "session_inactive")


def always_a_browser(request: Any) -> str:
    return "browser"


def always_a_script(request: Any) -> str:
    return "json"


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/json"])
@pytest.mark.parametrize("target", GUARDED)
def test_kind_that_the_site_says_comes_before_what_the_client_takes(
    site: Site, ory: FakeOry, settings: Any, target: str, accept: str
) -> None:
    settings.ORY_MFA_CLIENT_KIND = f"{__name__}.always_a_browser"
    assert location(site.get(target, headers={"Accept": accept}))[: len(ORY)] == ORY

    settings.ORY_MFA_CLIENT_KIND = f"{__name__}.always_a_script"
    assert site.get(target, headers={"Accept": accept}).json()["error"]["id"] == "session_inactive"


@pytest.mark.parametrize("target", GUARDED)
def test_browser_is_sent_to_ory(site: Site, ory: FakeOry, target: str) -> None:
    response = site.get(target, headers={"Accept": "text/html"})

    assert (response.status_code, location(response)[: len(ORY)]) == (302, ORY)


@pytest.mark.parametrize("target", GUARDED)
def test_browser_without_a_factor_gets_the_page(site: Site, ory: FakeOry, target: str) -> None:
    ory.login(site, aal="aal1")

    response = site.get(target, headers={"Accept": "text/html"})

    assert (response.status_code, b"ory-mfa" in response.content) == (403, True)


@async_unsafe
def looks_into_the_database(request: Any) -> dict[str, Any]:
    """A context processor of a site."""
    return {}


def test_page_may_use_the_database(site: Site, ory: FakeOry, settings: Any) -> None:
    template, *_ = copy.deepcopy(settings.TEMPLATES)
    template["OPTIONS"]["context_processors"].append("tests.guard.test_ninja.looks_into_the_database")
    settings.TEMPLATES = [template]
    ory.login(site, aal="aal1")

    response = site.get("inside", headers={"Accept": "text/html"})

    assert (response.status_code, b"ory-mfa" in response.content) == (403, True)


@pytest.mark.parametrize("target", GUARDED)
def test_who_may_gets_the_json_of_the_operation(site: Site, ory: FakeOry, target: str) -> None:
    ory.login(site)

    response = site.json(target)

    assert (response.status_code, response.json()) == (200, {"open": "sesame"})
    assert response.headers["Cache-Control"] == "private"
    assert response.headers["Vary"] == "Cookie, Authorization, X-Session-Token"


def test_text_and_arguments_pass_the_guard(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert site.json("text?name=ab&times=2").json() == "abab"


def test_list_becomes_what_the_operation_declares(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert site.json("list").json() == [1, 2]


def test_response_of_an_operation_is_marked(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    response = site.json("response")

    assert (response.content, response.headers["Cache-Control"]) == (b"open sesame", "private")


def test_view_below_the_policy_is_answered_in_the_same_way(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_ory_mfa.middleware.AALRequiredMiddleware"]
    settings.ORY_MFA_AAL = "aal1"
    ory.required_aal = "aal1"
    assert site.json("inside").json()["error"]["id"] == "session_inactive"
    ory.login(site, aal="aal1", second_factors={"totp"})
    refused = site.json("inside")
    assert (refused.status_code, refused.json()["error"]["id"]) == (403, "session_aal2_required")
    ory.login(site)

    assert site.json("inside").json() == {"open": "sesame"}


# What an operation answers on purpose stays


def test_operation_that_falls_back_is_left_alone(site: Site, ory: FakeOry) -> None:
    response = site.json("falls-back")

    assert (response.status_code, response.json()) == (200, {"open": "a crack"})


def test_other_error_is_not_taken_for_a_refusal(site: Site, ory: FakeOry, *, debug: bool) -> None:
    if not debug:
        with pytest.raises(RuntimeError, match="a bug of the site"):
            site.json("breaks")
        return

    response = site.json("breaks")

    assert (response.status_code, response.headers["Cache-Control"]) == (500, "no-store")
    assert b"RuntimeError: a bug of the site" in response.content


def test_handler_of_the_site_is_left_alone(site: Site, ory: FakeOry) -> None:
    response = site.json(f"/handled/{site.mode}/inside")

    assert (response.status_code, response.json()) == (403, {"errors": ["session_missing"]})
    assert response.headers["Cache-Control"] == "no-store"


# CSRF


def test_cookie_without_djangos_proof_is_refused_by_the_failure_view(mode: str, ory: FakeOry) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)

    response = site.request("post", "inside", headers={"Accept": "application/json"})

    assert (response.status_code, response.headers["Cache-Control"]) == (403, "no-store")
    assert b"CSRF verification failed" in response.content
    assert b"Traceback" not in response.content
