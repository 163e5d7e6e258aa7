"""Middleware of sites, for the tests."""

from __future__ import annotations

from typing import Any, ClassVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.utils.decorators import sync_and_async_middleware

from django_ory_mfa.contrib.auth.errors import UserConflict
from django_ory_mfa.contrib.auth.middleware import OryUserMiddleware


class FallbackMiddleware(OryUserMiddleware):
    """A login of Django's counts, too."""

    session_fallback = True


class FindingMiddleware(OryUserMiddleware):
    """Finds people by a name of the site's own."""

    def find(self, request: Any, session: Any) -> Any:
        name = session.identity.traits.get("nickname")
        if name == "mallory":
            raise UserConflict("banned")
        if name == "nobody":
            return AnonymousUser()
        return get_user_model().objects.filter(username=name).first()


class KeyMiddleware(OryUserMiddleware):
    """Notes which key the Django session has while it looks somebody up."""

    keys: ClassVar[list[str | None]] = []

    def find(self, request: Any, session: Any) -> Any:
        self.keys.append(request.session.session_key)
        return super().find(request, session)


class SlowMiddleware(OryUserMiddleware):
    """Looks nobody up before ``wait`` has run, as a view does that waits for the body of a request."""

    wait: ClassVar[Any] = staticmethod(lambda: None)

    def find(self, request: Any, session: Any) -> Any:
        self.wait()
        return super().find(request, session)


@sync_and_async_middleware
def marking(get_response: Any) -> Any:
    """Says on the response whether the Django session was touched."""

    def marked(request: Any, response: Any) -> Any:
        response.headers["X-Session"] = f"{request.session.accessed} {request.session.modified}"
        return response

    if iscoroutinefunction(get_response):

        async def amiddleware(request: Any) -> Any:
            return marked(request, await get_response(request))

        return amiddleware
    return lambda request: marked(request, get_response(request))


class AnsweringMiddleware:
    """Answers conflicts in the site's own way."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        return self.get_response(request)

    def process_exception(self, request: Any, exception: Exception) -> Any:
        return HttpResponse("answered by the site") if isinstance(exception, UserConflict) else None


@sync_and_async_middleware
def refusing(get_response: Any) -> Any:
    """Refuses everybody after the view has run, and keeps what it made."""

    def refused(response: Any) -> Any:
        response.status_code = 401
        return response

    if iscoroutinefunction(get_response):

        async def amiddleware(request: Any) -> Any:
            return refused(await get_response(request))

        return amiddleware
    return lambda request: refused(get_response(request))


@sync_and_async_middleware
def reading(get_response: Any) -> Any:
    """Reads the Django session before anybody knows who it is, and says on the response what was there."""

    def told(response: Any, notes: list[str]) -> Any:
        response.headers["X-Read"] = str(notes)
        return response

    if iscoroutinefunction(get_response):

        async def amiddleware(request: Any) -> Any:
            notes = await request.session.aget("notes", [])
            return told(await get_response(request), notes)

        return amiddleware

    def middleware(request: Any) -> Any:
        notes = request.session.get("notes", [])
        return told(get_response(request), notes)

    return middleware


@sync_and_async_middleware
def signing_in(get_response: Any) -> Any:
    """Signs a Django user in for each request, as RemoteUserMiddleware does."""

    def sign_in(request: Any) -> None:
        user = get_user_model().objects.get(username="somebody")
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")

    async def amiddleware(request: Any) -> Any:
        await sync_to_async(sign_in)(request)
        return await get_response(request)

    def middleware(request: Any) -> Any:
        sign_in(request)
        return get_response(request)

    return amiddleware if iscoroutinefunction(get_response) else middleware
