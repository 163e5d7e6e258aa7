"""Check that the user of an API request is the person of its Ory session, which a guard has accepted."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.utils.functional import SimpleLazyObject

from django_ory_mfa.core.refusal import Refusal, forbidden
from django_ory_mfa.runtime.steps import Steps, wait_for

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from django.http import HttpRequest

NO_USER = "You have no account here, or it is disabled."
OTHER_SIGN_IN = "The sign-in of this request is not that of the Ory session."


class MappedUser:
    """A call that looks up the user to whom ``contrib.auth`` maps the Ory session."""

    def __init__(self, found: Any) -> None:
        self._found = found

    def run(self) -> Any:
        """Return the user, by blocking code."""
        return self._found.user()

    def arun(self) -> Awaitable[Any]:
        """Return an awaitable of the user."""
        awaitable: Awaitable[Any] = self._found.auser()
        return awaitable


def is_somebody(user: Any) -> bool:
    """Whether ``user`` is signed in."""
    return bool(getattr(user, "is_authenticated", False))


def other_person_steps(request: HttpRequest, user: Any) -> Steps[Refusal | None]:
    """Return the refusal of a request whose ``user`` is not the person of its active Ory session; None if it is.

    ``user`` may come from any sign-in. An anonymous one is refused only if ``contrib.auth`` is used and has no active
    user for the person.
    """
    refusal = yield from no_user_steps(request)
    if refusal is not None or not is_somebody(user):
        return refusal
    found = mapped_user(request)
    if found is not None and user == (yield from wait_for(MappedUser(found))):
        return None
    # SECURITY: the second factor of one person must not open the account of another.
    return forbidden(OTHER_SIGN_IN, reason="other_sign_in")


def no_user_steps(request: HttpRequest) -> Steps[Refusal | None]:
    """Return the refusal of a person for whom ``contrib.auth`` has no active user; None without ``contrib.auth``."""
    found = mapped_user(request)
    if found is None:
        return None
    try:
        user = yield from wait_for(MappedUser(found))
    except PermissionDenied as error:
        return forbidden(NO_USER, reason=getattr(error, "reason", "no_user"))
    return None if is_somebody(user) else forbidden(NO_USER, reason="no_user")


def mapped_user(request: HttpRequest) -> Any:
    """Return what ``OryUserMiddleware`` attached to ``request``; None on a site without it."""
    return vars(request).get("_ory_mfa_user")


def forget_other_sign_in(request: Any) -> None:
    """Make ``request.user`` the user to whom ``contrib.auth`` maps the Ory session, on a site without it anonymous."""
    if "user" not in vars(request):
        return
    # SECURITY: the second factor of one person must not open the account of another, whom Django's own sign-in or a
    # middleware put there.
    found = mapped_user(request)
    if found is not None:
        request.user, request.auser = SimpleLazyObject(found.user), found.auser
        return
    # Imported here, because a site may have no Django users.
    anonymous = import_module("django.contrib.auth.models").AnonymousUser()

    async def auser() -> Any:
        return anonymous

    request.user, request.auser = anonymous, auser
