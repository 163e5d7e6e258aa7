"""What the policy of the site finds out about a view: class orders, exemptions, and views of Django REST framework."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any, cast

import pytest
from django.http import HttpResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from django_ory_mfa.decorators import aal_exempt, aal_required
from django_ory_mfa.guard.declarations import admin_site_of, declared_by, is_exempt
from django_ory_mfa.guard.site_policy import Origin, demands_on
from django_ory_mfa.http import OryHttpRequest as HttpRequest
from django_ory_mfa.mixins import AALRequiredMixin
from tests import views
from tests.apis import needed
from tests.site import Site, location

POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"
STEP_UP = "http://127.0.0.1:4433/self-service/login/browser?aal=aal2"
LOGIN = "http://127.0.0.1:4433/self-service/login/browser?return_to"
free = method_decorator(aal_exempt, name="dispatch")


@pytest.fixture(autouse=True)
def policy(settings: Any) -> Any:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY]
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
    return settings


def serve(settings: Any, *patterns: Any) -> None:
    module = ModuleType("made_up_urls")
    module.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = module


def aal1(ory: Any, site: Site) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})


# Of a declaration and an exemption on classes the nearest in the class order wins.


class Base(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("open sesame")


class Async(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("open sesame")


def made(name: str, bases: tuple[Any, ...], **attributes: Any) -> Any:
    return type(name, bases, attributes)


def family(base: Any) -> dict[str, tuple[Any, bool]]:
    """Views over ``base``, and whether each of them is free."""
    exempt: Any = free(type("Exempt", (base,), {}))
    declaring: Any = type("Declaring", (base,), {"required_aal": "aal2"})
    child: Any = type("Child", (exempt,), {"required_aal": "aal2"})
    left_over: Any = type("Undone", (child,), {"required_aal": None})
    again: Any = free(type("Again", (declaring,), {}))
    decorated: Any = method_decorator(never_cache, name="dispatch")(type("Decorated", (child,), {}))
    both: Any = free(type("Both", (base,), {"required_aal": "aal2"}))
    mixin = type("Mixin", (), {"required_aal": "aal2"})
    return {
        "exempt itself": (exempt.as_view(), True),
        "inherits an exemption": (made("Heir", (exempt,)).as_view(), True),
        "declares over an exemption": (child.as_view(), False),
        "inherits a declaration over an exemption": (made("Heir", (child,)).as_view(), False),
        "is decorated over a declaration over an exemption": (decorated.as_view(), False),
        "declares nothing over a declaration over an exemption": (left_over.as_view(), True),
        "is exempt over a declaration": (again.as_view(), True),
        "declares and is exempt at once": (both.as_view(), False),
        "declares by a mixin to the left": (made("Left", (mixin, exempt)).as_view(), False),
        "declares by a mixin to the right": (made("Right", (exempt, mixin)).as_view(), True),
        "declares by as_view": (left_over.as_view(required_aal="aal2"), False),
        "declares by as_view over an exemption over a declaration": (again.as_view(required_aal="aal2"), False),
        "declares nothing by as_view": (child.as_view(required_aal=None), True),
        "is exempt as a view": (aal_exempt(declaring.as_view()), True),
        "is exempt as a view over all": (aal_exempt(child.as_view(required_aal="aal2")), True),
        "has a dispatch of its own": (
            made(
                "Own", (exempt,), dispatch=lambda self, *args, **kwargs: base.dispatch(self, *args, **kwargs)
            ).as_view(),
            False,
        ),
    }


@pytest.mark.parametrize("case", family(Base))
def test_nearest_of_declaration_and_exemption_counts(ory: Any, site: Site, settings: Any, case: str) -> None:
    view, is_free = family(Async if site.mode == "async" else Base)[case]
    serve(settings, path("", view))
    aal1(ory, site)

    response = site.get("/")

    assert ((response.content == b"open sesame"), location(response).startswith(STEP_UP)) == (is_free, not is_free)


def test_exemption_that_was_set_by_hand_counts_as_the_furthest() -> None:
    class Child(Base):
        required_aal = "aal2"

        def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            raise AssertionError

        dispatch.ory_mfa_exempt = True  # type: ignore[attr-defined]

    assert not is_exempt(Child.as_view())


@pytest.mark.parametrize(
    "view", [views.exempt, views.aexempt, aal_exempt(partial(views.page)), aal_exempt(cast(Any, Base()))]
)
def test_view_that_is_no_class_is_exempt(view: Any) -> None:
    assert is_exempt(view)


@pytest.mark.parametrize("view", [views.page, partial(views.page), Base(), Base, None, "view"])
def test_view_without_an_exemption_is_not_exempt(view: Any) -> None:
    assert (is_exempt(view), declared_by(view)) == (False, ())


def test_guard_above_an_exemption_counts_for_the_policy(ory: Any, site: Site, settings: Any) -> None:
    serve(settings, path("", aal_required("aal2")(aal_exempt(views.apage if site.mode == "async" else views.page))))

    assert location(site.get("/")).startswith(LOGIN)


def test_decorator_and_class_are_both_met(ory: Any, site: Site, settings: Any) -> None:
    base = Async if site.mode == "async" else Base
    stricter: Any = type("Stricter", (base,), {"required_aal": "aal2"})
    serve(settings, path("", aal_required("aal1")(stricter.as_view())))
    aal1(ory, site)

    assert location(site.get("/")).startswith(STEP_UP)


def test_of_two_declarations_the_stricter_is_judged() -> None:
    class Weaker(Base):
        required_aal = "aal1"

    (demand,) = demands_on(aal_required("aal2")(Weaker.as_view()), "/")

    assert (demand.origin, demand.declared) == (Origin.VIEW, declared_by(aal_required("aal2")(views.page))[0])


# A guard that would never run.


@method_decorator(never_cache, name="dispatch")
class Decorated(View):
    """Its dispatch() calls that of View and no other."""


class Cooperative(View):
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(request, *args, **kwargs)


@pytest.mark.parametrize("base", [Decorated, type("Heir", (Decorated,), {}), free(type("Free", (View,), {}))])
def test_mixin_behind_a_decorated_dispatch_is_an_error_where_the_class_is_written(base: Any) -> None:
    with pytest.raises(TypeError, match="Wrong: put AALRequiredMixin left of the view class"):
        type("Wrong", (base, AALRequiredMixin, View), {})


@pytest.mark.parametrize("base", [Decorated, Cooperative, View])
def test_mixin_before_a_decorated_dispatch_guards(ory: Any, settings: Any, base: Any) -> None:
    right: Any = type("Right", (AALRequiredMixin, base), {"get": views.page})
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]
    serve(settings, path("", method_decorator(never_cache, name="dispatch")(right).as_view()))

    assert location(Site("sync").get("/")).startswith(LOGIN)


def test_mixin_behind_a_dispatch_that_passes_on_guards(ory: Any, settings: Any) -> None:
    right: Any = type("Right", (Passing, AALRequiredMixin, View), {"get": views.page})
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]
    serve(settings, path("", right.as_view()))

    assert location(Site("sync").get("/")).startswith(LOGIN)


class Passing:
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # the View stands to the right


# Views of Django REST framework.


@pytest.mark.parametrize(
    ("url", "rule", "is_shown"),
    [
        # Without the mixin it adds to the rule.
        ("/attribute/", "aal2", False),
        ("/attribute/", None, True),
        ("/set/", "aal2", True),
        ("/mixed/", None, False),
        ("/bare/", None, False),
        ("/set/transfer/", None, False),
        ("/child/", None, False),
        ("/free/", "aal2", True),
    ],
)
def test_declaration_of_an_api_class_counts_beside_or_in_place_of_the_rule(
    ory: Any, site: Site, settings: Any, url: str, rule: str | None, *, is_shown: bool
) -> None:
    needed("rest_framework")
    settings.ROOT_URLCONF = "tests.rest_framework_policy_urls"
    settings.ORY_MFA_RULES = [("/", rule)]
    aal1(ory, site)

    response = site.get(url)

    assert (response.status_code == 200, location(response).startswith(STEP_UP)) == (is_shown, not is_shown)


# A view that is an object.


class AnswersAll:
    """An object that has every attribute, as those that forward calls to elsewhere."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("open sesame")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in {"view_class", "cls", "csrf_exempt"}:
            raise AttributeError(name)
        return lambda *args, **kwargs: None


