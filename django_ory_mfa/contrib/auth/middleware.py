"""Middleware: ``request.user`` is the person who is signed in at Ory."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, cast

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import SimpleLazyObject

from django_ory_mfa.contrib.auth.errors import UserConflict
from django_ory_mfa.contrib.auth.mapping import find_user
from django_ory_mfa.contrib.auth.refusal import conflict_response
from django_ory_mfa.contrib.auth.request_user import RequestUser
from django_ory_mfa.contrib.auth.sent import sends_credential
from django_ory_mfa.session.session_owner import MARK

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from django_ory_mfa.contrib.auth.request_user import User
    from django_ory_mfa.core.session import OrySession


class OryUserMiddleware(AuthenticationMiddleware):
    """Replaces Django's ``AuthenticationMiddleware``; put it after ``OrySessionMiddleware``.

    Ory is called and the database is read when ``request.user`` is used or ``request.auser()`` is awaited.
    """

    session_fallback = False
    """Whether a Django login is accepted for requests without a credential of Ory."""

    def find(self, request: HttpRequest, session: OrySession) -> User | None:
        """Return the user of an active ``session``, None for an anonymous one; override it to find users differently.

        It may block, and is called at most once for each request. Raise ``UserConflict`` to refuse the person.
        """
        return find_user(request, cast("Any", session).identity)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Return the response to ``request``, or an awaitable of it."""
        if self.async_mode:
            return self.__acall__(request)
        self.process_request(request)
        return self._answered(request, cast("HttpResponseBase", self.get_response(request)))

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Do the same in an async chain, without the thread switch of Django's own method."""
        self.process_request(request)
        response = await cast("Awaitable[HttpResponseBase]", self.get_response(request))
        if _user_of(request).unanswered(response) is None:
            return response
        return await sync_to_async(self._answered)(request, response)

    def process_request(self, request: HttpRequest) -> None:
        """Attach ``user`` and ``auser``; no I/O."""
        found = RequestUser(request, self.find, self._django_user if self.session_fallback else None)
        attached: Any = request
        attached._ory_mfa_user = found
        attached.user = SimpleLazyObject(found.user)
        attached.auser = found.auser

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the response to a conflict that a view or its template raised."""
        return conflict_response(request, exception) if isinstance(exception, UserConflict) else None

    def _answered(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        error = _user_of(request).unanswered(response)
        if isinstance(error, UserConflict):
            return conflict_response(request, error)
        if error is not None:
            raise error
        return response

    def _django_user(self, request: HttpRequest) -> User:
        # SECURITY: if a request has a credential of Ory, only Ory decides who the user is.
        if sends_credential(request):
            return AnonymousUser()
        if not hasattr(request, "session"):
            raise ImproperlyConfigured(
                "session_fallback needs Django's sessions: add "
                "'django.contrib.sessions.middleware.SessionMiddleware' to MIDDLEWARE, before this middleware."
            )
        # SECURITY: a Django session that belongs to a person of Ory signs no one in without Ory.
        return AnonymousUser() if MARK in request.session else get_user(request)


def _user_of(request: HttpRequest) -> RequestUser:
    found: RequestUser = cast("Any", request)._ory_mfa_user
    return found
