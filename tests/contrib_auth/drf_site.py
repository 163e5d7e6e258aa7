"""Views of Django REST framework on a site with users."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.urls import path
from rest_framework.permissions import DjangoModelPermissions, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from django_ory_mfa.contrib.rest_framework import AALPermission, OryAuthentication, exception_handler
from django_ory_mfa.enforcement import require_aal


class Base(APIView):  # type: ignore[misc]  # mypy does not look into it
    authentication_classes = (OryAuthentication,)
    permission_classes: Any = (IsAuthenticated,)

    def get_exception_handler(self) -> Any:
        return exception_handler

    def get(self, request: Any) -> Response:
        return Response({"name": request.user.get_username(), "auth": str(request.auth)})


class Level(Base):
    permission_classes = (IsAuthenticated & AALPermission("aal2") & AALPermission("aal2", max_age=600),)


class Rights(Base):
    permission_classes = (DjangoModelPermissions,)
    queryset = get_user_model().objects.none()


class Writes(Base):
    """Finds out after it has written that more has to be proved."""

    def get(self, request: Any) -> Response:
        get_user_model().objects.create(username="written")
        require_aal(request, "aal2")
        return Response({})


class Forbids(Base):
    """Finds out after it has written that it is not allowed."""

    def get(self, request: Any) -> Response:
        get_user_model().objects.create(username="written")
        raise PermissionDenied


urlpatterns = [
    path("forbids", Forbids.as_view()),
    path("who", Base.as_view()),
    path("level", Level.as_view()),
    path("rights", Rights.as_view()),
    path("writes", Writes.as_view()),
]
