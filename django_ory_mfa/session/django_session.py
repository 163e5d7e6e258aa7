"""Load a Django session, or end it together with the user that was read from it."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth import SESSION_KEY, alogout, logout
from django.core.exceptions import PermissionDenied
from django.middleware.csrf import rotate_token
from django.utils.functional import empty
from django.utils.module_loading import import_string

from django_ory_mfa.conf import django_cookies, is_csrf_secret_in_session

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest


class Reading:
    """A call that loads a Django session."""

    def __init__(self, session: SessionBase) -> None:
        self._session: Any = session

    def run(self) -> object:
        """Load it in blocking code."""
        return self._session.keys()

    def arun(self) -> Awaitable[object]:
        """Load it in an event loop."""
        keys: Awaitable[object] = self._session.akeys()
        return keys


class Ending:
    """A call that ends the Django session of a request because it belongs to another person."""

    def __init__(self, request: HttpRequest) -> None:
        self._request: Any = request

    def run(self) -> None:
        """End it in blocking code."""
        has_read_user = _has_read_user(self._request)
        try:
            if has_read_user:
                logout(self._request)
        finally:
            # SECURITY: the session is emptied even if a receiver of Django's user_logged_out signal fails.
            self._request.session.flush()
            _forget_user(self._request, is_known=has_read_user)

    async def arun(self) -> None:
        """End it in an event loop."""
        has_read_user = _has_read_user(self._request)
        try:
            if has_read_user:
                await alogout(self._request)
        finally:
            await self._request.session.aflush()
            _forget_user(self._request, is_known=has_read_user)


def leave_django(request: HttpRequest) -> None:
    """Sign the visitor of ``request`` out of Django and delete the Django session, if there is one."""
    end_earlier_forms(request)
    if not hasattr(request, "session"):
        return
    if apps.is_installed("django.contrib.auth") and SESSION_KEY in request.session:
        # logout() resets request.user too, which may have been read already. Reading it raises PermissionDenied for an
        # identity that can have no user, who may sign out all the same.
        with suppress(PermissionDenied):
            logout(request)
    request.session.flush()


def end_earlier_forms(request: HttpRequest) -> None:
    """Make the forms of earlier pages fail in this browser, as Django's sign-in does: renew the cookie of their secret.

    A secret in the Django session ends with that.
    """
    if not is_csrf_secret_in_session():
        rotate_token(request)
        # Django's decorators read it again.
        request.COOKIES[django_cookies()[1]] = request.META["CSRF_COOKIE"]


def _has_read_user(request: Any) -> bool:
    """Whether ``request.user`` was read, and so loaded from the Django session."""
    if not apps.is_installed("django.contrib.auth"):
        return False
    user = getattr(request, "user", None)
    is_read = user is not None and getattr(user, "_wrapped", user) is not empty
    return is_read or "_acached_user" in vars(request)


def _forget_user(request: Any, *, is_known: bool) -> None:
    # Django's middleware keeps the user in these attributes, and logout() does not clear them.
    for name in ("_cached_user", "_acached_user"):
        vars(request).pop(name, None)
    if is_known:
        request.user = import_string("django.contrib.auth.models.AnonymousUser")()
