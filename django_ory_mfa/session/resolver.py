"""Answers a request's questions about its Ory session, each asked of Ory at most once."""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation
from django.utils.functional import SimpleLazyObject, cached_property

from django_ory_mfa.conf import conf, fingerprint_key
from django_ory_mfa.core.credentials import fingerprint
from django_ory_mfa.core.errors import ErrorId
from django_ory_mfa.core.session import AAL, ANONYMOUS, OrySession, SessionState
from django_ory_mfa.core.settings_flow import read_enrolment
from django_ory_mfa.core.whoami import UNAVAILABLE, read_whoami, retry_after
from django_ory_mfa.ory.client import get_client
from django_ory_mfa.ory.health import health
from django_ory_mfa.ory.known_credentials import known_credentials
from django_ory_mfa.ory.lanes import Caller
from django_ory_mfa.ory.singleflight import Shared
from django_ory_mfa.request.client_kind import is_quiet
from django_ory_mfa.request.credential import credential_of
from django_ory_mfa.roundtrip.hops import Visitor, is_return
from django_ory_mfa.runtime import limited_log
from django_ory_mfa.runtime.clock import now
from django_ory_mfa.runtime.steps import Steps, T, arun, run, wait_for
from django_ory_mfa.session.cache import Entry
from django_ory_mfa.session.cache_control import forget_outer_cache, mark_private
from django_ory_mfa.session.cookie_relay import RenewedCookie, cookie_to_relay
from django_ory_mfa.session.django_session import SessionOwner, names_of_person
from django_ory_mfa.session.enrolment_memory import enrolment_memory
from django_ory_mfa.signals import Sending, ory_unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

    from django_ory_mfa.core.answer import Answer
    from django_ory_mfa.core.credentials import Credential
    from django_ory_mfa.core.decision import Decision
    from django_ory_mfa.guard.site_guard import Verdict
    from django_ory_mfa.http import OryHttpRequest

logger = logging.getLogger("django_ory_mfa")


