"""The same requirements in a plain view, in Django REST framework and in django-ninja, below one path each."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from rest_framework.response import Response
from rest_framework.views import APIView

from django_ory_mfa.contrib.ninja import OryAuth, install
from django_ory_mfa.contrib.rest_framework import AALPermission, OryAuthentication, exception_handler
from django_ory_mfa.decorators import aal_required

# The same path has to ask for the same everywhere, since a link may name it.
WANTED: dict[str, dict[str, Any]] = {
    "aal1": {"aal": "aal1"},
    "aal2": {"aal": "aal2"},
    "highest": {"aal": "highest_available"},
    "fresh": {"aal": "aal2", "max_age": 600},
    "fresh-aal1": {"aal": "aal1", "max_age": 600},
    "totp": {"aal": "aal2", "methods": {"totp"}},
}
METHODS = ["GET", "POST"]


class Inside(APIView):  # type: ignore[misc]  # mypy does not look into it
    authentication_classes: Any = (OryAuthentication,)

    def get_exception_handler(self) -> Any:
        return exception_handler

    def get(self, request: Any) -> Response:
        return Response({"open": "sesame"})

    post = get


class Free(Inside):
    authentication_classes = ()
    permission_classes = ()


def drf_view(wanted: dict[str, Any]) -> Any:
    return type("Guarded", (Inside,), {"permission_classes": [AALPermission(**wanted)]}).as_view()  # type: ignore[attr-defined]


def plain(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


async def aplain(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


def operation(request: Any) -> Any:
    return {"open": "sesame"}


async def aoperation(request: Any) -> Any:
    return {"open": "sesame"}


api = NinjaAPI(urls_namespace="table", docs_url=None)
install(api)
for name, wanted in WANTED.items():
    api.api_operation(METHODS, f"/sync/{name}", auth=OryAuth(**wanted), operation_id=name)(operation)
    api.api_operation(METHODS, f"/async/{name}", auth=OryAuth(**wanted), operation_id=f"a{name}")(aoperation)
api.get("/sync/free")(operation)
api.get("/async/free")(aoperation)

urlpatterns = [
    path("plain/sync/free", plain),
    path("plain/async/free", aplain),
    *(path(f"drf/{mode}/free", Free.as_view()) for mode in ("sync", "async")),
    *(path(f"plain/sync/{name}", csrf_exempt(aal_required(**wanted)(plain))) for name, wanted in WANTED.items()),
    *(path(f"plain/async/{name}", csrf_exempt(aal_required(**wanted)(aplain))) for name, wanted in WANTED.items()),
    *(path(f"drf/{mode}/{name}", drf_view(wanted)) for name, wanted in WANTED.items() for mode in ("sync", "async")),
    path("ninja/", api.urls),
]
