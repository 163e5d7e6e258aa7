"""``request.user`` and ``request.auser`` of one request: looked up once, at first use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from functools import cached_property
from types import FrameType
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import SynchronousOnlyOperation
from django.utils.asyncio import async_unsafe

from django_ory_mfa.contrib.auth.admission import is_admitted
from django_ory_mfa.contrib.auth.errors import UserConflict
from django_ory_mfa.contrib.auth.mapping import refuse
from django_ory_mfa.runtime import limited_log
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.resolver import asession_of, session_of

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest, HttpResponseBase

    from django_ory_mfa.core.session import Identity, OrySession

    User = AbstractBaseUser | AnonymousUser
    Find = Callable[[HttpRequest, OrySession], User | None]
    Fallback = Callable[[HttpRequest], User]

BACKEND = "django_ory_mfa.contrib.auth.backends.OryBackend"
# The modules where Django catches the errors of the code that it calls.
TEMPLATES = "django.template"
HANDLER = "django.core.handlers.exception"
# The look-up that called the code which runs now: code of the site, such as a receiver of a signal.
_under_way: ContextVar[RequestUser | None] = ContextVar("ory_mfa_user_under_way", default=None)


class RequestUser:
    """The Django user of ``request``.

    ``find`` returns that of an active Ory session, ``fallback`` that of a request without one (None: anonymous).
    """

    def __init__(self, request: HttpRequest, find: Find, fallback: Fallback | None = None) -> None:
        self._request = request
        self._find = find
        self._fallback = fallback
        self._found: User | None = None
        self._raised: Exception | None = None
        self._untold: UserConflict | None = None

    @cached_property
    def _lock(self) -> asyncio.Lock:
        """Lets concurrent tasks of one request share one look-up."""
        return asyncio.Lock()

    def user(self) -> User:
        """Return the user, looked up by blocking code if it is not known yet; used by ``request.user``."""
        try:
            return self._user() if self._found is None else self._found
        except Exception as error:
            self._note(error)
            raise

    async def auser(self) -> User:
        """Return the user, looked up without blocking the event loop; used by ``request.auser``."""
        async with self._lock:
            try:
                return await self._auser() if self._found is None else self._found
            except Exception as error:
                self._note(error)
                raise

    async def _auser(self) -> User:
        session = await asession_of(state_of(self._request))
        if session.identity is None and self._fallback is None:
            return self._look_up(session)
        # One thread for all of it: the database, and whatever a site has added.
        return await sync_to_async(self._look_up)(session)

    def is_user(self, key: str) -> bool:
        """Whether the user has the primary key ``key``, as Django's sessions spell it; False if that is unknown."""
        if _under_way.get() is self:
            return False
        try:
            return _has_key(self._user() if self._found is None else self._found, key)
        except SynchronousOnlyOperation:
            return False
        except UserConflict as error:
            self._keep(error)
            return False

    async def ais_user(self, key: str) -> bool:
        """``is_user`` without blocking the event loop."""
        if _under_way.get() is self:
            return False
        async with self._lock:
            try:
                return _has_key(await self._auser() if self._found is None else self._found, key)
            except UserConflict as error:
                self._keep(error)
                return False

    def _keep(self, error: UserConflict) -> None:
        """Let the next use of the user raise ``error``; code that only loads the Django session does not get it."""
        self._found, self._untold = None, error

    def _note(self, error: Exception) -> None:
        # An error that a template swallowed is kept; later ones may still be handled.
        if not _was_caught_in(self._raised, TEMPLATES):
            self._raised = error

    @async_unsafe("The user cannot be looked up by blocking code inside an event loop: `await request.auser()` first.")
    def _user(self) -> User:
        return self._look_up(session_of(state_of(self._request)))

    def _look_up(self, session: OrySession) -> User:
        if session.identity is None:
            self._found = AnonymousUser() if self._fallback is None else self._fallback(self._request)
            return self._found
        before = _under_way.set(self)
        try:
            user = self._find_once(session, session.identity)
            self._found = AnonymousUser() if user is None else self._admitted(user, session.identity)
        except UserConflict:
            # The page that explains the conflict may show an anonymous user.
            self._found = AnonymousUser()
            raise
        finally:
            _under_way.reset(before)
        return self._found

    def _find_once(self, session: OrySession, identity: Identity) -> User | None:
        untold, self._untold = self._untold, None
        if untold is not None:
            raise untold.with_traceback(None)
        try:
            return self._find(self._request, session)
        except UserConflict as error:
            _refuse_for_conflict(self._request, identity, error)
            raise

    def _admitted(self, user: User, identity: Identity) -> User:
        if user.is_anonymous:
            return user
        if not is_admitted(user):
            refuse(self._request, identity, "inactive")
            return AnonymousUser()
        user.backend = BACKEND
        return user

    def unanswered(self, response: HttpResponseBase) -> Exception | None:
        """Return what ``request.user`` raised, if ``response`` was not made from it; else None.

        ``{% if not … %}`` treats an error as false and shows the branch for anonymous visitors, and Django's handler
        turns a conflict into a bare 403.
        """
        if _was_caught_in(self._raised, TEMPLATES) and not _is_refusal(response):
            return self._raised
        is_bare = isinstance(self._raised, UserConflict) and _was_caught_in(self._raised, HANDLER)
        return self._raised if is_bare else None


def _has_key(user: User, key: str) -> bool:
    return not user.is_anonymous and str(user._meta.pk.value_to_string(user)) == key


def _refuse_for_conflict(request: HttpRequest, identity: Identity, error: UserConflict) -> None:
    # SECURITY: the id says who it is to those who may ask Ory; nothing of the person is logged.
    message = "Identity %s is signed in and gets no Django user: %s"
    limited_log.warning(message, identity.id, error.reason, kind=error.reason)
    refuse(request, identity, error.reason)


def _is_refusal(response: HttpResponseBase) -> bool:
    return response.status_code in (401, 403) or response.status_code >= 500


def _was_caught_in(error: Exception | None, package: str) -> bool:
    """Whether ``error`` was caught by code of ``package``: its traceback begins where it was caught."""
    traceback = None if error is None else error.__traceback__
    while traceback is not None and _module_of(traceback.tb_frame).startswith("asgiref."):
        # Its threads raise once more what is being handled, so that what runs in them knows of it.
        traceback = traceback.tb_next
    return traceback is not None and f"{_module_of(traceback.tb_frame)}.".startswith(f"{package}.")


def _module_of(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
