"""The request as views behind ``OrySessionMiddleware`` get it, for annotations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_ory_mfa.core.session import OrySession


class OryHttpRequest(HttpRequest):
    """Any ``HttpRequest`` with the attributes that the middleware attached; no request is made of this class."""

    ory_session: OrySession
    aory_session: Callable[[], Awaitable[OrySession]]
    _ory_mfa: object
