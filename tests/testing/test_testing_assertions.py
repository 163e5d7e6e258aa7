"""The assertions and the requests that a site's own tests get."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse, JsonResponse
from django.test import AsyncRequestFactory, RequestFactory

from django_ory_mfa import AAL
from django_ory_mfa.testing import assert_denied, assert_step_up
from tests.site import LOOP, Site

JSON = {"Accept": "application/json"}


def sent(site: Site, ory: Any, path: str, **options: Any) -> Any:
    """The answer to somebody at aal1 who has a second factor."""
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})
    return site.get(path, **options)


def by_token(site: Site, ory: Any, path: str) -> Any:
    ory.required_aal = "aal1"
    session = ory.login(Site(site.mode), aal="aal1", second_factors={"totp"})
    return site.get(path, headers={"X-Session-Token": session.token})


# Step-up.


@pytest.mark.parametrize("headers", [{}, JSON, {"HX-Request": "true"}], ids=["browser", "script", "htmx"])
def test_step_up_is_one_for_every_client_with_a_cookie(ory: Any, site: Site, headers: dict[str, str]) -> None:
    response = sent(site, ory, "aal2", headers=headers)

    assert_step_up(response)
    assert_step_up(response, aal="aal2")
    assert_step_up(response, "aal2")
    assert_denied(response, id="session_aal2_required")


def test_step_up_is_one_for_a_token(ory: Any, site: Site) -> None:
    response = by_token(site, ory, "aal2")

    assert_step_up(response)
    assert_denied(response, id="session_aal2_required")


def test_fresh_proof_of_a_second_factor_is_a_step_up_too(ory: Any, site: Site) -> None:
    ory.login(site, age=700)

    response = site.get("fresh")

    assert_step_up(response)
    assert_denied(response, id="session_refresh_required")


@pytest.mark.parametrize("headers", [{}, JSON], ids=["browser", "script"])
def test_sign_in_is_no_step_up(site: Site, headers: dict[str, str]) -> None:
    response = site.get("aal2", headers=headers)

    with pytest.raises(AssertionError, match=r"^expected a step-up to aal2, but got status (302 http|401 session_)"):
        assert_step_up(response)


def test_step_up_to_another_level_is_not_that(ory: Any, site: Site) -> None:
    with pytest.raises(AssertionError, match="expected a step-up to aal3"):
        assert_step_up(sent(site, ory, "aal2"), aal="aal3")


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse("fine"),
        HttpResponse(status=302, headers={"Location": "/home/?aal=aal2"}),
        HttpResponse(status=302, headers={"Location": "https://evil.example/self-service/login/browser?aal=aal2"}),
        HttpResponse(headers={"Location": "http://127.0.0.1:4433/self-service/login/browser?aal=aal2"}),
        JsonResponse({"error": "aal2"}),
        JsonResponse(["error"], safe=False),
        JsonResponse({"redirect_browser_to": 5}),
    ],
    ids=["page", "own redirect", "other host", "no redirect", "text", "list", "number"],
)
def test_other_answers_are_no_step_up_and_no_refusal(response: HttpResponse) -> None:
    with pytest.raises(AssertionError, match="expected a step-up"):
        assert_step_up(response)
    with pytest.raises(AssertionError, match="expected a refusal, but got status"):
        assert_denied(response)


# Refusals.


@pytest.mark.parametrize("headers", [{}, JSON, {"HX-Request": "true"}], ids=["browser", "script", "htmx"])
def test_sign_in_is_a_refusal(site: Site, headers: dict[str, str]) -> None:
    response = site.get("aal2", headers=headers)

    assert_denied(response)
    assert_denied(response, id="session_inactive")
    with pytest.raises(AssertionError, match="expected session_aal2_required, but got status"):
        assert_denied(response, id="session_aal2_required")


@pytest.mark.parametrize("headers", [{}, JSON, {"HX-Request": "true"}], ids=["browser", "script", "htmx"])
def test_missing_second_factor_is_a_refusal(ory: Any, site: Site, headers: dict[str, str]) -> None:
    ory.login(site, aal="aal1")

    assert_denied(site.get("aal2", headers=headers), id="session_aal2_enrollment_required")


@pytest.mark.parametrize("headers", [{}, JSON], ids=["browser", "script"])
def test_outage_is_a_refusal(ory: Any, site: Site, headers: dict[str, str]) -> None:
    ory.login(site)
    ory.fail(503)

    assert_denied(site.get("aal2", headers=headers), id="ory_unavailable")


def test_page_after_too_many_hops_is_a_refusal(ory: Any, site: Site) -> None:
    responses = [sent(site, ory, "aal2")] + [site.get("aal2") for _ in range(3)]

    assert_denied(responses[-1], id="too_many_hops")


def test_plain_403_is_forbidden() -> None:
    assert_denied(HttpResponse(status=403), id="forbidden")


def test_json_with_an_error_and_status_200_is_no_refusal() -> None:
    with pytest.raises(AssertionError):
        assert_denied(JsonResponse({"error": {"id": "session_inactive"}}))


# Requests without a server.


@pytest.mark.parametrize("factory", [RequestFactory(), AsyncRequestFactory()], ids=["sync", "async"])
def test_request_has_the_session_of_a_person_at_the_level(ory: Any, factory: Any) -> None:
    request = ory.request(factory.get("/"), aal="aal2", email="ann@example.test")

    assert request.ory_session.aal == AAL.AAL2
    assert request.ory_session.identity.traits == {"email": "ann@example.test"}
    assert not hasattr(request, "user")


def test_request_can_be_awaited(ory: Any) -> None:
    request = ory.request(AsyncRequestFactory().get("/"), aal="aal1")

    assert LOOP.run(request.aory_session()).aal == AAL.AAL1


@pytest.mark.parametrize("factory", [RequestFactory, AsyncRequestFactory], ids=["sync", "async"])
def test_request_keeps_its_other_cookies(ory: Any, factory: Any) -> None:
    maker = factory()
    maker.cookies["theme"] = "dark"
    request = maker.get("/")
    before = dict(request.COOKIES)

    ory.request(request)

    assert (before, request.COOKIES["theme"], set(request.COOKIES)) == (
        {"theme": "dark"},
        "dark",
        {"theme", "ory_kratos_session"},
    )
    assert request.ory_session.is_authenticated


def test_request_is_the_one_that_was_given(ory: Any) -> None:
    request = RequestFactory().get("/")

    assert ory.request(request) is request
