"""Views of Django REST framework that ask for a level in every way there is, and some that answer by themselves."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from rest_framework.decorators import api_view, authentication_classes, permission_classes, renderer_classes
from rest_framework.exceptions import NotFound
from rest_framework.exceptions import PermissionDenied as RestPermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.enforcement import AALRequired, require_aal

RENDERERS = [JSONRenderer, BrowsableAPIRenderer]
ARGUMENTS: dict[str, Any] = {"aal": "aal2", "max_age": 600}


def plain(view: Any) -> Any:
    """A view without Django's users, and with the page that DRF makes for browsers."""
    return renderer_classes(RENDERERS)(authentication_classes([])(permission_classes([])(view)))


def api(view: Any) -> Any:
    return api_view(["GET", "POST"])(plain(view))


@aal_required(**ARGUMENTS)
@api
def decorated(request: Any) -> Response:
    return Response({"open": "sesame"})


@api
def inside(request: Any) -> Response:
    require_aal(request, **ARGUMENTS)
    return Response({"open": "sesame"})


class Inside(APIView):  # type: ignore[misc]  # mypy does not look into it
    authentication_classes = ()
    permission_classes: Any = ()
    renderer_classes = RENDERERS

    def get(self, request: Any) -> Response:
        require_aal(request, **ARGUMENTS)
        return Response({"open": "sesame"})

    post = get


class Fresh(BasePermission):  # type: ignore[misc]  # mypy does not look into it
    def has_permission(self, request: Any, view: Any) -> bool:
        require_aal(request, **ARGUMENTS)
        return True


class ByPermission(Inside):
    permission_classes = (Fresh,)

    def get(self, request: Any) -> Response:
        return Response({"open": "sesame"})

    post = get


@api
def falls_back(request: Any) -> Response:
    """Shows less to those who proved less."""
    try:
        require_aal(request, **ARGUMENTS)
    except AALRequired:
        return Response({"open": "a crack"})
    return Response({"open": "sesame"})


@api
def answers_itself(request: Any) -> Response:
    try:
        require_aal(request, **ARGUMENTS)
    except AALRequired as refusal:
        return Response({"detail": str(refusal)}, status=403)
    return Response({"open": "sesame"})


@api
def raises_another(request: Any) -> Response:
    try:
        require_aal(request, **ARGUMENTS)
    except AALRequired as refusal:
        raise RestPermissionDenied("Not your report.") from refusal
    return Response({"open": "sesame"})


@api
def hides(request: Any) -> Response:
    try:
        require_aal(request, **ARGUMENTS)
    except AALRequired as refusal:
        raise NotFound from refusal
    return Response({"open": "sesame"})


class OwnHandler(Inside):
    def handle_exception(self, exc: Exception) -> Any:
        return HttpResponse("ask the help desk", status=403)


def shaped(exc: Exception, context: Any) -> Response:
    """The exception handler of a site that has a form of its own for errors."""
    return Response({"errors": [str(exc)]}, status=403)


class Shaped(Inside):
    def get_exception_handler(self) -> Any:
        return shaped


urlpatterns = [
    path("decorated", decorated),
    path("inside", inside),
    path("class", Inside.as_view()),
    path("permission", ByPermission.as_view()),
    path("falls-back", falls_back),
    path("answers-itself", answers_itself),
    path("raises-another", raises_another),
    path("hides", hides),
    path("own-handler", OwnHandler.as_view()),
    path("shaped", Shaped.as_view()),
]