class AsyncAnswersAll(AnswersAll):
    async def __call__(self, request: HttpRequest) -> HttpResponse:  # type: ignore[override]
        return HttpResponse("open sesame")


def test_object_that_has_every_attribute_is_neither_exempt_nor_declared_open(
    site: Site, ory: Any, settings: Any
) -> None:
    view: Any = AnswersAll() if site.mode == "sync" else AsyncAnswersAll()
    serve(settings, path(f"{site.mode}/rpc", view))

    assert location(site.get("rpc")).startswith(LOGIN)
    aal1(ory, site)
    assert location(site.get("rpc")).startswith(STEP_UP)


class DeepNone(AnswersAll):
    """Its attributes have every attribute, too."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in {"view_class", "cls", "csrf_exempt"}:
            raise AttributeError(name)
        return DeepNone() if name in {"admin_site", "model_admin"} else lambda *args, **kwargs: None


class AsyncDeepNone(DeepNone):
    async def __call__(self, request: HttpRequest) -> HttpResponse:  # type: ignore[override]
        return HttpResponse("open sesame")


def test_object_that_has_every_attribute_is_no_view_of_an_admin(site: Site, ory: Any, settings: Any) -> None:
    """It was asked to finish the refusal, and answered that there is none."""
    view: Any = DeepNone() if site.mode == "sync" else AsyncDeepNone()
    serve(settings, path(f"{site.mode}/rpc", view))

    assert location(site.get("rpc")).startswith(LOGIN)
    assert admin_site_of(view) is None
