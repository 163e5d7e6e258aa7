"""A view without a page does not free what another makes of its 404: only the rules count then."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import Http404, HttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View

from django_ory_mfa.decorators import aal_exempt, aal_required
from django_ory_mfa.mixins import AALRequiredMixin
from tests.policy_middleware import MADE, finishing
from tests.site import Site, location

POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"
MAKERS = "tests.policy_middleware"
STEP_UP = "http://127.0.0.1:4433/self-service/login/browser?aal=aal2"
STATUSES = (404, 410)
OWN = b"made by the view"


def plain(request: Any) -> HttpResponse:
    return HttpResponse("no page", status=int(request.GET.get("status", 404)))


async def aplain(request: Any) -> HttpResponse:
    return plain(request)


def template(request: Any) -> TemplateResponse:
    return TemplateResponse(request, engines["django"].from_string("no page"), status=404)


async def atemplate(request: Any) -> TemplateResponse:
    return template(request)


def raises(request: Any) -> HttpResponse:
    raise Http404


async def araises(request: Any) -> HttpResponse:
    raise Http404


def hidden(view: Any) -> Any:
    """A decorator of the site outside of a declaration: to most visitors there is no page."""

    @wraps(view)
    def not_found(request: Any) -> HttpResponse:
        raise Http404

    @wraps(view)
    async def anot_found(request: Any) -> HttpResponse:
        raise Http404

    return anot_found if iscoroutinefunction(view) else not_found


def hidden_by_page(view: Any) -> Any:
    """The same, with a page that says so."""

    @wraps(view)
    def not_found(request: Any) -> HttpResponse:
        return template(request)

    @wraps(view)
    async def anot_found(request: Any) -> HttpResponse:
        return template(request)

    return anot_found if iscoroutinefunction(view) else not_found


class Plain(View):
    def get(self, request: Any) -> HttpResponse:
        return plain(request)


class AsyncPlain(View):
    async def get(self, request: Any) -> HttpResponse:
        return plain(request)


class Declaring(Plain):
    required_aal = "aal1"


class AsyncDeclaring(AsyncPlain):
    required_aal = "aal1"


class Mixed(AALRequiredMixin, Plain):
    required_aal = "aal1"


class AsyncMixed(AALRequiredMixin, AsyncPlain):
    required_aal = "aal1"


class Raising(AALRequiredMixin, View):
    required_aal = "aal1"

    def get(self, request: Any) -> HttpResponse:
        raise Http404


class AsyncRaising(AALRequiredMixin, View):
    required_aal = "aal1"

    async def get(self, request: Any) -> HttpResponse:
        raise Http404


@method_decorator(aal_exempt, name="dispatch")
class Free(Plain):
    pass


@method_decorator(aal_exempt, name="dispatch")
class AsyncFree(AsyncPlain):
    pass


class Dispatching(Plain):
    @aal_exempt
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(request, *args, **kwargs)


aal1 = aal_required("aal1")
VIEWS: dict[str, dict[str, Callable[..., Any]]] = {
    "sync": {
        "exempt": aal_exempt(plain),
        "exempt-template": aal_exempt(template),
        "exempt-class": Free.as_view(),
        "exempt-dispatch": Dispatching.as_view(),
        "exempt-class-as-view": aal_exempt(Plain.as_view()),
        "aal1": aal1(plain),
        "aal1-template": aal1(template),
        "aal1-mixin": Mixed.as_view(),
        "aal1-class": Declaring.as_view(),
        "exempt-hidden": hidden(aal_exempt(plain)),
        "exempt-hidden-template": hidden_by_page(aal_exempt(plain)),
    },
    "async": {
        "exempt": aal_exempt(aplain),
        "exempt-template": aal_exempt(atemplate),
        "exempt-class": AsyncFree.as_view(),
        "exempt-dispatch": Dispatching.as_view(),
        "exempt-class-as-view": aal_exempt(AsyncPlain.as_view()),
        "aal1": aal1(aplain),
        "aal1-template": aal1(atemplate),
        "aal1-mixin": AsyncMixed.as_view(),
        "aal1-class": AsyncDeclaring.as_view(),
        "exempt-hidden": hidden(aal_exempt(aplain)),
        "exempt-hidden-template": hidden_by_page(aal_exempt(aplain)),
    },
}
RAISING: dict[str, dict[str, Callable[..., Any]]] = {
    "sync": {"raises/exempt": aal_exempt(raises), "raises/aal1": aal1(raises), "raises/mixin": Raising.as_view()},
    "async": {
        "raises/exempt": aal_exempt(araises),
        "raises/aal1": aal1(araises),
        "raises/mixin": AsyncRaising.as_view(),
    },
}


@aal_exempt
def own_page(request: Any) -> HttpResponse:
    """Asks another view, which has no page, and shows one of its own."""
    VIEWS["sync"]["exempt"](request)
    return HttpResponse(OWN)


@aal_exempt
def own_page_after_404(request: Any) -> HttpResponse:
    try:
        return HttpResponse(RAISING["sync"]["raises/exempt"](request))
    except Http404:
        return HttpResponse(OWN)


urlpatterns = [
    path(f"{mode}/{name}", view)
    for mode, views in VIEWS.items()
    for name, view in [*views.items(), *RAISING[mode].items()]
]
urlpatterns += [path("own-page", own_page), path("own-page-after-404", own_page_after_404)]


page_for_missing = finishing(
    lambda request, response: HttpResponse(MADE) if response.status_code in STATUSES else response
)


class AnswersMissing:
    """Shows a page where a view raised Http404, before any other middleware sees the exception."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        return self.get_response(request)

    def process_exception(self, request: Any, exception: Exception) -> Any:
        return HttpResponse(MADE) if isinstance(exception, Http404) else None


