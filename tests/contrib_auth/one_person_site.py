"""APIs where Django's own sign-in stands beside Ory's."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from ninja import NinjaAPI
from rest_framework.authentication import BasicAuthentication, SessionAuthentication
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from django_ory_mfa.contrib.ninja import OryAuth, install
from django_ory_mfa.contrib.rest_framework import AALPermission, OryAuthentication, exception_handler

Level = AALPermission("aal2")


class Door(BasePermission):  # type: ignore[misc]  # mypy does not look into it
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.query_params.get("word") == "sesame")


class Base(APIView):  # type: ignore[misc]  # mypy does not look into it
    authentication_classes: Any = (SessionAuthentication, OryAuthentication)
    permission_classes: Any = (IsAuthenticated & Level,)

    def get_exception_handler(self) -> Any:
        return exception_handler

    def get(self, request: Any) -> Response:
        return Response({"name": request.user.get_username()})


class Mine(OryAuthentication):
    """A site's own."""


VIEWS: dict[str, dict[str, Any]] = {
    "session-first": {},
    "session-alone": {"authentication_classes": (SessionAuthentication,)},
    "basic-first": {"authentication_classes": (BasicAuthentication, OryAuthentication)},
    "ory-first": {"authentication_classes": (OryAuthentication, SessionAuthentication)},
    "mine-first": {"authentication_classes": (Mine, SessionAuthentication)},
    "either": {"permission_classes": (Level | Door,)},
    "level-alone": {"authentication_classes": (OryAuthentication,), "permission_classes": (Level,)},
    "nobody": {"authentication_classes": (), "permission_classes": (Level,)},
    "asked-by-one": {
        "authentication_classes": (SessionAuthentication,),
        "ory_mfa_requirements": {"GET": lambda request: None},
    },
    "not-asked": {"permission_classes": (AALPermission(requirement=lambda request: None),)},
}

api = NinjaAPI(urls_namespace="one-person", docs_url=None)
bare = NinjaAPI(urls_namespace="one-person-bare", docs_url=None)
install(api)


def add(target: NinjaAPI, name: str, auth: Any) -> None:
    def sync(request: Any) -> Any:
        return {"name": request.user.get_username(), "user": str(request.user)}

    async def asynchronous(request: Any) -> Any:
        user = await request.auser()
        return {"name": user.get_username(), "user": str(user if user.is_authenticated else request.user)}

    target.get(f"/sync/{name}", operation_id=name, auth=auth)(sync)
    target.get(f"/async/{name}", operation_id=f"a{name}", auth=auth)(asynchronous)


@api.get("/sync/operation-in-the-event-loop", auth=OryAuth("aal2"))
@api.get("/async/operation-in-the-event-loop", auth=OryAuth("aal2"))
async def at_once(request: Any) -> Any:
    """Reads the user as blocking code does; it is known by then."""
    return {"name": request.user.get_username()}


for target in (api, bare):
    add(target, "operation", OryAuth("aal2"))
    add(target, "operation-not-asked", OryAuth(requirement=lambda request: None))


def home(request: Any) -> HttpResponse:
    return HttpResponse("home")


urlpatterns = [
    *(path(name, type("View", (Base,), attributes).as_view()) for name, attributes in VIEWS.items()),  # type: ignore[attr-defined]
    path("ninja/", api.urls),
    path("bare/", bare.urls),
    path("", home),
]
