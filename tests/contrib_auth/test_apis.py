"""Users of identities in Django REST framework and django-ninja."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.apis import needed
from tests.contrib_auth.site import UsersSite, sign_in, statements

pytestmark = pytest.mark.django_db

DRF, NINJA = "tests.contrib_auth.drf_site", "tests.contrib_auth.ninja_site"


@pytest.fixture(params=[DRF, NINJA], ids=["drf", "ninja"])
def adapter(request: pytest.FixtureRequest, settings: Any) -> str:
    needed("rest_framework" if request.param == DRF else "ninja")
    settings.ROOT_URLCONF = request.param
    return str(request.param)


@pytest.fixture
def drf(settings: Any) -> None:
    needed("rest_framework")
    settings.ROOT_URLCONF = DRF


def told(response: Any) -> tuple[int, str]:
    return response.status_code, json.loads(response.content)["error"]["id"]


def user_of(site: UsersSite) -> Any:
    return get_user_model().objects.get(username=site.json("/who").json()["name"])


def test_nobody_is_told_to_sign_in(site: UsersSite, ory: Any, adapter: str) -> None:
    assert told(site.json("/who")) == (401, "session_inactive")


def test_user_is_that_of_the_identity(site: UsersSite, ory: Any, adapter: str) -> None:
    identity = sign_in(ory, site)

    assert site.json("/who").json() == {"name": identity.id, "auth": identity.id}


@pytest.mark.usefixtures("drf")
def test_disabled_user_is_forbidden_and_not_told_to_sign_in(site: UsersSite, ory: Any) -> None:
    sign_in(ory, site)
    user = user_of(site)
    user.is_active = False
    user.save()

    assert told(site.json("/who")) == (403, "forbidden")
    assert told(site.json("/level")) == (403, "forbidden")


@pytest.mark.usefixtures("drf")
def test_conflict_is_forbidden_with_its_reason(site: UsersSite, ory: Any) -> None:
    identity = sign_in(ory, site)
    get_user_model().objects.create(username=identity.id)

    response = site.json("/who")

    assert told(response) == (403, "forbidden")
    assert response.json()["error"]["details"] == {"reason": "conflict"}


@pytest.mark.usefixtures("drf")
def test_permissions_are_those_of_the_user(site: UsersSite, ory: Any) -> None:
    sign_in(ory, site)

    assert site.json("/rights").status_code == 200
    assert told(site.request("post", "/rights", headers={"Accept": "application/json"})) == (403, "forbidden")


@pytest.mark.usefixtures("drf")
def test_composed_permissions_cost_one_query_and_one_call(site: UsersSite, ory: Any) -> None:
    sign_in(ory, site)
    site.json("/level")
    ory.calls.clear()

    with CaptureQueriesContext(connection) as captured:
        assert site.json("/level").status_code == 200

    assert (len(statements(captured)), len(ory.calls)) == (1, 1)


@pytest.mark.usefixtures("drf")
def test_site_without_the_middleware_of_users_is_told_so(site: UsersSite, ory: Any, settings: Any) -> None:
    from django.core.exceptions import ImproperlyConfigured

    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "OryUserMiddleware" not in name]
    sign_in(ory, site)

    with pytest.raises(ImproperlyConfigured, match="OryUserMiddleware"):
        site.json("/who")


@pytest.mark.parametrize(
    ("path", "error_id"), [("/writes", "session_aal2_required"), ("/forbids", "forbidden")], ids=["level", "rights"]
)
def test_what_a_refused_view_has_written_is_undone(
    site: UsersSite, ory: Any, adapter: str, path: str, error_id: str
) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        response = site.json(path)
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False

    assert told(response) == (403, error_id)
    assert not get_user_model().objects.filter(username="written").exists()


@pytest.mark.parametrize(("method", "error_id"), [("get", "forbidden"), ("post", "csrf_failed")])
def test_what_was_written_before_ninja_refuses_is_undone(
    mode: str, ory: Any, settings: Any, method: str, error_id: str
) -> None:
    needed("ninja")
    settings.ROOT_URLCONF = NINJA
    site = UsersSite(mode, enforce_csrf_checks=True)
    sign_in(ory, site)
    user = user_of(site)
    user.is_active = False
    user.save()
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        response = site.request(method, "/audited")
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False

    assert told(response) == (403, error_id)
    assert not get_user_model().objects.filter(username="written").exists()
