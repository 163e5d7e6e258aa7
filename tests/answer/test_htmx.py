"""htmx asks for fragments, and cannot show Ory's pages in place of one."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from django_ory_mfa.testing import FakeOry
from tests.site import Site, location

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/around?page=2"}
LOGIN = "http://127.0.0.1:4433/self-service/login/browser"


def sent_to(response: Any) -> tuple[str, dict[str, str]]:
    """Where htmx is told to go: the page and its parameters."""
    base, _, query = response.headers["HX-Redirect"].partition("?")
    return base, {name: values[0] for name, values in parse_qs(query).items()}


def fragment(site: Site, path: str, method: str = "get", **headers: str) -> Any:
    return site.request(method, path, headers={**HTMX, **headers})


@pytest.mark.parametrize("method", ["get", "post"])
def test_stranger_is_sent_to_login_and_back_to_the_page_around(site: Site, ory: FakeOry, method: str) -> None:
    response = fragment(site, "aal2", method)

    assert (response.status_code, response.content, location(response)) == (200, b"", "")
    assert response.headers["Cache-Control"] == "no-store"
    assert sent_to(response) == (LOGIN, {"return_to": HTMX["HX-Current-URL"]})


def test_missing_factor_is_stepped_up_to(site: Site, ory: FakeOry) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert sent_to(fragment(site, "aal2")) == (LOGIN, {"aal": "aal2", "return_to": HTMX["HX-Current-URL"]})


def test_old_proof_is_refreshed(site: Site, ory: FakeOry) -> None:
    ory.login(site, age=700)

    parameters = {"refresh": "true", "aal": "aal2", "return_to": HTMX["HX-Current-URL"]}
    assert sent_to(fragment(site, "fresh")) == (LOGIN, parameters)


def test_who_has_no_factor_gets_the_page(site: Site, ory: FakeOry) -> None:
    ory.login(site, aal="aal1")

    response = fragment(site, "aal2")

    assert (response.status_code, "HX-Redirect" in response.headers) == (403, False)
    assert "/self-service/settings/browser" in response.content.decode()


def test_outage_is_503(site: Site, ory: FakeOry) -> None:
    ory.login(site)
    ory.fail(503)

    response = fragment(site, "aal2")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


def test_who_may_gets_the_fragment(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert fragment(site, "aal2").content == b"open sesame"


def test_token_client_gets_json_all_the_same(site: Site, ory: FakeOry) -> None:
    token = ory.add_session(ory.add_identity(second_factors={"totp"}), "password").token
    ory.required_aal = "aal1"

    response = fragment(site, "aal2", **{"X-Session-Token": token})

    assert (response.status_code, response.json()["error"]["id"]) == (401, "session_aal2_required")


@pytest.mark.parametrize(
    "page",
    ["https://evil.example/", "http://testserver.evil.example/", "http://[", "", "http://testserver/account/security/"],
)
def test_odd_page_around_is_replaced_by_the_start_page(site: Site, ory: FakeOry, page: str) -> None:
    response = fragment(site, "aal2", **{"HX-Current-URL": page})

    assert sent_to(response)[1]["return_to"] == "http://testserver/"


def test_fragment_without_the_page_around_comes_back_to_the_start_page(site: Site, ory: FakeOry) -> None:
    response = site.get("aal2", headers={"HX-Request": "true"})

    assert sent_to(response)[1]["return_to"] == "http://testserver/"


def test_anchor_of_the_page_around_survives(site: Site, ory: FakeOry) -> None:
    response = fragment(site, "aal2", **{"HX-Current-URL": "http://testserver/around#part"})

    assert urlsplit(response.headers["HX-Redirect"]).fragment == ""
    assert sent_to(response)[1]["return_to"] == "http://testserver/around#part"


def test_other_value_of_the_header_is_a_browser(site: Site, ory: FakeOry) -> None:
    assert site.get("aal2", headers={"HX-Request": "false"}).status_code == 302


def test_loop_ends_in_the_page(site: Site, ory: FakeOry) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert [fragment(site, "aal2").status_code for _ in range(4)] == [200, 200, 200, 403]


@pytest.mark.parametrize("headers", [{"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}])
def test_prefetch_is_not_sent_to_ory(site: Site, ory: FakeOry, headers: dict[str, str]) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = fragment(site, "aal2", **headers)

    assert (response.status_code, response.content, "HX-Redirect" in response.headers) == (403, b"", False)
