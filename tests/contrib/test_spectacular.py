"""The schema that drf-spectacular makes of views that ask for levels."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import path

from django_ory_mfa.testing import FakeOry
from tests.apis import needed
from tests.site import Site

needed("rest_framework", "drf_spectacular")

HOOK = "django_ory_mfa.contrib.rest_framework.spectacular_hook"
SCHEMES: list[dict[str, list[str]]] = [{"OryCookie": []}, {"OrySessionToken": []}, {"OryBearer": []}]


@pytest.fixture(autouse=True)
def rest_framework(settings: Any) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework", "drf_spectacular"]
    settings.REST_FRAMEWORK = {
        "UNAUTHENTICATED_USER": None,
        "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
        "EXCEPTION_HANDLER": "django_ory_mfa.contrib.rest_framework.exception_handler",
    }


def patterns() -> list[Any]:
    from drf_spectacular.utils import OpenApiResponse, extend_schema
    from rest_framework.versioning import URLPathVersioning

    from tests import drf_contrib_site as views

    def schemed(view: Any, **attributes: Any) -> Any:
        from drf_spectacular.openapi import AutoSchema

        # The views of the test site may have been made before drf-spectacular was in use.
        described = type(view.__name__, (view,), {"schema": AutoSchema(), **attributes})
        return extend_schema(responses={200: dict[str, str]})(described)

    own = extend_schema(responses={200: dict[str, str], 403: OpenApiResponse(description="Ours.")})(schemed(views.Low))
    return [
        path("api/both", schemed(views.Both).as_view()),
        path("api/either", schemed(views.Either).as_view()),
        path("api/door", schemed(views.DoorOnly).as_view()),
        path("api/own", own.as_view()),
        path("api/without", schemed(views.WithoutAuthentication).as_view()),
        path("api/<str:version>/versioned", schemed(views.Low, versioning_class=URLPathVersioning).as_view()),
    ]


def schema_of(**settings: Any) -> dict[str, Any]:
    from drf_spectacular.generators import SchemaGenerator
    from drf_spectacular.settings import patched_settings
    from drf_spectacular.validation import validate_schema

    with patched_settings({"POSTPROCESSING_HOOKS": [HOOK], "SCHEMA_PATH_PREFIX": "/api", **settings}):
        schema: dict[str, Any] = SchemaGenerator(patterns=patterns(), api_version="v1").get_schema(public=True)
    validate_schema(schema)
    return schema


def statuses(schema: dict[str, Any], path: str, method: str = "get") -> list[str]:
    return sorted(schema["paths"][path][method]["responses"])


def test_ways_to_send_a_session_are_alternatives(capsys: Any) -> None:
    schema = schema_of()

    assert schema["components"]["securitySchemes"] == {
        "OryCookie": {"type": "apiKey", "in": "cookie", "name": "ory_kratos_session"},
        "OrySessionToken": {"type": "apiKey", "in": "header", "name": "X-Session-Token"},
        "OryBearer": {"type": "http", "scheme": "bearer"},
    }
    assert [one for one in schema["paths"]["/api/both"]["get"]["security"] if one] == SCHEMES
    assert "could not resolve authenticator" not in capsys.readouterr().err


def test_cookie_has_the_name_of_the_settings(settings: Any) -> None:
    settings.ORY_MFA_SESSION_COOKIE = "mine"

    assert schema_of()["components"]["securitySchemes"]["OryCookie"]["name"] == "mine"


@pytest.mark.parametrize("path", ["both", "either", "without"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_refusals_of_a_level_are_described(path: str, method: str) -> None:
    schema = schema_of()
    answers = schema["paths"][f"/api/{path}"][method]["responses"]

    assert sorted(answers) == ["200", "401", "403", "503"]
    for status in ("401", "403", "503"):
        content = answers[status]["content"]["application/json"]["schema"]
        assert content == {"$ref": "#/components/schemas/OryMfaError"}
    assert list(answers["401"]["headers"]) == ["WWW-Authenticate"]
    assert list(answers["503"]["headers"]) == ["Retry-After"]


def test_view_without_a_level_has_no_refusals() -> None:
    assert statuses(schema_of(), "/api/door") == ["200"]


def test_answer_that_a_view_describes_stays() -> None:
    schema = schema_of()

    assert statuses(schema, "/api/own") == ["200", "401", "403", "503"]
    assert schema["paths"]["/api/own"]["get"]["responses"]["403"]["description"] == "Ours."


@pytest.mark.parametrize(
    ("options", "prefix"),
    [
        ({}, "/api"),
        ({"SCHEMA_PATH_PREFIX_TRIM": True}, ""),
        ({"SCHEMA_PATH_PREFIX_TRIM": True, "SCHEMA_PATH_PREFIX": "^/api/"}, ""),
        ({"SCHEMA_PATH_PREFIX_INSERT": "/elsewhere"}, "/elsewhere/api"),
        ({"CAMELIZE_NAMES": True}, "/api"),
    ],
)
def test_refusals_are_described_however_paths_are_spelt(options: dict[str, Any], prefix: str) -> None:
    schema = schema_of(**options)

    for end in ("both", "v1/versioned"):
        assert "503" in statuses(schema, f"{prefix}/{end}")


def test_schema_of_a_site_without_levels_is_left_as_it_is() -> None:
    from django_ory_mfa.contrib.rest_framework import spectacular_hook

    class Generator:
        def _get_paths_and_endpoints(self) -> list[Any]:
            return []

    assert spectacular_hook({"paths": {}}, Generator(), None, public=True) == {"paths": {}}


def test_description_fits_what_is_sent(site: Site, ory: FakeOry, settings: Any) -> None:
    import jsonschema

    settings.ROOT_URLCONF = "tests.drf_contrib_site"
    error = schema_of()["components"]["schemas"]["OryMfaError"]
    ory.required_aal = "aal1"
    answers = [site.json("/both")]
    ory.login(site, age=3000)
    answers.append(site.json("/both"))
    answers.append(site.json("/raises?what=drf"))

    for answer in answers:
        jsonschema.validate(json.loads(answer.content), error)
    assert [answer.status_code for answer in answers] == [401, 403, 403]


def test_schema_for_one_person_leaves_guarded_views_out() -> None:
    from drf_spectacular.generators import SchemaGenerator
    from drf_spectacular.settings import patched_settings

    with patched_settings({"POSTPROCESSING_HOOKS": [HOOK]}):
        schema = SchemaGenerator(patterns=patterns(), api_version="v1").get_schema(public=False)

    assert list(schema["paths"]) == []


def test_schema_is_shown_to_one_person(site: Site, ory: FakeOry, settings: Any) -> None:
    """With ``SERVE_PUBLIC`` off, requests are made up for whoever asks for the schema."""
    settings.ROOT_URLCONF = "tests.spectacular_site"
    ory.login(site)

    schema = site.json("/schema").json()

    assert list(schema["paths"]) == ["/schema"]
