"""Pages of Django REST framework and django-ninja, behind their own classes and behind ours."""

from __future__ import annotations

from itertools import count
from typing import Any

from asgiref.sync import iscoroutinefunction
from ninja import NinjaAPI
from ninja.security import django_auth
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.views import APIView

from django_ory_mfa.contrib.ninja import OryAuth
from django_ory_mfa.contrib.rest_framework import AALPermission, OryAuthentication

NUMBERS = count()


def drf_by_ory(view: Any) -> Any:
    """``view`` for whoever has a second factor at Ory."""
    return _drf(view, OryAuthentication, IsAuthenticated & AALPermission)


def drf_by_session(view: Any) -> Any:
    """``view`` for whoever is signed in at Django."""
    return _drf(view, SessionAuthentication, IsAuthenticated)


def ninja_by_ory(view: Any) -> Any:
    """``view`` for whoever has a second factor at Ory."""
    return _ninja(view, OryAuth())


def ninja_by_session(view: Any) -> Any:
    """``view`` for whoever is signed in at Django."""
    return _ninja(view, django_auth)


def ninja_for_everybody(view: Any) -> Any:
    """``view``, and what django-ninja itself takes."""
    return _ninja(view, None)


def _drf(view: Any, authentication: Any, permission: Any) -> Any:
    class Page(APIView):  # type: ignore[misc]  # without types
        authentication_classes = (authentication,)
        permission_classes = (permission,)

        def get(self, request: Any) -> Any:
            """The page."""
            return view(request)

    return Page.as_view()


def _ninja(view: Any, auth: Any) -> Any:
    api = NinjaAPI(urls_namespace=f"benchmark-{next(NUMBERS)}", docs_url=None, openapi_url=None, auth=auth)

    def operation(request: Any) -> Any:
        return view(request)

    async def async_operation(request: Any) -> Any:
        return await view(request)

    api.get("")(async_operation if iscoroutinefunction(view) else operation)
    (pattern,) = (pattern for pattern in api.urls[0] if pattern.name != "api-root")
    return pattern.callback
