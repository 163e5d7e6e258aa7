"""A resolver that asks for a level: the error of GraphQL carries what a front end needs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import RequestFactory

from django_ory_mfa.enforcement import AALRequired, arequire_aal, evaluate, require_aal
from django_ory_mfa.testing import FakeOry
from tests.apis import needed
from tests.site import LOOP, Site

GRAPHQL = pytest.mark.urls("tests.graphql_site")


def query(site: Site, **headers: str) -> Any:
    needed("strawberry")
    options = {"content_type": "application/json", "headers": {"Accept": "application/json", **headers}}
    return site.request("post", "graphql", {"query": "{ free balance }"}, **options).json()


@GRAPHQL
@pytest.mark.parametrize("by", ["cookie", "token", "nobody"])
def test_refusal_inside_a_resolver_is_in_the_extensions(site: Site, ory: FakeOry, by: str) -> None:
    session = ory.add_session(ory.add_identity(second_factors={"totp"}), "password", ("totp", 3000))
    if by == "cookie":
        site.set_cookie(ory.cookie_name, session.cookie)

    answer = query(site, **({"X-Session-Token": session.token} if by == "token" else {}))

    (error,) = answer["errors"]
    expected = "session_inactive" if by == "nobody" else "session_refresh_required"
    assert answer["data"] == {"free": "free", "balance": None}
    assert (error["path"], error["extensions"]["error"]["id"]) == (["balance"], expected)
    assert error["extensions"]["error"]["code"] == (403 if by == "cookie" else 401)
    assert error["extensions"]["error"]["details"]["max_age"] == 600


@GRAPHQL
def test_who_may_gets_the_data(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert query(site) == {"data": {"free": "free", "balance": "sesame"}}


def refused(ory: FakeOry, mode: str) -> AALRequired:
    request = ory.request(RequestFactory().get("/"), aal="aal1", second_factors={"totp"})
    with pytest.raises(AALRequired) as caught:
        require_aal(request, "aal2") if mode == "sync" else LOOP.run(arequire_aal(request, "aal2"))
    return caught.value


def test_extensions_are_the_error_of_the_json_answer(site: Site, mode: str, ory: FakeOry) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert refused(ory, mode).extensions == {"error": json.loads(site.json("aal2").content)["error"]}


def test_exception_that_a_site_makes_has_no_extensions(ory: FakeOry) -> None:
    request = ory.request(RequestFactory().get("/"), aal="aal1", second_factors={"totp"})

    assert AALRequired(evaluate(request, "aal2")).extensions == {}
