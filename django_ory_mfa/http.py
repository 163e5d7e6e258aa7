"""Type annotations for requests behind ``OrySessionMiddleware``; these classes are never instantiated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from django.http import HttpRequest

from django_ory_mfa.core.session import Identity, OrySession


class ActiveSession(OrySession):
    """An ``OrySession`` in the state ACTIVE: it has an id and an identity."""

    id: str
    identity: Identity


class OryHttpRequest(HttpRequest):
    """An ``HttpRequest`` with the attributes that the middleware attached; the session may be anonymous."""

    ory_session: OrySession
    aory_session: Callable[[], Awaitable[OrySession]]
    _ory_mfa: object


class GuardedHttpRequest(OryHttpRequest):
    """The request of a guarded view: ``identity`` of its session is never None.

    If the ``requirement`` of the guard is a callable that may return None, annotate with ``OryHttpRequest`` instead.
    """

    ory_session: ActiveSession
    aory_session: Callable[[], Awaitable[ActiveSession]]
