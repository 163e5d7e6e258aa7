"""The report of views of Django REST framework and of operations of django-ninja."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import clear_url_caches, path

from django_ory_mfa.management.report.rows import Row, rows
from tests.apis import needed

needed("rest_framework")
ninja = needed("ninja")


@pytest.fixture(autouse=True)
def rest_framework(settings: Any) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework"]
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
    settings.ORY_MFA_POLICIES = {"sensitive": {"aal": "aal2", "max_age": 600}}


@pytest.fixture
def of_site(settings: Any) -> dict[str, Row]:
    settings.ROOT_URLCONF = "tests.drf_contrib_site"
    return {row.path: row for row in rows()}


@pytest.fixture
def of_ninja(settings: Any) -> dict[str, Row]:
    settings.ROOT_URLCONF = "tests.ninja_contrib_site"
    return {row.path: row for row in rows()}


def of_api(settings: Any, api: Any) -> dict[str, Row]:
    module = ModuleType("made_up_api")
    module.urlpatterns = [path("", api.urls)]  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    settings.ROOT_URLCONF = module.__name__
    clear_url_caches()
    return {row.path: row for row in rows()}


def facts(row: Row) -> list[tuple[Any, ...]]:
    found = []
    for guard in row.guards:
        wanted = guard.requirement
        age = wanted.max_age.total_seconds() if wanted and wanted.max_age else None
        found.append((guard.origin, wanted and wanted.aal, age, guard.only_for))
    return found


def test_rule_8_way_in_without_a_level_leaves_a_view_unprotected(of_site: dict[str, Row]) -> None:
    assert not of_site["/either"].is_protected
    assert facts(of_site["/either"]) == [("nothing asks", None, None, ())]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/both", [("permission", "aal2", 600, ())]),
        ("/bare", [("permission", "aal2", None, ())]),
        ("/low", [("permission", "aal1", None, ())]),
        ("/of-site", [("permission", "aal1", None, ())]),
        ("/function", [("permission", "aal2", None, ())]),
        (
            "/by-method",
            [
                ("permission", "aal1", None, ()),
                ("permission", "aal2", None, ("GET",)),
                ("permission", "aal2", 600, ("POST",)),
            ],
        ),
        ("/reports/", [("permission", "aal1", None, ())]),
        ("/reports/(?P<pk>[^/.]+)/", [("permission", "aal1", None, ()), ("permission", "aal2", 600, ("destroy",))]),
        (
            "/reports/(?P<pk>[^/.]+)/archive/",
            [("permission", "aal1", None, ()), ("permission", "aal2", None, ("archive",))],
        ),
        ("/orders/", [("permission", "aal1", None, ()), ("permission", "aal2", 600, ("create",))]),
        (
            "/orders/(?P<pk>[^/.]+)/",
            [
                ("permission", "aal1", None, ()),
                ("permission", "aal2", 600, ("update",)),
                ("permission", "aal2", 600, ("partial_update",)),
            ],
        ),
        (
            "/orders/(?P<pk>[^/.]+)/refund/",
            [
                ("permission", "aal1", None, ()),
                ("permission", "aal2", 600, ("refund",)),
                ("permission", "aal2", 600, ("end_refund",)),
            ],
        ),
        (
            "/open-orders/(?P<pk>[^/.]+)/",
            [
                ("permission", "aal1", None, ()),
                ("permission", "aal2", 600, ("update",)),
                ("permission", "aal1", None, ("partial_update",)),
            ],
        ),
    ],
)
def test_permission_of_a_view_is_its_guard(of_site: dict[str, Row], path: str, expected: list[Any]) -> None:
    assert facts(of_site[path]) == expected
    assert of_site[path].is_protected


@pytest.mark.parametrize("path", ["/door", "/signed-in", "/reports/public/", "/picks", "/negated"])
def test_view_without_a_permission_of_ours_is_unprotected(of_site: dict[str, Row], path: str) -> None:
    assert not of_site[path].is_protected


def test_view_with_a_level_on_every_way_is_protected(of_site: dict[str, Row]) -> None:
    (guard,) = of_site["/two-ways"].guards

    assert guard.decided_by == "aal2 with max_age and methods or aal1 and tests.drf_contrib_site.for_posts"
    assert of_site["/two-ways"].is_protected


def test_rule_8_view_that_picks_its_permissions_is_decided_by_that(settings: Any, capsys: Any) -> None:
    settings.ROOT_URLCONF = "tests.drf_contrib_site"
    picker = "tests.drf_contrib_site.Picks.get_permissions"

    with pytest.raises((CommandError, SystemExit)):
        call_command("ory_mfa", "report", fail_on_unprotected=["/picks"])

    printed = capsys.readouterr()
    (line,) = (line for line in printed.out.splitlines() if line.startswith("/picks "))
    assert (f"what {picker} says" in line, "nothing asks" in line) == (True, False)
    assert ", 1 whose view decides at each request" in printed.out
    # It may pick none of ours.
    assert f"Not known to be protected: /picks (tests.drf_contrib_site.Picks): decided by {picker}" in printed.err


def test_view_that_picks_its_permissions_behind_the_policy_is_protected(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.drf_contrib_site"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_ory_mfa.middleware.AALRequiredMiddleware"]

    (row,) = (row for row in rows() if row.path == "/picks")

    assert row.is_protected
    assert [guard.origin for guard in row.guards] == ["permission", "site default"]


def test_requirement_that_makes_no_sense_is_shown_as_such(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.drf_contrib_site"
    settings.ORY_MFA_POLICIES = {}

    (row,) = (row for row in rows() if row.path == "/by-method")

    assert [guard.error is None for guard in row.guards] == [True, True, False]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/sync/who", [("auth", "aal1", None, ())]),
        ("/async/fresh", [("auth", "aal2", 600, ())]),
        ("/sync/decorated", [("decorator", "aal2", 600, ())]),
        ("/each/sync/each", [("auth", "aal2", None, ())]),
        ("/mixed", [("auth", "aal2", None, ("GET",)), ("auth", "aal2", None, ("POST",))]),
    ],
)
def test_operation_of_ninja_is_guarded(of_ninja: dict[str, Row], path: str, expected: list[Any]) -> None:
    assert facts(of_ninja[path]) == expected
    assert of_ninja[path].is_protected


@pytest.mark.parametrize("path", ["/sync/inside", "/sync/forbidden"])
def test_operation_without_a_guard_is_unprotected(of_ninja: dict[str, Row], path: str) -> None:
    assert not of_ninja[path].is_protected


def test_rule_8_other_auth_leaves_an_operation_unprotected(settings: Any) -> None:
    from ninja.security import django_auth

    from django_ory_mfa.contrib.ninja import OryAuth

    api = ninja.NinjaAPI(urls_namespace="report", docs_url=None, openapi_url=None)
    api.get("/either", auth=[OryAuth("aal2"), django_auth])(lambda request: None)
    api.get("/halves", auth=OryAuth("aal2"), operation_id="get")(lambda request: None)
    api.post("/halves", operation_id="post")(lambda request: None)

    found = of_api(settings, api)

    assert [found[path].is_protected for path in ("/either", "/halves")] == [False, False]
    assert facts(found["/halves"]) == [("auth", "aal2", None, ("GET",))]


def test_command_fails_on_an_unprotected_view_and_says_for_what_guards_are(settings: Any, capsys: Any) -> None:
    settings.ROOT_URLCONF = "tests.drf_contrib_site"

    for pattern, is_open in [("/both", False), ("/either", True)]:
        try:
            call_command("ory_mfa", "report", fail_on_unprotected=[pattern])
            failed = False
        except (CommandError, SystemExit):
            failed = True
        assert failed is is_open
    assert "aal2, at most 600 s ago for POST" in capsys.readouterr().out


def test_json_says_for_what_a_guard_is(settings: Any, capsys: Any) -> None:
    settings.ROOT_URLCONF = "tests.drf_contrib_site"

    call_command("ory_mfa", "report", json=True)

    assert '"only_for": [' in capsys.readouterr().out
