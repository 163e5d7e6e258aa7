"""What the documents say of APIs, by running their examples."""

from __future__ import annotations

import importlib
import json
import sys
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from django.middleware.csrf import get_token
from django.test import RequestFactory
from django.urls import clear_url_caches, path
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt

from django_ory_mfa.testing import FakeOry
from tests.apis import needed
from tests.documents import EVERYTHING, run_block
from tests.site import Site


@cache
def urls_of_ninja() -> Any:
    """Asked for once: older versions of django-ninja take the second time for a second API, and for a mistake."""
    return run_block("how-to/ninja", "from ninja import NinjaAPI")["api"].urls


def serve(settings: Any, *patterns: Any) -> None:
    module = ModuleType("apis_of_the_documents")
    module.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    settings.ROOT_URLCONF = module.__name__
    clear_url_caches()


def told(response: Any) -> tuple[int, str]:
    return response.status_code, json.loads(response.content)["error"]["id"]


def test_views_of_rest_framework_do_what_the_page_says(site: Site, ory: FakeOry, settings: Any) -> None:
    needed("rest_framework")
    said = run_block("how-to/rest-framework", "DEFAULT_AUTHENTICATION_CLASSES")
    written, settings.ORY_MFA_POLICIES = said["REST_FRAMEWORK"], said["ORY_MFA_POLICIES"]
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None, **written}
    views = run_block("how-to/rest-framework", "class TransferView")
    # Classes read their defaults once in a process, before this test.
    for name in ("TransferView", "ReportViewSet"):
        views[name].authentication_classes = [import_string(one) for one in written["DEFAULT_AUTHENTICATION_CLASSES"]]
    reports = views["ReportViewSet"].as_view({"get": "list", "delete": "destroy"})
    serve(settings, path("transfer", views["TransferView"].as_view()), path("reports/<pk>", reports))
    headers = {"Accept": "application/json"}
    assert told(site.request("post", "/transfer", headers=headers)) == (401, "session_inactive")
    ory.login(site, aal="aal1", second_factors={"totp"})
    details = site.request("post", "/transfer", headers=headers).json()["error"]["details"]
    assert details == {"required_aal": "aal2", "max_age": 600}

    session = ory.login(site, age=3000)
    assert told(site.request("delete", "/reports/1", headers=headers)) == (403, "session_refresh_required")
    session.prove("totp")

    assert site.request("delete", "/reports/1", headers=headers).status_code == 204
    assert site.request("post", "/transfer", headers=headers).json() == {"by": session.identity.id}


@pytest.mark.parametrize("name", ["SPECTACULAR_SETTINGS", "REST_FRAMEWORK"])
def test_dotted_paths_of_the_page_exist(name: str) -> None:
    needed("rest_framework", "drf_spectacular")
    values = run_block("how-to/rest-framework", f"{name} = ")[name].values()

    for value in (one for given in values for one in (given if isinstance(given, list) else [given])):
        assert callable(import_string(value))


def test_operation_of_ninja_does_what_the_page_says(site: Site, ory: FakeOry, settings: Any) -> None:
    needed("ninja")
    serve(settings, path("api/", urls_of_ninja()))
    assert told(site.request("post", "/api/transfer")) == (401, "session_inactive")

    session = ory.login(site)

    assert site.request("post", "/api/transfer").json() == {"by": session.identity.id}


@pytest.mark.parametrize("name", ["rest_framework", "ninja"])
def test_exported_names_are_documented(name: str) -> None:
    needed(name)
    module = importlib.import_module(f"django_ory_mfa.contrib.{name}")

    assert [exported for exported in module.__all__ if exported not in EVERYTHING] == []


def test_resolver_of_the_page_asks_for_a_fresh_proof(mode: str, ory: FakeOry, settings: Any) -> None:
    needed("strawberry")
    # Strawberry looks for the module of a class.
    block = "AsyncGraphQLView.as_view" if mode == "async" else " GraphQLView.as_view"
    view = run_block("how-to/graphql", block, {"__name__": __name__})["view"]
    serve(settings, path("graphql", view), path("exempt", csrf_exempt(view)))
    site = Site(mode, enforce_csrf_checks=True)
    session = ory.login(site, age=3000)
    token = get_token(RequestFactory().get("/"))
    site.set_cookie("csrftoken", token)

    def ask(target: str, site: Site, headers: dict[str, str]) -> Any:
        query = {"query": "{ balance }"}
        return site.request("post", target, query, content_type="application/json", headers=headers)

    (error,) = ask("/graphql", site, {"X-CSRFToken": token}).json()["errors"]
    assert (error["path"], error["extensions"]["error"]["id"]) == (["balance"], "session_refresh_required")

    session.prove("totp")

    by_cookie = ask("/graphql", site, {"X-CSRFToken": token})
    by_token = ask("/exempt", Site(mode, enforce_csrf_checks=True), {"X-Session-Token": session.token})
    assert [one.json()["data"]["balance"][:7] for one in (by_cookie, by_token)] == ["100 EUR", "100 EUR"]
    assert ask("/graphql", site, {}).status_code == 403
    forged = ask("/exempt", site, {}).json()
    assert (forged["data"], forged["errors"][0].get("extensions")) == ({"balance": None}, None)


def test_refusal_is_no_error_in_the_log_with_the_schema_of_the_page(
    ory: FakeOry, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    needed("strawberry")
    from strawberry.django.views import GraphQLView

    query = run_block("how-to/graphql", " GraphQLView.as_view", {"__name__": __name__})["Query"]
    schema = run_block("how-to/graphql", "class Schema")["Schema"]
    serve(settings, path("graphql", GraphQLView.as_view(schema=schema(query))))

    answer = Site("sync").request("post", "/graphql", {"query": "{ balance }"}, content_type="application/json").json()

    assert answer["errors"][0]["extensions"]["error"]["id"] == "session_inactive"
    assert [record.name for record in caplog.records] == []
    Site("sync").request("post", "/graphql", {"query": "{ nothing }"}, content_type="application/json")
    assert [record.name for record in caplog.records] == ["strawberry.execution"]
