"""System checks of views of Django REST framework."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from django.urls import clear_url_caches, include, path

from django_ory_mfa import Requirement, checks
from django_ory_mfa.checks import POLICY_MIDDLEWARE, SESSION_MIDDLEWARE
from tests.apis import needed
from tests.views import page

rest_framework = needed("rest_framework")


@pytest.fixture(autouse=True)
def framework(settings: Any) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework"]
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}


def site(settings: Any, *patterns: Any) -> list[Any]:
    module = ModuleType("made_up_apis")
    module.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    settings.ROOT_URLCONF = module.__name__
    clear_url_caches()
    return checks.apis.check_permissions(None)


def view(**attributes: Any) -> Any:
    from rest_framework.views import APIView

    return path("a", type("View", (APIView,), {"get": lambda *args: None, **attributes}).as_view())  # type: ignore[attr-defined]


def viewset(**attributes: Any) -> Any:
    from rest_framework.routers import SimpleRouter
    from rest_framework.viewsets import ViewSet

    router = SimpleRouter()
    functions = {"list": lambda *args: None, "destroy": lambda *args, **kwargs: None}
    router.register("a", type("Views", (ViewSet,), {**functions, **attributes}), basename="a")
    return path("", include(router.urls))


def ids(messages: list[Any]) -> list[str]:
    return [message.id for message in messages]


def permission(*arguments: Any) -> Any:
    from django_ory_mfa.contrib.rest_framework import AALPermission

    return AALPermission(*arguments) if arguments else AALPermission


def negations() -> list[Any]:
    from rest_framework.permissions import IsAuthenticated

    level = permission("aal2")
    return [
        ~(IsAuthenticated & level),
        ~(level | IsAuthenticated),
        IsAuthenticated & ~(level & IsAuthenticated),
        ~~(IsAuthenticated & level),
    ]


@pytest.mark.parametrize("number", range(4))
def test_negation_in_company_is_an_error(settings: Any, number: int) -> None:
    negated = negations()[number]

    assert ids(site(settings, view(permission_classes=[negated]))) == ["ory_mfa.E040"]


def test_negation_of_others_is_none(settings: Any) -> None:
    from rest_framework.permissions import IsAuthenticated

    assert site(settings, view(permission_classes=[~IsAuthenticated & permission("aal2")])) == []


def test_requirements_without_a_permission_that_reads_them_are_an_error(settings: Any) -> None:
    from rest_framework.permissions import IsAuthenticated

    assert ids(site(settings, view(permission_classes=[], ory_mfa_requirements={"GET": "aal2"}))) == ["ory_mfa.E041"]
    messages = site(settings, viewset(permission_classes=[IsAuthenticated], ory_mfa_requirements={"list": "aal2"}))
    assert ids(messages) == ["ory_mfa.E041"]
    assert "Views" in messages[0].msg


def test_action_with_permissions_of_its_own_that_read_no_requirement_is_named(settings: Any) -> None:
    from rest_framework.decorators import action
    from rest_framework.permissions import IsAuthenticated

    @action(detail=False, methods=["post"], permission_classes=[IsAuthenticated])
    def close(self: Any, request: Any) -> None:
        """An action like any other."""

    required = {"list": "aal2", "close": "aal2"}

    (message,) = site(settings, viewset(permission_classes=[permission()], ory_mfa_requirements=required, close=close))

    assert message.id == "ory_mfa.E041"
    assert message.msg.endswith("Views has ory_mfa_requirements for close, but no AALPermission that reads them.")


@pytest.mark.parametrize(
    "required",
    [
        {"GET": "aal2", "OPTIONS": "aal1", "DELETE": "aal2"},
        {"GET": Requirement("aal2", max_age=60)},
        {"GET": lambda request: None},
        {},
    ],
)
def test_requirements_with_a_permission_that_reads_them_are_fine(settings: Any, required: Any) -> None:
    assert site(settings, view(permission_classes=[permission()], ory_mfa_requirements=required)) == []


def test_actions_are_known(settings: Any) -> None:
    attributes = {
        "permission_classes": [permission("aal1")],
        "ory_mfa_requirements": {"destroy": "aal2", "GET": "aal2"},
    }

    assert site(settings, viewset(**attributes)) == []


def test_action_without_a_level_that_requires_nothing_is_fine(settings: Any) -> None:
    from rest_framework.decorators import action

    public = action(detail=False, permission_classes=[])(named("public"))
    attributes = {"permission_classes": [permission("aal1")], "ory_mfa_requirements": {"destroy": "aal2"}}

    assert site(settings, viewset(public=public, **attributes)) == []


def named(name: str) -> Any:
    def function(*args: Any) -> None:
        return None

    function.__name__ = name
    return function


@pytest.mark.parametrize(
    ("required", "said"),
    [
        ({"get": "aal2"}, "'get'"),
        ({"destroy": "aal2"}, "'destroy'"),
        ({1: "aal2"}, "1 is neither an action"),
        ({"GET": "aal3"}, "aal3"),
        ({"GET": 2}, "2 for 'GET' is not a requirement"),
        ({"GET": None}, "None for 'GET' is not a requirement"),
    ],
)
def test_requirements_that_make_no_sense_are_an_error(settings: Any, required: Any, said: str) -> None:
    messages = site(settings, view(permission_classes=[permission("aal1")], ory_mfa_requirements=required))

    assert ids(messages) == ["ory_mfa.E042"]
    assert said in messages[0].msg


def test_action_that_a_viewset_does_not_have_is_an_error(settings: Any) -> None:
    attributes = {"permission_classes": [permission("aal1")], "ory_mfa_requirements": {"remove": "aal2"}}

    assert ids(site(settings, viewset(**attributes))) == ["ory_mfa.E042"]


def bound(actions: dict[str, str], required: dict[str, Any], permission_classes: Any = (), **options: Any) -> Any:
    """A ViewSet of which only ``actions`` are bound to HTTP methods."""
    from rest_framework.viewsets import ViewSet

    functions = {name: named(name) for name in ("update", "partial_update", "destroy", "perform_destroy")}
    attributes = {**functions, "permission_classes": permission_classes, "ory_mfa_requirements": required}
    return path("a", type("Views", (ViewSet,), attributes).as_view(actions, **options))  # type: ignore[attr-defined]


def test_requirement_that_another_action_takes_over_counts(settings: Any) -> None:
    required = {"update": "aal2"}

    assert site(settings, bound({"patch": "partial_update"}, required, [permission()])) == []
    assert ids(site(settings, bound({"patch": "partial_update"}, required))) == ["ory_mfa.E041"]
    assert ids(site(settings, bound({"delete": "destroy"}, {}, ory_mfa_requirements={"DELETE": "aal2"}))) == [
        "ory_mfa.E041"
    ]


@pytest.mark.parametrize("name", ["update", "perform_destroy"])
def test_requirement_for_a_function_that_no_route_runs_is_a_warning(settings: Any, name: str) -> None:
    required = {name: "aal2", "destroy": "aal2", "DELETE": "aal2", "GET": "aal2"}

    (message,) = site(settings, bound({"delete": "destroy"}, required, [permission()]))

    assert message.id == "ory_mfa.W042"
    assert f"Views name {name!r}" in message.msg


@pytest.mark.parametrize("attributes", [{"ory_mfa_requirements": ["GET"]}, {}])
def test_other_views_are_left_alone(settings: Any, attributes: Any) -> None:
    assert site(settings, view(permission_classes=[], **attributes), path("b", page)) == []


def test_class_that_picks_permissions_later_is_left_alone(settings: Any) -> None:
    picking = view(get_permissions=lambda self: [], ory_mfa_requirements={"GET": "aal2"})

    assert site(settings, picking) == []


# A level that only the policy reads.


@pytest.mark.parametrize("has_policy", [True, False])
@pytest.mark.parametrize(
    ("made", "places", "name"),
    [(view, ["/a"], "View"), (viewset, ["/a/", "/a/(?P<pk>[^/.]+)/"], "Views")],
    ids=["view", "viewset"],
)
def test_level_of_a_class_without_the_mixin_and_the_policy_is_an_error(
    settings: Any, made: Any, places: list[str], name: str, *, has_policy: bool
) -> None:
    site(settings, made(required_aal="aal1"))
    settings.MIDDLEWARE = [SESSION_MIDDLEWARE, *([POLICY_MIDDLEWARE] if has_policy else [])]

    expected = [] if has_policy else [checks.forgotten_mixin(place, f"{__name__}.{name}") for place in places]
    assert checks.classes.check_classes(None) == expected


# drf-spectacular

HOOK = "django_ory_mfa.contrib.rest_framework.spectacular_hook"


@pytest.mark.parametrize(
    ("hooks", "expected"),
    [([], ["ory_mfa.W040"]), (["elsewhere.hook"], ["ory_mfa.W040"]), ([HOOK], []), (["elsewhere.hook", HOOK], [])],
)
def test_missing_hook_is_a_warning(settings: Any, hooks: list[str], expected: list[str]) -> None:
    needed("drf_spectacular")
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "drf_spectacular"]
    settings.SPECTACULAR_SETTINGS = {"POSTPROCESSING_HOOKS": hooks}
    site(settings, view(permission_classes=[permission("aal2")]))

    assert ids(checks.apis.check_spectacular(None)) == expected


def test_hook_that_is_given_as_a_function_is_known(settings: Any) -> None:
    needed("drf_spectacular")
    from django_ory_mfa.contrib.rest_framework import spectacular_hook

    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "drf_spectacular"]
    settings.SPECTACULAR_SETTINGS = {"POSTPROCESSING_HOOKS": [spectacular_hook]}
    site(settings, view(permission_classes=[permission("aal2")]))

    assert checks.apis.check_spectacular(None) == []


def test_hook_is_not_missed_without_levels_or_without_spectacular(settings: Any) -> None:
    site(settings, view(permission_classes=[permission("aal2")]))
    assert checks.apis.check_spectacular(None) == []
    needed("drf_spectacular")
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "drf_spectacular"]
    site(settings, view(permission_classes=[]))

    assert checks.apis.check_spectacular(None) == []


def others(settings: Any, *patterns: Any) -> list[str]:
    site(settings, *patterns)
    return [message.msg for message in checks.apis.check_authenticators(None)]


def sign_ins(*names: str) -> Any:
    from rest_framework import authentication

    from django_ory_mfa.contrib.rest_framework import OryAuthentication

    mine = type("Mine", (OryAuthentication,), {})
    return [mine if name == "Mine" else getattr(authentication, name) for name in names]


@pytest.mark.parametrize("aal", [(), ("aal2",)])
def test_authenticators_beside_orys_are_warned_of_where_every_way_in_needs_a_level(settings: Any, aal: Any) -> None:
    from rest_framework.permissions import IsAuthenticated

    classes = sign_ins("Mine", "SessionAuthentication", "BasicAuthentication")
    needs = IsAuthenticated & permission(*aal)

    found = others(settings, view(authentication_classes=classes, permission_classes=[needs]))

    assert len(found) == 1
    assert "tests.checks.test_checks_of_apis.View" in found[0]
    assert "SessionAuthentication, BasicAuthentication" in found[0]
    assert "Mine" not in found[0]


def test_other_authenticators_are_fine_where_another_permission_may_decide(settings: Any) -> None:
    from rest_framework.permissions import IsAuthenticated

    classes = sign_ins("Mine", "BasicAuthentication")

    assert (
        others(settings, view(authentication_classes=classes, permission_classes=[permission() | IsAuthenticated]))
        == []
    )
    assert others(settings, view(authentication_classes=classes, permission_classes=[IsAuthenticated])) == []
    assert others(settings, path("a", page)) == []


def test_orys_authenticator_alone_is_fine(settings: Any) -> None:
    classes = sign_ins("Mine")

    assert others(settings, view(authentication_classes=classes, permission_classes=[permission()])) == []


def test_sessions_of_django_are_orys_where_users_are_mapped(settings: Any) -> None:
    settings.MIDDLEWARE = ["django_ory_mfa.contrib.auth.middleware.OryUserMiddleware"]
    classes = sign_ins("SessionAuthentication")

    assert others(settings, view(authentication_classes=classes, permission_classes=[permission()])) == []


def test_authenticators_of_the_call_count(settings: Any) -> None:
    from rest_framework.views import APIView

    made = type("View", (APIView,), {"authentication_classes": sign_ins("BasicAuthentication")})
    pattern = path("a", made.as_view(permission_classes=[permission()], authentication_classes=[]))  # type: ignore[attr-defined]

    assert others(settings, pattern) == []


HANDLER = "django_ory_mfa.contrib.rest_framework.exception_handler"


def handler_ids(settings: Any, handler: str | None, *patterns: Any) -> list[str]:
    if handler is not None:
        settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None, "EXCEPTION_HANDLER": handler}
    site(settings, *patterns)
    return ids(checks.apis.check_exception_handler(None))


@pytest.mark.parametrize("handler", [None, "rest_framework.views.exception_handler"])
def test_levels_with_the_frameworks_exception_handler_are_warned_of(settings: Any, handler: str | None) -> None:
    of_level = view(permission_classes=[permission("aal2")])
    of_sign_in = view(authentication_classes=sign_ins("Mine"), permission_classes=[])

    assert handler_ids(settings, handler, of_level, of_level) == ["ory_mfa.W043"]
    assert handler_ids(settings, handler, of_sign_in) == ["ory_mfa.W043"]


@pytest.mark.parametrize("handler", [HANDLER, "tests.drf_contrib_site.own_handler"])
def test_exception_handler_of_ours_or_of_the_site_is_fine(settings: Any, handler: str) -> None:
    assert handler_ids(settings, handler, view(permission_classes=[permission("aal2")])) == []


def test_exception_handler_of_a_view_counts(settings: Any) -> None:
    own = view(permission_classes=[permission("aal2")], get_exception_handler=lambda self: None)

    assert handler_ids(settings, None, own) == []


def test_exception_handler_is_no_matter_of_views_without_ours(settings: Any) -> None:
    assert handler_ids(settings, None, view(permission_classes=[]), path("b", page)) == []
    del settings.REST_FRAMEWORK
    assert handler_ids(settings, None, path("b", page)) == []
