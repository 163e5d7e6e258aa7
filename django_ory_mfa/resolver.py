"""Answers a request's questions about its Ory session, each asked of Ory at most once."""

from __future__ import annotations

import asyncio
import logging
from functools import cached_property, partial
from typing import TYPE_CHECKING, cast

from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation
from django.utils.functional import SimpleLazyObject

from django_ory_mfa.calls import Steps, T, arun, run
from django_ory_mfa.client import get_client
from django_ory_mfa.clock import now
from django_ory_mfa.conf import conf
from django_ory_mfa.core.credentials import Credential
from django_ory_mfa.core.enrolment import read_enrolment
from django_ory_mfa.core.session import AAL, ANONYMOUS, OrySession, SessionState
from django_ory_mfa.core.whoami import UNAVAILABLE, read_whoami
from django_ory_mfa.credentials import credential_of
from django_ory_mfa.privacy import forget_outer_cache

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.answer import Answer
    from django_ory_mfa.core.decision import Decision
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
        self.passed_site_policy = False
        self.was_known_before_view = False
        self.last_verdict: Decision | None = None

    @cached_property
    def _lock(self) -> asyncio.Lock:
        """Lets tasks of one request that ask at the same time share one answer."""
        return asyncio.Lock()

    @cached_property
    def credential(self) -> Credential | None:
        """The one credential of the request that Ory is shown."""
        return credential_of(self._request)

    def session(self) -> OrySession:
        """The session, fetched by blocking code if need be; the work behind ``request.ory_session``."""
        try:
            return self._session()
        except (ImproperlyConfigured, SynchronousOnlyOperation) as error:
            self.misuse = error
            raise

    async def asession(self) -> OrySession:
        """The session, fetched without blocking the event loop; the work behind ``request.aory_session``."""
        async with self._lock:
            return await arun(self.session_steps()) if self.known_session is None else self.known_session

    def session_if_at_hand(self) -> OrySession:
        """The session for those who must not fail; an anonymous one where it cannot be had."""
        try:
            return self._session()
        except (ImproperlyConfigured, SynchronousOnlyOperation) as error:
            logger.warning("The Ory session is not shown in a template: %s", error)
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
        # From here on templates and async code find the plain value.
        cast("OryHttpRequest", self._request).ory_session = session
        return session

    def enrolled_steps(self) -> Steps[bool | None]:
        """Whether the person of an active session has a second factor; may fetch the session anew."""
        if not self._enrolment_is_known:
            self._enrolled = yield from self._find_enrolment()
            self._enrolment_is_known = True
        return self._enrolled

    def _fetch(self, *, fresh: bool) -> Steps[tuple[OrySession, bool]]:
        if self.credential is None:
            return ANONYMOUS, False
        answer = yield partial(get_client().whoami, self.credential, fresh=fresh)
        _log(answer, "whoami")
        session = read_whoami(answer, now=now(), flows=conf.flows)
        if session.state is SessionState.UNAVAILABLE:
            logger.warning("Ory gave no usable answer: %s", answer.failure or f"status {answer.status}")
        return session, not fresh and "ory-session-cache-for" in answer.headers

    def _find_enrolment(self) -> Steps[bool | None]:
        session, credential = (yield from self.session_steps()), self.credential
        if session.state is SessionState.STEP_UP_REQUIRED:
            return session.error_id == "session_aal2_required" or None
        if credential is None or not session:
            return None
        if session.aal >= AAL.AAL2:
            return True
        if session.aal == AAL.AAL1 and conf.whoami_required_aal == "highest_available":
            return False
        if conf.settings_required_aal == "aal1" or is_quiet(self._request):
            return None
        return (yield from _unbroken(self._probe(credential), None))

    def _probe(self, credential: Credential) -> Steps[bool | None]:
        answer = yield partial(get_client().settings_flow, credential)
        _log(answer, "the settings flow")
        if answer.status == 401:
            yield from self.refetch_steps()
        return read_enrolment(answer)


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
    if not isinstance(resolver, SessionResolver):
        raise ImproperlyConfigured(
            "The request has no Ory session: add 'django_ory_mfa.middleware.OrySessionMiddleware' to MIDDLEWARE, after "
            "Django's own session, CSRF and authentication middleware."
        )
    return resolver


def is_quiet(request: HttpRequest) -> bool:
    """Whether nobody clicked: opening a flow at Ory for HEAD or a prefetch can send a code by e-mail."""
    purpose = f"{request.headers.get('Sec-Purpose', '')};{request.headers.get('Purpose', '')}"
    return request.method == "HEAD" or "prefetch" in purpose.lower()


def _log(answer: Answer, asked: str) -> None:
    logger.debug("Ory answered %s to %s", answer.failure or answer.status, asked)


def _unbroken(steps: Steps[T], otherwise: T) -> Steps[T]:
    """What ``steps`` come to; ``otherwise`` if they break, which is logged and must neither open nor break a page."""
    try:
        return (yield from steps)
    except ImproperlyConfigured:
        raise
    except Exception:
        logger.exception("The Ory session could not be resolved.")
        return otherwise
