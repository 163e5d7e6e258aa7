"""Middleware of the site itself, which the crossings need or which are made by Django's functions."""

from __future__ import annotations

from typing import Any

from asgiref.sync import iscoroutinefunction
from django.contrib.auth.middleware import PersistentRemoteUserMiddleware, RemoteUserMiddleware
from django.contrib.auth.models import AnonymousUser, User
from django.utils.decorators import async_only_middleware, sync_and_async_middleware, sync_only_middleware
from django.utils.deprecation import MiddlewareMixin


class UserFromCookie(MiddlewareMixin):
    """Signs in with Django, as staff, whoever has the cookie that says who is there."""

    def process_request(self, request: Any) -> None:
        name = request.COOKIES.get("me")
        user = User(pk=1, username=name, is_staff=True, is_superuser=True) if name else AnonymousUser()

        async def auser() -> Any:
            return user

        request.user, request.auser = user, auser


class ProxyUser(RemoteUserMiddleware):
    """The user by a header that reaches ASGI, too."""

    header = "HTTP_X_ME"


class PersistentProxyUser(PersistentRemoteUserMiddleware):
    header = "HTTP_X_ME"


@sync_only_middleware
def sync_only(get_response: Any) -> Any:
    def pass_on(request: Any) -> Any:
        return get_response(request)

    return pass_on


@async_only_middleware
def async_only(get_response: Any) -> Any:
    async def pass_on(request: Any) -> Any:
        return await get_response(request)

    return pass_on


@sync_and_async_middleware
def either(get_response: Any) -> Any:
    async def apass_on(request: Any) -> Any:
        return await get_response(request)

    def pass_on(request: Any) -> Any:
        return get_response(request)

    return apass_on if iscoroutinefunction(get_response) else pass_on
