"""Middleware that a site makes of ours does what it says, in sync and async chains."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse, HttpResponseForbidden
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import include, path

from django_ory_mfa.middleware import AALRequiredMiddleware, OrySessionMiddleware
from django_ory_mfa.testing import FakeOry
from tests.site import Site

SESSION = "django_ory_mfa.middleware.OrySessionMiddleware"
POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"
HERE = __name__

pytestmark = pytest.mark.urls(__name__)


def page(request: Any) -> HttpResponse:
    return TemplateResponse(request, engines["django"].from_string("open sesame"))


async def apage(request: Any) -> HttpResponse:
    return page(request)


urlpatterns = [path("sync/", include([path("page", page)])), path("async/", include([path("page", apage)]))]


class Closed(AALRequiredMiddleware):
    """Lets nobody in whom the policy would let in."""

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> Any:
        return super().process_view(request, view, args, kwargs) or HttpResponseForbidden("closed")


class Renamed(AALRequiredMiddleware):
    def process_template_response(self, request: Any, response: Any) -> Any:
        response = super().process_template_response(request, response)
        response.headers["X-Site"] = "template"
        return response

    def after(self, request: Any, response: Any) -> Any:
        response = super().after(request, response)
        response.headers["X-After"] = "policy"
        return response


class Mixin:
    """What a site puts in front of ours."""

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> Any:
        return HttpResponseForbidden("closed")


class Mixed(Mixin, AALRequiredMiddleware):
    pass


class Session(OrySessionMiddleware):
    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> Any:
        return super().process_view(request, view, args, kwargs) or HttpResponse("in its place")

    def after(self, request: Any, response: Any) -> Any:
        response = super().after(request, response)
        response.headers["X-After"] = "session"
        return response


class Twice(Closed):
    """It says nothing of its own, and so does what ``Closed`` does."""


@pytest.mark.parametrize("name", ["Closed", "Mixed", "Twice"])
def test_view_is_closed_by_a_policy_of_the_site(ory: FakeOry, site: Site, settings: Any, name: str) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{HERE}.{name}"]
    ory.login(site)

    response = site.get("page")

    assert (response.status_code, response.content) == (403, b"closed")


def test_response_passes_the_policy_of_the_site(ory: FakeOry, site: Site, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{HERE}.Renamed"]
    ory.login(site)

    response = site.get("page")

    assert (response.status_code, response.headers["X-Site"], response.headers["X-After"]) == (
        200,
        "template",
        "policy",
    )


def test_policy_of_the_site_refuses_as_ours_does(site: Site, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{HERE}.Renamed"]

    response = site.get("page")

    assert (response.status_code, response.headers["X-After"]) == (302, "policy")


def test_session_middleware_of_the_site_does_what_it_says(ory: FakeOry, site: Site, settings: Any) -> None:
    settings.MIDDLEWARE = [f"{HERE}.Session" if name == SESSION else name for name in settings.MIDDLEWARE]

    response = site.get("page")

    assert (response.content, response.headers["X-After"]) == (b"in its place", "session")
