"""The request as views behind ``OrySessionMiddleware`` get it, for annotations; no object is made of these classes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from django.http import HttpRequest

from django_ory_mfa.core.session import Identity, OrySession


class ActiveSession(OrySession):
    """Any ``OrySession`` in the state ACTIVE: it has an id and an identity."""

    id: str
    identity: Identity


class OryHttpRequest(HttpRequest):
    """Any ``HttpRequest`` with the attributes that the middleware attached; the session may be nobody's."""

    ory_session: OrySession
    aory_session: Callable[[], Awaitable[OrySession]]
    _ory_mfa: object


class GuardedHttpRequest(OryHttpRequest):
    """The request of a view that a guard lets run: ``identity`` of its session is never None.

    A guard whose ``requirement`` is a callable that returns None lets everybody in; its view takes ``OryHttpRequest``.
    """

    ory_session: ActiveSession
    aory_session: Callable[[], Awaitable[ActiveSession]]