class SessionResolver:
    """What is known so far about the Ory session of one request.

    ``misuse`` is an error of the site's developer that a template may have swallowed; the middleware raises it again.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._enrolled: bool | None = None
        self._enrolment_is_known = False
        self.known_session: OrySession | None = None
        self.is_possibly_stale = False
        self.misuse: Exception | None = None
        self.site_verdict: Verdict | None = None
        self.view_has_no_page = False
        self.was_known_before_view = False
        self.kept_from_cache = False
        self.response: HttpResponseBase | None = None
        self.last_verdict: Decision | None = None
        # What require_aal raised and the middleware has not seen yet.
        self.raised: Exception | None = None
        self.has_welcomed_back = False
        self.renewed_cookie: RenewedCookie | None = None
        # What Ory was asked, and the seconds that it took.
        self.timings: list[tuple[str, float]] = []
        self._arrived_at = time.monotonic()
        self._outage_to_tell: str | None = None

    @cached_property
    def _lock(self) -> asyncio.Lock:
        """Lets tasks of one request that ask at the same time share one answer."""
        return asyncio.Lock()

    @cached_property
    def credential(self) -> Credential | None:
        """The one credential of the request that Ory is shown."""
        return credential_of(self._request)

    @cached_property
    def owner(self) -> SessionOwner:
        """Keeps the Django session of the request to the person of the known session."""
        return SessionOwner(self._request)

    @cached_property
    def fingerprint(self) -> str:
        """A name for the credential that tells nobody what it is."""
        credential = cast("Credential", self.credential)
        return fingerprint(conf.sdk_url, credential.kind, credential.value, key=fingerprint_key())

    @property
    def visitor(self) -> Visitor:
        """Who sends the request, as far as that is known."""
        names = names_of_person(self.known_session) if self.known_session is not None else ()
        return Visitor(names[0] if names else "", self.fingerprint if self.credential is not None else "")

    def session(self) -> OrySession:
        """The session, fetched by blocking code if need be; the work behind ``request.ory_session``."""
        try:
            return self._session()
        except (ImproperlyConfigured, SynchronousOnlyOperation) as error:
            self.misuse = error
            raise

    async def asession(self) -> OrySession:
        """The session, fetched without blocking the event loop; the work behind ``request.aory_session``."""
        if self.known_session is None:
            async with self._lock:
                await arun(self.session_steps())
        return cast("OrySession", self.known_session)

    def session_if_at_hand(self) -> OrySession:
        """The session for those who must not fail; an anonymous one where it cannot be had."""
        try:
            return self._session()
        except (ImproperlyConfigured, SynchronousOnlyOperation) as error:
            limited_log.warning("The Ory session is not shown in a template: %s", error)
            return ANONYMOUS

    def _session(self) -> OrySession:
        return run(self.session_steps()) if self.known_session is None else self.known_session

    def session_steps(self, *, fresh: bool = False) -> Steps[OrySession]:
        """The session; with ``fresh`` one that no cache on the way may have aged."""
        if self.known_session is not None and not (fresh and self.is_possibly_stale):
            return self.known_session
        return (yield from self.refetch_steps(fresh=fresh))

    def refetch_steps(self, *, fresh: bool = True) -> Steps[OrySession]:
        """The session as Ory sees it now."""
        session, is_possibly_stale = yield from _unbroken(self._fetch(fresh=fresh), (UNAVAILABLE, False))
        # Both at once: another task of this request may look between two calls.
        self.known_session, self.is_possibly_stale = session, is_possibly_stale
        forget_outer_cache(self._request)
        if self.response is not None:
            # A middleware outside of ours reads the session, and may write it into the page.
            mark_private(self._request, self.response)
        # From here on templates and async code find the plain value.
        cast("OryHttpRequest", self._request).ory_session = session
        yield from self.owner.claim_steps(session)
        reason, self._outage_to_tell = self._outage_to_tell, None
        if reason is not None:
            # Only now, so that a receiver can ask for the session.
            yield Sending(ory_unavailable, request=self._request, session=session, reason=reason)
        return session

    def owner_steps(self) -> Steps[None]:
        """Look after a Django session that the request got after its person was known."""
        if self.known_session is not None and not self.owner.is_complete:
            yield from self.owner.claim_steps(self.known_session)

    def enrolled_steps(self, *, fresh: bool = False) -> Steps[bool | None]:
        """Whether the person of an active session has a second factor; may fetch the session anew.

        ``fresh`` asks Ory whatever is remembered.
        """
        if not self._enrolment_is_known:
            self._enrolled = yield from self._find_enrolment(fresh=fresh)
            self._enrolment_is_known = True
        return self._enrolled

    def _fetch(self, *, fresh: bool) -> Steps[tuple[OrySession, bool]]:
        credential = self.credential
        if credential is None:
            return ANONYMOUS, False
        entry = Entry(self.fingerprint) if conf.cache_ttl else None
        fresh = fresh or (entry is not None and is_return(self._request))
        if entry is not None and not fresh:
            kept = yield from entry.read()
            if kept is not None:
                known_credentials().note(self.fingerprint)
                return kept, True
        client, caller = get_client(), self._caller
        what, successes = "fresh whoami" if fresh else "whoami", client.successes
        whoami = partial(client.whoami, credential, fresh=fresh, is_known=caller.is_known)
        call = self._shared(what, whoami, caller, since=self._arrived_at if fresh else 0, is_landed_by_caller=True)
        try:
            answer, departed_at = yield from self._ask(what, call)
            has_answered = client.successes != successes
            session = yield from self._read(answer, departed_at, is_known=caller.is_known, has_answered=has_answered)
            is_shared = departed_at < self._arrived_at
            # A failure is not asked about again: those who share one would wait twice, and call an ill Ory as often.
            is_usable = session.state is not SessionState.UNAVAILABLE
            renewed = cookie_to_relay(self._request, credential, answer) if session else None
            self.renewed_cookie = None if is_shared else renewed
            if entry is not None and session and renewed is None:
                yield from entry.keep(session, answer, age=time.monotonic() - departed_at)
            elif entry is not None and fresh and is_usable:
                yield from entry.drop()
        finally:
            call.land()
        return session, is_usable and (is_shared or (not fresh and "ory-session-cache-for" in answer.headers))

    @property
    def _caller(self) -> Caller:
        return Caller(self.fingerprint in known_credentials(), self._request.META.get("REMOTE_ADDR", ""))

    def _shared(self, what: str, call: Callable[[], Answer], caller: Caller, **options: Any) -> Shared:
        return Shared((what, self.fingerprint), call, arrived_at=self._arrived_at, caller=caller, **options)

    def _ask(self, what: str, call: Shared) -> Steps[tuple[Answer, float]]:
        started = time.perf_counter()
        answer, departed_at = yield from wait_for(call)
        self.timings.append((what, time.perf_counter() - started))
        logger.debug("Ory answered %s to %s", answer.failure or answer.status, what)
        if answer.status == 429 and enrolment_memory().pause(retry_after(answer)):
            limited_log.warning("Ory asks for fewer calls.")
        return answer, departed_at

    def _read(self, answer: Answer, departed_at: float, *, is_known: bool, has_answered: bool) -> Steps[OrySession]:
        session = read_whoami(answer, now=now(), flows=conf.flows)
        if answer.status == 401 and not (yield from health().readiness(departed_at)):
            session = UNAVAILABLE
        self._outage_to_tell = yield from health().note(
            session, answer, departed_at, is_known=is_known, has_answered=has_answered
        )
        if session.is_signed_in:
            known_credentials().note(self.fingerprint)
        elif session.state is SessionState.ANONYMOUS:
            known_credentials().forget(self.fingerprint)
        memory = enrolment_memory()
        if memory and session.aal >= AAL.AAL2:
            memory.forget(_fingerprint_of_person(session))
        return session

    def _find_enrolment(self, *, fresh: bool) -> Steps[bool | None]:
        session, credential = (yield from self.session_steps()), self.credential
        if session.state is SessionState.STEP_UP_REQUIRED:
            return session.error_id == ErrorId.STEP_UP or None
        if credential is None or not session:
            return None
        if session.aal >= AAL.AAL2:
            return True
        if session.aal == AAL.AAL1 and conf.whoami_required_aal == "highest_available":
            return False
        if conf.settings_required_aal == "aal1":
            return None
        memory, name = enrolment_memory(), _fingerprint_of_person(session)
        enrolled, is_known = memory.recall(name)
        if is_known and not fresh:
            return enrolled
        if is_quiet(self._request) or memory.is_paused:
            return None
        return (yield from _unbroken(self._probe(credential, name), None))

    def _probe(self, credential: Credential, name: str) -> Steps[bool | None]:
        what = "the settings flow"
        flow = partial(get_client().settings_flow, credential)
        answer, _ = yield from self._ask(what, self._shared(what, flow, self._caller))
        if answer.status == 401:
            # What was answered before tells nothing any more.
            self._arrived_at = time.monotonic()
            yield from self.refetch_steps()
            return None
        enrolled = read_enrolment(answer)
        enrolment_memory().note(name, enrolled=enrolled)
        return enrolled


class LazySession(SimpleLazyObject):  # type: ignore[type-arg]  # generic in django-stubs only
    """``request.ory_session`` before anybody asked."""

    def __init__(self, resolver: SessionResolver) -> None:
        super().__init__(resolver.session)
        self.__dict__["_resolver"] = resolver


def plain(session: object) -> OrySession:
    """The value behind ``request.ory_session`` for those who must not fail; an anonymous one if it is no session."""
    if type(session) is LazySession:
        resolver: SessionResolver = session.__dict__["_resolver"]
        return resolver.session_if_at_hand()
    return session if type(session) is OrySession else ANONYMOUS


def attach(request: HttpRequest) -> SessionResolver:
    """Gives ``request`` its two attributes; no I/O, nothing is parsed."""
    resolver = SessionResolver(request)
    equipped = cast("OryHttpRequest", request)
    equipped._ory_mfa = resolver
    equipped.ory_session = cast("OrySession", LazySession(resolver))
    equipped.aory_session = resolver.asession
    return resolver


def resolver_of(request: HttpRequest) -> SessionResolver:
    """The resolver that the middleware attached; raises ``ImproperlyConfigured`` on a site without it."""
    resolver = getattr(request, "_ory_mfa", None)
    if isinstance(resolver, SessionResolver):
        return resolver
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


def _fingerprint_of_person(session: OrySession) -> str:
    if session.identity is None:
        return ""
    return fingerprint(conf.sdk_url, "identity", session.identity.id, key=fingerprint_key())


def _unbroken(steps: Steps[T], otherwise: T) -> Steps[T]:
    """What ``steps`` come to; ``otherwise`` if they break, which is logged and must neither open nor break a page."""
    try:
        return (yield from steps)
    except ImproperlyConfigured:
        raise
    except Exception as error:
        limited_log.exception("The Ory session could not be resolved.", error)
        return otherwise
