"""A session that somebody sets on a request by hand opens nothing, and the error says how to test a view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import include, path
from django.utils.decorators import sync_and_async_middleware
from django.views import View

from django_ory_mfa import AAL, OrySession, SessionState
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.enforcement import aevaluate, arequire_aal, evaluate, require_aal
from django_ory_mfa.middleware import AALRequiredMiddleware, OrySessionMiddleware
from django_ory_mfa.mixins import AALRequiredMixin
from django_ory_mfa.testing import FakeOry
from tests.site import LOOP, Site

pytestmark = pytest.mark.urls(__name__)

BY_HAND = OrySession(SessionState.ACTIVE, id="s", aal=AAL.AAL3)


def page(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


async def apage(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


def inside(request: Any) -> HttpResponse:
    require_aal(request, "aal1")
    return page(request)


async def ainside(request: Any) -> HttpResponse:
    await arequire_aal(request, "aal1")
    return page(request)


def judged(request: Any) -> HttpResponse:
    return HttpResponse("open sesame" if evaluate(request, "aal1").is_allowed else "shut")


async def ajudged(request: Any) -> HttpResponse:
    return HttpResponse("open sesame" if (await aevaluate(request, "aal1")).is_allowed else "shut")


class Page(AALRequiredMixin, View):
    required_aal = "aal1"

    def get(self, request: Any) -> HttpResponse:
        return page(request)


class AsyncPage(AALRequiredMixin, View):
    required_aal = "aal1"

    async def get(self, request: Any) -> HttpResponse:
        return page(request)


guard = aal_required("aal1")
VIEWS: dict[str, dict[str, Any]] = {
    "sync": {"decorator": guard(page), "mixin": Page.as_view(), "inside": inside, "judged": judged},
    "async": {"decorator": guard(apage), "mixin": AsyncPage.as_view(), "inside": ainside, "judged": ajudged},
}
urlpatterns = [
    path(f"{mode}/", include([path(name, view) for name, view in views.items()])) for mode, views in VIEWS.items()
]


@sync_and_async_middleware
def by_hand(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A middleware inside of ours that thinks it can sign people in."""
    if iscoroutinefunction(get_response):

        async def asigning_in(request: Any) -> Any:
            request.ory_session = BY_HAND
            return await get_response(request)

        return asigning_in

    def signing_in(request: Any) -> Any:
        request.ory_session = BY_HAND
        return get_response(request)

    return signing_in


def call(view: Any, request: Any) -> Any:
    return LOOP.run(view(request)) if iscoroutinefunction(view) else view(request)


@pytest.mark.parametrize("name", ["decorator", "mixin", "inside", "judged"])
def test_session_set_by_hand_is_an_error_that_says_how_to_test(mode: str, ory: FakeOry, name: str) -> None:
    request: Any = RequestFactory().get("/")
    request.ory_session = BY_HAND

    with pytest.raises(ImproperlyConfigured, match=r"by hand.*ory\.login.*OrySessionMiddleware\(view\)") as caught:
        call(VIEWS[mode][name], request)

    assert "add 'django_ory_mfa" not in str(caught.value)


def test_policy_does_not_look_at_a_session_set_by_hand(ory: FakeOry) -> None:
    request: Any = RequestFactory().get("/")
    request.ory_session = BY_HAND

    with pytest.raises(ImproperlyConfigured, match="by hand"):
        AALRequiredMiddleware(page).process_view(request, page, (), {})


@pytest.mark.parametrize("name", ["decorator", "mixin", "inside"])
def test_session_set_by_hand_behind_the_middleware_opens_nothing(
    site: Site, ory: FakeOry, settings: Any, name: str
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.by_hand"]

    assert site.json(name).status_code == 401


def test_session_set_by_hand_behind_the_middleware_is_not_judged(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.by_hand"]

    assert site.get("judged").content == b"shut"


@pytest.mark.parametrize("name", ["decorator", "mixin", "inside", "judged"])
def test_request_that_went_through_the_middleware_can_be_tested_alone(mode: str, ory: FakeOry, name: str) -> None:
    rf = RequestFactory()
    ory.login(rf, aal="aal1")
    view = OrySessionMiddleware(VIEWS[mode][name])

    assert call(view, rf.get("/")).content == b"open sesame"
