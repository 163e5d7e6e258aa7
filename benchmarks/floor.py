"""The least code that does the job, and no product: one lazy attribute; one HMAC, one look into the cache, one value.

It knows one name of the cookie and one level, believes whatever Ory says, and refuses with a bare 403.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

import requests
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

COOKIE = "ory_kratos_session="
KEY = b"for benchmarks only"
LIFETIME = 300  # seconds


@dataclass(frozen=True, slots=True)
class FloorSession:
    """What decides, and the body for whoever wants more."""

    aal: str
    expires_at: float
    body: bytes

    def traits(self) -> object:
        """The traits of the identity."""
        return json.loads(self.body)["identity"]["traits"]


class FloorMiddleware:
    """Attaches the session, which is read when somebody asks."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """The response, or the promise of it."""
        request.floor_session = SimpleLazyObject(partial(session_of, request))  # type: ignore[attr-defined]  # ours
        return self.get_response(request)


def floor_required(view: Any) -> Any:
    """Lets a view run at aal2."""
    if iscoroutinefunction(view):

        @wraps(view)
        async def aguarded(request: Any) -> Any:
            # A cache in local memory does not block.
            return await view(request) if is_allowed(request.floor_session) else HttpResponse(status=403)

        return aguarded

    @wraps(view)
    def guarded(request: Any) -> Any:
        return view(request) if is_allowed(request.floor_session) else HttpResponse(status=403)

    return guarded


def is_allowed(session: FloorSession) -> bool:
    """Whether the session is aal2 and has not ended."""
    return session.aal == "aal2" and session.expires_at > time.time()


def session_of(request: HttpRequest) -> FloorSession:
    """The session from the cache, else from Ory."""
    header = request.META.get("HTTP_COOKIE", "")
    value = header[header.index(COOKIE) + len(COOKIE) :].partition(";")[0]
    cached = cache.get(_key(value)) or remember(value, _fetch(value))
    return FloorSession(*cached)


def remember(value: str, body: bytes) -> tuple[str, float, bytes]:
    """Puts into the cache what Ory answered to a cookie."""
    cached = json.loads(body)["authenticator_assurance_level"], time.time() + LIFETIME, body
    cache.set(_key(value), cached, LIFETIME)
    return cached


def _key(value: str) -> str:
    return "floor:" + hmac.digest(KEY, value.encode(), hashlib.sha256).hex()


def _fetch(value: str) -> bytes:
    url = f"{settings.ORY_MFA_SDK_URL}/sessions/whoami"
    return requests.get(url, headers={"Cookie": COOKIE + value}, timeout=3).content
