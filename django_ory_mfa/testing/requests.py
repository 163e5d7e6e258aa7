"""Give requests that passed no middleware what the middleware of this package attaches."""

from __future__ import annotations

from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import ParamSpec, TypeVar, cast

from asgiref.sync import sync_to_async
from django.apps import apps
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from django_ory_mfa.session.resolver import attach

P = ParamSpec("P")
T = TypeVar("T")
Request = TypeVar("Request", bound=HttpRequest)


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return the result of the blocking ``function``, run in the thread in which async code uses the database."""
    return await sync_to_async(function)(*args, **kwargs)


class CookieJar:
    """A cookie jar like that of a test client, for requests without one."""

    def __init__(self) -> None:
        self.cookies: SimpleCookie = SimpleCookie()


def equip(request: Request, jar: CookieJar) -> Request:
    """Return ``request`` with the cookies of ``jar``, its Ory session and its user attached."""
    sent = [request.META.get("HTTP_COOKIE", ""), *(f"{name}={jar.cookies[name].value}" for name in jar.cookies)]
    header = "; ".join(filter(None, sent))
    cast("dict[str, str]", request.META)["HTTP_COOKIE"] = header
    if isinstance(request, ASGIRequest):
        others = [(name, value) for name, value in request.scope["headers"] if name.lower() != b"cookie"]
        cast("dict[str, object]", request.scope)["headers"] = [*others, (b"cookie", header.encode("latin-1"))]
    # Read once, perhaps before.
    request.__dict__.pop("COOKIES", None)
    attach(request)
    if apps.is_installed("django_ory_mfa.contrib.auth"):
        from django_ory_mfa.testing.users import attach_user

        attach_user(request)
    return request
