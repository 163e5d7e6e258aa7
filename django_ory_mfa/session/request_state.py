"""One record for one request: what is known of its session so far, and what the rooms tell each other about it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.conf import fingerprint_key
from django_ory_mfa.core.credentials import fingerprint
from django_ory_mfa.ory.service import get_ory
from django_ory_mfa.request.credential import credential_of
from django_ory_mfa.roundtrip.hops import Visitor
from django_ory_mfa.runtime.clock import monotonic
from django_ory_mfa.session.django_session import SessionOwner, names_of_person

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from django_ory_mfa.core.credentials import Credential
    from django_ory_mfa.core.decision import Decision
    from django_ory_mfa.core.session import OrySession
    from django_ory_mfa.ory.service import Ory
    from django_ory_mfa.session.cookie_relay import RenewedCookie

NOT_READ = object()


class RequestState:
    """What is known about one request. Each field says who writes it and who reads it."""

    __slots__ = (
        "_credential",
        "_fingerprint",
        "_lock",
        "_ory",
        "_owner",
        "arrived_at",
        "enrolled",
        "has_arrived",
        "is_enrolment_known",
        "is_possibly_stale",
        "kept",
        "kept_from_cache",
        "known_session",
        "last_decision",
        "misuse",
        "outage",
        "raised",
        "renewed_cookie",
        "request",
        "response",
        "site_verdict",
        "timings",
        "view_has_no_page",
        "was_known_before_view",
    )

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        # The session, once it is known, and whether a cache may have aged it: resolver -> everybody.
        self.known_session: OrySession | None = None
        self.is_possibly_stale = False
        # When the request came, or when what was answered before stopped to count (monotonic seconds): resolver.
        self.arrived_at = monotonic()
        # Whether the person has a second factor, and whether that was found out: resolver.
        self.enrolled: bool | None = None
        self.is_enrolment_known = False
        # The reason of an outage that began with this request and has to be signalled: resolver.
        self.outage: str | None = None
        # An error of the site's developer that a template may have swallowed: resolver -> middleware, raises it again.
        self.misuse: Exception | None = None
        # What Ory was asked, and the seconds that it took: resolver -> middleware, for Server-Timing.
        self.timings: list[tuple[str, float]] = []
        # The session cookie that Ory issued again: resolver -> middleware, relays it.
        self.renewed_cookie: RenewedCookie | None = None
        # The decision of the last guard: guarding -> middleware, clears the hops of a page that was reached.
        self.last_decision: Decision | None = None
        # Whether a return from Ory was noticed: arrival.
        self.has_arrived = False
        # What require_aal raised and the middleware has not seen yet: guarding -> denials.
        self.raised: Exception | None = None
        # What the policy of the site came to, and whether the view turned out to have no page: site_guard.
        self.site_verdict: Any = None
        self.view_has_no_page = False
        # Whether the session was known when the view began: middleware.
        self.was_known_before_view = False
        # Whether a page cache was kept from storing the response: cache_control -> middleware, guarding.
        self.kept_from_cache = False
        # What a permission of Django REST framework came to, a decision or the reason of a failed CSRF check:
        # contrib.rest_framework, for its answer to the exception that follows.
        self.kept: Decision | str | None = None
        # The response that our middleware has seen: middleware -> resolver, for those who read the session after it.
        self.response: HttpResponseBase | None = None
        self._credential: Any = NOT_READ
        self._fingerprint: str | None = None
        self._lock: asyncio.Lock | None = None
        self._ory: Ory | None = None
        self._owner: SessionOwner | None = None

    @property
    def ory(self) -> Ory:
        """The Ory of the settings, looked up once; raises ``ImproperlyConfigured`` without a sound URL."""
        if self._ory is None:
            self._ory = get_ory()
        return self._ory

    @property
    def credential(self) -> Credential | None:
        """The one credential of the request that Ory is sent."""
        if self._credential is NOT_READ:
            self._credential = credential_of(self.request)
        return cast("Credential | None", self._credential)

    @property
    def fingerprint(self) -> str:
        """A keyed hash of the credential and the Ory that it is for; the request has a credential."""
        if self._fingerprint is None:
            credential = cast("Credential", self.credential)
            key = fingerprint_key()
            self._fingerprint = fingerprint(self.ory.url, credential.kind, credential.value, key=key)
        return self._fingerprint

    @property
    def lock(self) -> asyncio.Lock:
        """Lets tasks of one request that ask at the same time share one answer."""
        if self._lock is None:
            self._lock = asyncio.Lock()
        return self._lock

    @property
    def owner(self) -> SessionOwner:
        """Keeps the Django session of the request to the person of the known session."""
        if self._owner is None:
            self._owner = SessionOwner(self.request)
        return self._owner

    @property
    def visitor(self) -> Visitor:
        """Who sends the request, as far as that is known."""
        names = names_of_person(self.known_session) if self.known_session is not None else ()
        return Visitor(names[0] if names else "", self.fingerprint if self.credential is not None else "")


def state_of(request: HttpRequest) -> RequestState:
    """Return the state that the middleware attached; raises ``ImproperlyConfigured`` on a site without it."""
    state = getattr(request, "_ory_mfa", None)
    if isinstance(state, RequestState):
        return state
    if hasattr(request, "ory_session"):
        # SECURITY: anything may have set it.
        raise ImproperlyConfigured(
            "request.ory_session was set by hand, which opens nothing. To test a view alone, sign in with the fixture "
            "ory and let the request pass the middleware: ory.login(rf); OrySessionMiddleware(view)(rf.get('/'))."
        )
    raise ImproperlyConfigured(
        "The request has no Ory session: add 'django_ory_mfa.middleware.OrySessionMiddleware' to MIDDLEWARE, after "
        "Django's own session, CSRF and authentication middleware."
    )
