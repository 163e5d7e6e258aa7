"""A site with a policy: views that declare something, hide it, or are free of it, in both spellings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt
from django.views.static import serve

from django_ory_mfa import Requirement
from django_ory_mfa.decorators import aal_exempt, aal_required
from django_ory_mfa.http import OryHttpRequest as HttpRequest
from tests import views


class Attribute(views.Page):
    required_aal = "aal1"


class AsyncAttribute(views.AsyncPage):
    required_aal = "aal1"


class Hidden(views.Page):
    """What it asks for is known when a request comes."""

    def get_requirement(self) -> Requirement:
        return Requirement("aal2", max_age=600)


class AsyncHidden(views.AsyncPage):
    def get_requirement(self) -> Requirement:
        return Requirement("aal2", max_age=600)


@method_decorator(aal_exempt, name="dispatch")
class Free(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return views.page(request)


@method_decorator(aal_exempt, name="dispatch")
class AsyncFree(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return await views.apage(request)


@aal_exempt
def free(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open sesame")


@aal_exempt
async def afree(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open sesame")


async def anobody_asks(request: HttpRequest) -> None:
    return None


def spelling(mode: str) -> list[Any]:
    is_async = mode == "async"
    page = views.apage if is_async else views.page
    hidden, attribute = (AsyncHidden, AsyncAttribute) if is_async else (Hidden, Attribute)
    return [
        path("page", page),
        path("page/<path:rest>", page),
        path("csrf-exempt", csrf_exempt(page)),
        path("declared/aal1", aal_required("aal1")(page)),
        path("declared/aal2", aal_required("aal2")(page)),
        path("declared/fresh", aal_required("aal2", max_age=600)(page)),
        path("declared/nothing", aal_required(requirement=lambda request: None)(page)),
        path("declared/wrapped", csrf_exempt(aal_required("aal1")(page))),
        path("class/default", (views.AsyncPage if is_async else views.Page).as_view()),
        path("class/attribute", attribute.as_view()),
        path("class/aal2", attribute.as_view(required_aal="aal2")),
        path("class/fresh", attribute.as_view(required_aal="aal2", max_age=600)),
        path("class/hidden", hidden.as_view()),
        path("inside/<str:aal>", views.arequired_inside if is_async else views.required_inside),
        path("exempt", afree if is_async else free),
        path("exempt/class", (AsyncFree if is_async else Free).as_view()),
        path("exempt/guarded", aal_exempt(aal_required("aal2")(page))),
        path("cached", cache_page(60)(page)),
    ]


urlpatterns = [
    path("sync/", include(spelling("sync"))),
    path("async/", include(spelling("async"))),
    path("static/<path:path>", serve, {"document_root": Path(__file__).parent / "templates"}),
    path("account/security/", include("django_ory_mfa.urls")),
]
