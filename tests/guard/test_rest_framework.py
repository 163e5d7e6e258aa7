"""``require_aal`` inside of Django REST framework answers as the decorator does, until ``contrib`` has views for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.test import RequestFactory

from django_ory_mfa.testing import FakeOry
from tests.apis import needed
from tests.site import Site, location

needed("rest_framework")

pytestmark = pytest.mark.urls("tests.rest_framework_site")

INSIDE = ["inside", "class", "permission"]
OUTCOMES = {
    "login": ("session_inactive", 401, 401),
    "step_up": ("session_aal2_required", 403, 401),
    "refresh": ("session_refresh_required", 403, 401),
    "enroll": ("session_aal2_enrollment_required", 403, 403),
    "unavailable": ("ory_unavailable", 503, 503),
}
ORY = "http://127.0.0.1:4433/self-service"


@pytest.fixture(autouse=True)
def rest_framework(settings: Any) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework"]
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}


def ask(site: Site, ory: FakeOry, outcome: str, by: str, target: str, **options: Any) -> Any:
    """The refusal with ``outcome`` for a client with a token, with a cookie, or in a browser."""
    ory.required_aal = "aal1"
    factors = set() if outcome == "enroll" else {"totp"}
    proofs: list[Any] = ["password"] if outcome in ("enroll", "step_up") else ["password", ("totp", 3000)]
    session = ory.add_session(ory.add_identity(second_factors=factors), *proofs)
    if outcome == "login":
        session.revoke()
    if outcome == "unavailable":
        ory.fail(503)
    headers = {"Accept": "text/html" if by == "browser" else "application/json"}
    if by == "token":
        headers["X-Session-Token"] = session.token
    else:
        site.set_cookie(ory.cookie_name, session.cookie)
    return site.get(f"/{target}", headers=headers, **options)


def facts(response: Any) -> dict[str, Any]:
    """Everything of an answer that a client can see."""
    ours = ("Cache-Control", "WWW-Authenticate", "Retry-After", "Location", "Vary", "Content-Type", "HX-Redirect")
    headers = {name: response.headers[name] for name in ours if name in response.headers}
    return {"status": response.status_code, "body": response.content.decode(), **headers}


@pytest.mark.parametrize("by", ["token", "cookie"])
@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("target", INSIDE)
def test_script_is_refused_as_by_the_decorator(site: Site, ory: FakeOry, outcome: str, by: str, target: str) -> None:
    error_id, by_cookie, by_token = OUTCOMES[outcome]

    response = ask(site, ory, outcome, by, target)

    assert response.status_code == (by_token if by == "token" else by_cookie)
    assert json.loads(response.content)["error"]["id"] == error_id
    assert ("WWW-Authenticate" in response.headers) is (response.status_code == 401)
    assert "no-store" in response.headers["Cache-Control"]
    assert facts(response) == facts(ask(site, ory, outcome, by, "decorated"))


@pytest.mark.parametrize("accept", ["*/*", "application/xml, */*", None])
@pytest.mark.parametrize("target", INSIDE)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_program_that_takes_anything_is_refused_in_json(
    site: Site, ory: FakeOry, outcome: str, target: str, accept: str | None
) -> None:
    error_id, status, _ = OUTCOMES[outcome]
    ask(site, ory, outcome, "cookie", target)

    response = site.get(f"/{target}", headers={} if accept is None else {"Accept": accept})

    assert (response.status_code, json.loads(response.content)["error"]["id"]) == (status, error_id)


def always_a_browser(request: Any) -> str:
    return "browser"


def always_a_script(request: Any) -> str:
    return "json"


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/json"])
@pytest.mark.parametrize("target", INSIDE)
def test_kind_that_the_site_says_comes_before_what_the_client_takes(
    site: Site, ory: FakeOry, settings: Any, target: str, accept: str
) -> None:
    settings.ORY_MFA_CLIENT_KIND = f"{__name__}.always_a_browser"
    assert location(site.get(f"/{target}", headers={"Accept": accept}))[: len(ORY)] == ORY

    settings.ORY_MFA_CLIENT_KIND = f"{__name__}.always_a_script"
    assert site.get(f"/{target}", headers={"Accept": accept}).json()["error"]["id"] == "session_inactive"


@pytest.mark.parametrize("target", INSIDE)
def test_program_without_a_session_gets_a_401_and_no_redirect(site: Site, ory: FakeOry, target: str) -> None:
    response = site.get(f"/{target}", headers={"Accept": "*/*"})

    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("target", INSIDE)
def test_browser_gets_the_redirect_or_the_page(site: Site, ory: FakeOry, outcome: str, target: str) -> None:
    response = ask(site, ory, outcome, "browser", target)

    if outcome in ("enroll", "unavailable"):
        assert response.status_code == OUTCOMES[outcome][1]
        assert b"ory-mfa" in response.content
    else:
        assert (response.status_code, location(response)[: len(ORY)]) == (302, ORY)
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("target", INSIDE)
def test_who_may_is_let_in(site: Site, ory: FakeOry, target: str) -> None:
    ory.login(site)

    response = site.json(f"/{target}")

    assert (response.status_code, response.json()) == (200, {"open": "sesame"})
    assert "private" in response.headers["Cache-Control"]


def test_htmx_is_told_where_to_go(site: Site, ory: FakeOry) -> None:
    response = site.get("/inside", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/page"})

    assert (response.status_code, response.headers["HX-Redirect"][: len(ORY)]) == (200, ORY)


def test_view_below_the_policy_is_answered_in_the_same_way(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_ory_mfa.middleware.AALRequiredMiddleware"]
    settings.ORY_MFA_AAL = "aal1"
    ory.required_aal = "aal1"
    assert site.json("/inside").json()["error"]["id"] == "session_inactive"
    ory.login(site, aal="aal1", second_factors={"totp"})
    refused = site.json("/inside")
    assert (refused.status_code, refused.json()["error"]["id"]) == (403, "session_aal2_required")
    ory.login(site)

    assert site.json("/inside").json() == {"open": "sesame"}


# What a view answers on purpose stays


@pytest.mark.parametrize(
    ("target", "status", "body"),
    [
        ("falls-back", 200, {"open": "a crack"}),
        ("answers-itself", 403, {"detail": "session_missing"}),
        ("raises-another", 403, {"detail": "Not your report."}),
        ("hides", 404, {"detail": "Not found."}),
        ("shaped", 403, {"errors": ["session_missing"]}),
        ("own-handler", 403, b"ask the help desk"),
    ],
)
def test_answer_that_is_not_the_frameworks_own_stays(
    site: Site, ory: FakeOry, target: str, status: int, body: Any
) -> None:
    response = site.json(f"/{target}")

    assert response.status_code == status
    assert (response.content if isinstance(body, bytes) else response.json()) == body
    # A refusal is not stored, whoever wrote it.
    assert ("no-store" in response.headers["Cache-Control"]) is (status != 200)


# CSRF


def proof() -> tuple[str, str]:
    """The cookie and the header that prove that a request comes from a page of this site."""
    request = RequestFactory().get("/")
    token = get_token(request)
    return request.META["CSRF_COOKIE"], token


@pytest.mark.parametrize("target", INSIDE)
def test_cookie_without_djangos_proof_is_refused_by_the_failure_view(mode: str, ory: FakeOry, target: str) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)

    response = site.request("post", f"/{target}", headers={"Accept": "application/json"})

    assert (response.status_code, response.headers["Cache-Control"]) == (403, "no-store")
    assert b"CSRF verification failed" in response.content
    assert b"detail" not in response.content


@pytest.mark.parametrize("target", INSIDE)
def test_cookie_with_djangos_proof_is_let_in(mode: str, ory: FakeOry, target: str) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)
    cookie, token = proof()
    site.set_cookie("csrftoken", cookie)

    response = site.request("post", f"/{target}", headers={"Accept": "application/json", "X-CSRFToken": token})

    assert (response.status_code, response.json()) == (200, {"open": "sesame"})


def test_token_needs_no_proof(mode: str, ory: FakeOry) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    session = ory.login(Site("sync"))

    response = site.request("post", "/inside", headers={"X-Session-Token": session.token})

    assert response.status_code == 200
    assert isinstance(response, HttpResponse)