@pytest.fixture(autouse=True)
def policy(settings: Any) -> Any:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY, f"{MAKERS}.fallback"]
    return settings


def only_aal1(ory: Any, site: Site) -> None:
    """Signs somebody in who has the level that views declare, and not that of the settings."""
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("view", VIEWS["sync"])
def test_page_in_place_of_a_returned_404_is_held_against_the_rules(
    ory: Any, site: Site, settings: Any, view: str, status: int
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], f"{__name__}.page_for_missing"]
    only_aal1(ory, site)

    refused = site.get(f"{view}?status={status}")
    settings.ORY_MFA_RULES = [("/", "aal1")]
    passed = site.get(f"{view}?status={status}")

    assert (location(refused).startswith(STEP_UP), MADE in refused.content, passed.content) == (True, False, MADE)


@pytest.mark.parametrize("view", ["exempt", "exempt-class"])
def test_page_in_place_of_a_returned_404_is_withheld_from_nobody(ory: Any, site: Site, view: str) -> None:
    response = site.get(view)

    assert ("/self-service/login/" in location(response), MADE in response.content) == (True, False)


@pytest.mark.parametrize("view", RAISING["sync"])
def test_page_of_an_exception_middleware_in_place_of_a_404_is_held_against_the_rules(
    ory: Any, site: Site, settings: Any, view: str
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], f"{__name__}.AnswersMissing"]
    only_aal1(ory, site)

    refused = site.get(view)
    settings.ORY_MFA_RULES = [("/", "aal1")]

    assert (location(refused).startswith(STEP_UP), site.get(view).content) == (True, MADE)


def test_template_that_replaces_a_returned_404_is_held_against_the_rules(ory: Any, site: Site, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], f"{MAKERS}.ReplacesTemplates"]

    assert "/self-service/login/" in location(site.get("exempt-template"))


@pytest.mark.parametrize("view", ["exempt", "exempt-template"])
def test_returned_404_that_stays_a_404_is_free(ory: Any, site: Site, settings: Any, view: str) -> None:
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]

    assert (site.get(view).status_code, ory.calls) == (404, [])


@pytest.mark.parametrize("view", ["exempt", "exempt-class", "exempt-dispatch", "exempt-class-as-view"])
@pytest.mark.parametrize("status", [200, 204, 302])
def test_page_of_an_exempt_view_stays_free_behind_a_fallback(ory: Any, site: Site, view: str, status: int) -> None:
    assert (site.get(f"{view}?status={status}").status_code, ory.calls) == (status, [])


@pytest.mark.parametrize("view", ["aal1", "aal1-mixin"])
def test_page_of_a_view_that_declares_less_is_shown_behind_a_fallback(ory: Any, site: Site, view: str) -> None:
    only_aal1(ory, site)

    assert site.get(f"{view}?status=200").content == b"no page"


@pytest.mark.parametrize("url", ["/own-page", "/own-page-after-404"])
def test_view_that_makes_up_for_the_missing_page_of_another_is_free(ory: Any, site: Site, url: str) -> None:
    assert (site.get(url).content, ory.calls) == (OWN, [])


@pytest.mark.parametrize("view", [aal_exempt(plain), aal_exempt(raises)])
def test_exempt_view_works_where_no_middleware_is(rf: Any, view: Any) -> None:
    try:
        assert view(rf.get("/")).status_code == 404
    except Http404:
        assert view.__wrapped__ is raises
