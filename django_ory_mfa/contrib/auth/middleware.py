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
    """Stands in place of Django's ``AuthenticationMiddleware``, after ``OrySessionMiddleware``.

    Ory and the database are asked when somebody looks at ``request.user`` or awaits ``request.auser()``.
    """

    session_fallback = False
    """Whether a login of Django's counts for requests that carry no credential of Ory."""

    def find(self, request: HttpRequest, session: OrySession) -> User | None:
        """Return the user of an active ``session``, or None for nobody; override it to find users in another way.

        It may block, and is called at most once for each request. Raise ``UserConflict`` to refuse the person.
        """
        return find_user(request, cast("Any", session).identity)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Return the response to ``request``, or the promise of it."""
        if self.async_mode:
            return self.__acall__(request)
        self.process_request(request)
        return self._answered(request, cast("HttpResponseBase", self.get_response(request)))

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Do the same in an async chain, without the change of threads that Django's own makes."""
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
        """Return the answer to a conflict that a view or its template raised."""
        return conflict_response(request, exception) if isinstance(exception, UserConflict) else None

    def _answered(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        error = _user_of(request).unanswered(response)
        if isinstance(error, UserConflict):
            return conflict_response(request, error)
        if error is not None:
            raise error
        return response

    def _django_user(self, request: HttpRequest) -> User:
        # SECURITY: who shows something of Ory's is whom Ory says, and nobody if Ory does not know it.
        if sends_credential(request):
            return AnonymousUser()
        if not hasattr(request, "session"):
            raise ImproperlyConfigured(
                "session_fallback needs Django's sessions: add "
                "'django.contrib.sessions.middleware.SessionMiddleware' to MIDDLEWARE, before this middleware."
            )
        # SECURITY: what an Ory person left here is not for whoever comes without Ory.
        return AnonymousUser() if MARK in request.session else get_user(request)


def _user_of(request: HttpRequest) -> RequestUser:
    found: RequestUser = cast("Any", request)._ory_mfa_user
    return found
