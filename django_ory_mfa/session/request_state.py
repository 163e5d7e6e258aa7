"""The record of one request: what is known about its session, and what the other modules share about it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.conf import conf, fingerprint_key
from django_ory_mfa.core.credentials import canonical, fingerprint
from django_ory_mfa.ory.lanes import Caller
from django_ory_mfa.ory.service import get_ory
from django_ory_mfa.request.credential import credential_of
from django_ory_mfa.request.visitor import Visitor, hashes_of_person
from django_ory_mfa.roundtrip.return_to import return_to_of
from django_ory_mfa.runtime.clock import monotonic
from django_ory_mfa.session.session_owner import SessionOwner

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from django_ory_mfa.core.credentials import Credential
    from django_ory_mfa.core.decision import Decision
    from django_ory_mfa.core.flows import Flows
    from django_ory_mfa.core.refusal import Refusal
    from django_ory_mfa.core.session import OrySession
    from django_ory_mfa.ory.service import Ory
    from django_ory_mfa.session.cookie_relay import RenewedCookie

NOT_READ = object()


@dataclass(slots=True, eq=False, repr=False)
class RequestState:
    """What is known about one request. Each field says who writes it and who reads it."""

    request: HttpRequest
    # The session once it is known, and whether a cache may have made it stale: resolver -> all rooms above.
    known_session: OrySession | None = None
    is_possibly_stale: bool = False
    # When the request arrived; set to now when earlier answers become invalid (monotonic seconds): resolver.
    arrived_at: float = field(default_factory=monotonic)
    # Whether the person has a second factor, and whether that was found out: resolver.
    enrolled: bool | None = None
    is_enrolment_known: bool = False
    # The methods of second factors that are set up, if Ory's settings flow was asked in this request: resolver.
    second_factors: list[str] | None = None
    # Whether that flow offers recovery codes to somebody who has none: resolver.
    lacks_recovery_codes: bool = False
    # The reason for an outage that began with this request and still has to be signalled: resolver.
    outage: str | None = None
    # A programming error that a template may have swallowed: resolver -> middleware, which raises it again.
    misuse: Exception | None = None
    # The calls to Ory and how many seconds each took: resolver -> middleware, for Server-Timing.
    timings: list[tuple[str, float]] = field(default_factory=list)
    # The session cookie that Ory renewed: resolver -> middleware, which relays it.
    renewed_cookie: RenewedCookie | None = None
    # The decision of the last guard: guarding -> middleware, which clears the hops of a page that was reached.
    last_decision: Decision | None = None
    # Whether the return from Ory has been handled: arrival. What the visitor may be told of it, "back" or "form":
    # arrival -> template tags.
    has_arrived: bool = False
    arrival: str = ""
    # What require_aal raised and the middleware has not seen yet: guarding -> denials.
    raised: Exception | None = None
    # The verdict of the site policy: site_guard. Whether the view has no page: missing_pages -> site_guard.
    site_verdict: Any = None
    view_has_no_page: bool = False
    # Whether the session was known before the view started: middleware.
    was_known_before_view: bool = False
    # The conditional headers as they came, if they name bound ETags: validators.
    validators: dict[str, str] | None = None
    # Whether Django's cache was stopped from storing the response: cache_control -> middleware, guarding.
    is_cache_blocked: bool = False
    # Why a permission of Django REST framework refuses, or its decision:
    # contrib.rest_framework.permissions -> authentication, answers.
    permission_result: Decision | Refusal | None = None
    # The response after our middleware: middleware -> resolver, for code that reads the session later.
    response: HttpResponseBase | None = None
    # A weak reference to the request whose view may have started this one: fragment_cache.
    outer_request: Any = None
    # Made at first use, by the properties below.
    _credential: Any = NOT_READ
    _fingerprint: str | None = None
    _flows: Flows | None = None
    _lock: asyncio.Lock | None = None
    _ory: Ory | None = None
    _owner: SessionOwner | None = None
    _return_to: str | None = None

    @property
    def ory(self) -> Ory:
        """The configured Ory, looked up once; raises ``ImproperlyConfigured`` if its URL is missing or invalid."""
        if self._ory is None:
            self._ory = get_ory()
        return self._ory

    @property
    def flows(self) -> Flows:
        """Ory's self-service URLs as browsers reach them."""
        if self._flows is None:
            self._flows = conf.flows
        return self._flows

    @property
    def return_to(self) -> str:
        """The absolute URL that Ory has to send the browser back to; raises ``DisallowedHost`` as Django does."""
        if self._return_to is None:
            self._return_to = return_to_of(self.request)
        return self._return_to

    @property
    def credential(self) -> Credential | None:
        """The one credential of the request that is sent to Ory; None if there is none."""
        if self._credential is NOT_READ:
            self._credential = credential_of(self.request)
        credential: Credential | None = self._credential
        return credential

    @property
    def fingerprint(self) -> str:
        """A keyed hash of the credential and the URL of Ory; only for a request that has a credential."""
        if self._fingerprint is None:
            self._fingerprint = self.fingerprint_of(cast("Credential", self.credential))
        return self._fingerprint

    def fingerprint_of(self, credential: Credential) -> str:
        """Return a keyed hash of ``credential`` and the URL of Ory."""
        return fingerprint(self.ory.url, credential.kind, canonical(credential.value), key=fingerprint_key())

    @property
    def caller(self) -> Caller:
        """For whom Ory is asked: whether Ory recognised the credential before, and the address of the client."""
        is_known = self.credential is not None and self.fingerprint in self.ory.known_credentials
        return Caller(is_known, self.request.META.get("REMOTE_ADDR", ""))

    @property
    def lock(self) -> asyncio.Lock:
        """The lock with which concurrent tasks of one request share one lookup of the session."""
        if self._lock is None:
            self._lock = asyncio.Lock()
        return self._lock

    @property
    def owner(self) -> SessionOwner:
        """Binds the Django session of the request to the person of its Ory session."""
        if self._owner is None:
            self._owner = SessionOwner(self.request)
        return self._owner

    @property
    def visitor(self) -> Visitor:
        """Keyed hashes of the person and of the credential, as far as they are known."""
        hashes = hashes_of_person(self.known_session) if self.known_session is not None else ()
        return Visitor(hashes[0] if hashes else "", self.fingerprint if self.credential is not None else "")


def state_of(request: HttpRequest) -> RequestState:
    """Return the state that the middleware attached; raises ``ImproperlyConfigured`` if there is none."""
    state = getattr(request, "_ory_mfa", None)
    if isinstance(state, RequestState):
        return state
    if hasattr(request, "ory_session"):
        # SECURITY: any code may have set it, so it is not trusted.
        raise ImproperlyConfigured(
            "request.ory_session was set by hand, which grants no access. To test a view alone, sign in with the "
            "fixture ory and call the view through the middleware: ory.login(rf); "
            "OrySessionMiddleware(view)(rf.get('/'))."
        )
    raise ImproperlyConfigured(
        "The request has no Ory session: add 'django_ory_mfa.middleware.OrySessionMiddleware' to MIDDLEWARE, after "
        "Django's own session, CSRF and authentication middleware."
    )
