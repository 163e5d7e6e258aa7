"""Resolve the Ory session of a request, and whether its person has a second factor; both are then remembered."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation
from django.utils.functional import SimpleLazyObject, empty

from django_ory_mfa.conf import conf, fingerprint_key
from django_ory_mfa.core.credentials import fingerprint
from django_ory_mfa.core.errors import ErrorId
from django_ory_mfa.core.session import AAL, ANONYMOUS, Identity, OrySession, SessionState
from django_ory_mfa.core.settings_flow import lacks_recovery_codes, read_enrolment, read_second_factors
from django_ory_mfa.core.whoami import UNAVAILABLE, read_whoami, retry_after
from django_ory_mfa.ory.blocking_calls import blocking_calls
from django_ory_mfa.ory.lanes import network_of
from django_ory_mfa.ory.singleflight import SharedCall
from django_ory_mfa.request.method import is_head_or_prefetch
from django_ory_mfa.roundtrip.hops import is_return
from django_ory_mfa.runtime import limited_log
from django_ory_mfa.runtime.clock import monotonic, now
from django_ory_mfa.runtime.steps import Steps, T, arun, run, wait_for
from django_ory_mfa.session.cache import Entry
from django_ory_mfa.session.cache_control import mark_private
from django_ory_mfa.session.cookie_relay import cookie_to_relay
from django_ory_mfa.session.request_state import RequestState
from django_ory_mfa.session.validators import bind
from django_ory_mfa.signals import Sending, ory_unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from django_ory_mfa.core.answer import Answer
    from django_ory_mfa.core.credentials import Credential
    from django_ory_mfa.http import OryHttpRequest
    from django_ory_mfa.ory.lanes import Caller

logger = logging.getLogger("django_ory_mfa")


def attach(request: HttpRequest) -> RequestState:
    """Attach the state and the two session attributes to ``request``; does no I/O and parses nothing."""
    state = RequestState(request)
    equipped = cast("OryHttpRequest", request)
    equipped._ory_mfa = state
    equipped.ory_session = cast("OrySession", LazySession(state))
    equipped.aory_session = AsyncSession(asession_of, state)
    return state


def session_of(state: RequestState) -> OrySession:
    """Return the session, fetched with blocking code if it is not known yet; used by ``request.ory_session``."""
    try:
        return _session(state)
    except (ImproperlyConfigured, SynchronousOnlyOperation) as error:
        state.misuse = error
        raise


async def asession_of(state: RequestState) -> OrySession:
    """Return the session, fetched without blocking the event loop; used by ``request.aory_session``."""
    if state.known_session is None:
        async with state.lock:
            await arun(session_steps(state))
    return cast("OrySession", state.known_session)


class AsyncSession(partial):  # type: ignore[type-arg]  # the type is that of the attribute
    """``request.aory_session``, which is false where somebody forgets to call and await it."""

    # Django's templates, which would call it and take the coroutine for true, show "" instead.
    alters_data = True

    def __bool__(self) -> bool:
        return False


class LazySession(SimpleLazyObject):  # type: ignore[type-arg]  # generic in django-stubs only
    """``request.ory_session`` until the session is known."""

    def __init__(self, state: RequestState) -> None:
        # What Django's class does, in a third of the time: every request makes one.
        set_directly = object.__setattr__
        set_directly(self, "_wrapped", empty)
        set_directly(self, "_setupfunc", partial(session_of, state))
        set_directly(self, "_state", state)


def plain(session: object) -> OrySession:
    """Return the plain value of ``request.ory_session`` without raising; ANONYMOUS if there is none."""
    if type(session) is not LazySession:
        return session if type(session) is OrySession else ANONYMOUS
    state: RequestState = session.__dict__["_state"]
    try:
        return _session(state)
    except (ImproperlyConfigured, SynchronousOnlyOperation) as error:
        limited_log.warning("A template got an anonymous session instead of the Ory session: %s", error)
        return ANONYMOUS


def session_steps(state: RequestState, *, fresh: bool = False) -> Steps[OrySession]:
    """Return the session; with ``fresh``, one that no cache may have made stale."""
    if state.known_session is not None and not (fresh and state.is_possibly_stale):
        return state.known_session
    return (yield from refetch_steps(state, fresh=fresh))


def refetch_steps(state: RequestState, *, fresh: bool = True) -> Steps[OrySession]:
    """Resolve the session again and return it; ``fresh`` bypasses every cache."""
    session, is_possibly_stale = yield from _or_default(_fetch(state, fresh=fresh), (UNAVAILABLE, False))
    # Set together: another task of this request may run between two calls.
    state.known_session, state.is_possibly_stale = session, is_possibly_stale
    if state.response is not None:
        # A middleware outside ours is reading the session, and may put it into the page.
        mark_private(state.request, state.response)
        bind(state, state.response)
    # From now on templates and async code get the plain value.
    cast("OryHttpRequest", state.request).ory_session = session
    yield from state.owner.claim_steps(session)
    reason, state.outage = state.outage, None
    if reason is not None:
        # Sent last, so that a receiver can read the session.
        yield Sending(ory_unavailable, request=state.request, session=session, reason=reason)
    return session


def owner_steps(state: RequestState) -> Steps[None]:
    """Claim a Django session that was attached to the request after the person became known."""
    if state.known_session is not None and not state.owner.is_current:
        yield from state.owner.claim_steps(state.known_session)


def enrolled_steps(state: RequestState, *, fresh: bool = False) -> Steps[bool | None]:
    """Return whether the person of an active session has a second factor; None if that is unknown.

    It may resolve the session again. ``fresh`` ignores what this process remembers from earlier requests.
    """
    if not state.is_enrolment_known:
        state.enrolled = yield from _find_enrolment(state, fresh=fresh)
        state.is_enrolment_known = True
    return state.enrolled


def second_factors_steps(state: RequestState) -> Steps[list[str]]:
    """Return the methods of second factors that are set up, as far as Ory's settings flow shows them now."""
    enrolled = yield from enrolled_steps(state, fresh=True)
    session, credential = state.known_session, state.credential
    if enrolled is not False and state.second_factors is None and credential and session and session.identity:
        name = _fingerprint_of_person(state, session.identity)
        yield from _probe_unless_quiet(state, credential, name)
    return state.second_factors or []


def _session(state: RequestState) -> OrySession:
    return run(session_steps(state)) if state.known_session is None else state.known_session


def _fetch(state: RequestState, *, fresh: bool) -> Steps[tuple[OrySession, bool]]:
    if state.credential is None:
        return ANONYMOUS, False
    ttl = conf.cache_ttl
    # SECURITY: any number of cookies that Ory ignores can stand beside the right one, and every such combination would
    # be an entry of its own, which no sign-out finds.
    entry = Entry(state.fingerprint, ttl) if ttl and not state.credential.has_duplicates else None
    fresh = fresh or (entry is not None and is_return(state.request))
    if entry is not None and not fresh:
        kept = yield from entry.read()
        if kept is not None:
            state.ory.known_credentials.note(state.fingerprint)
            return kept, True
    return (yield from _ask_whoami(state, state.credential, entry, fresh=fresh))


def _ask_whoami(
    state: RequestState, credential: Credential, entry: Entry | None, *, fresh: bool
) -> Steps[tuple[OrySession, bool]]:
    client, caller = state.ory.client, state.caller
    what = "fresh whoami" if fresh else "whoami"
    whoami = partial(client.whoami, credential, caller, fresh=fresh)
    since = state.arrived_at if fresh else 0
    call = _shared(state, what, whoami, caller, since=since, is_finished_by_caller=True)
    try:
        answer, started_at = yield from _ask(state, what, call)
        session = yield from _read(state, credential, answer, started_at, caller)
        is_shared = started_at < state.arrived_at
        # A failed call that was shared is not repeated: its waiters would wait twice and call a failing Ory twice.
        is_usable = session.state is not SessionState.UNAVAILABLE
        renewed = cookie_to_relay(state.request, credential, answer) if session else None
        state.renewed_cookie = None if is_shared else renewed
        if entry is not None and session and renewed is None:
            yield from entry.keep(session, answer, age=monotonic() - started_at)
        elif entry is not None and fresh and is_usable:
            yield from entry.drop()
    finally:
        call.finish()
    return session, is_usable and (is_shared or (not fresh and "ory-session-cache-for" in answer.headers))


def _shared(state: RequestState, what: str, call: Callable[[], Answer], caller: Caller, **options: Any) -> SharedCall:
    key = (what, state.fingerprint)
    return SharedCall(state.ory.calls, key, call, arrived_at=state.arrived_at, caller=caller, **options)


def _ask(state: RequestState, what: str, call: SharedCall) -> Steps[tuple[Answer, float]]:
    asked_at = monotonic()
    answer, started_at = yield from wait_for(call)
    state.timings.append((what, monotonic() - asked_at))
    logger.debug("Ory answered %s to %s", answer.failure or answer.status, what)
    is_limited = answer.status == 429 and answer.may_have_arrived
    if is_limited and state.ory.enrolments.pause(retry_after(answer)):
        state.ory.health.log_failure(answer)
    return answer, started_at


def _read(
    state: RequestState, credential: Credential, answer: Answer, started_at: float, caller: Caller
) -> Steps[OrySession]:
    ory, session = state.ory, read_whoami(answer, now=now(), flows=state.flows)
    if answer.status == 401 and not (yield from ory.health.readiness(started_at)):
        session = UNAVAILABLE
    state.outage = yield from ory.health.note(session, answer, started_at, is_known=caller.is_known)
    if session.is_signed_in and not credential.has_duplicates:
        # SECURITY: cookies that Ory ignores beside the right one would fill the memory, and make it forget all others.
        ory.known_credentials.note(state.fingerprint)
        if not caller.is_known:
            # Of an async call, too, which needs no slot: blocking calls of the same people do.
            blocking_calls().recognise(network_of(caller.address))
    elif session.state is SessionState.ANONYMOUS:
        ory.known_credentials.forget(state.fingerprint)
    if ory.enrolments and session.identity is not None and session.aal >= AAL.AAL2:
        ory.enrolments.forget(_fingerprint_of_person(state, session.identity))
    return session


def _find_enrolment(state: RequestState, *, fresh: bool) -> Steps[bool | None]:
    session, credential = (yield from session_steps(state)), state.credential
    if session.state is SessionState.STEP_UP_REQUIRED:
        return session.error_id == ErrorId.STEP_UP or None
    if credential is None or not session:
        return None
    if session.aal >= AAL.AAL2:
        return True
    if session.aal == AAL.AAL1 and conf.whoami_required_aal == "highest_available":
        return False
    if conf.settings_required_aal == "aal1" or session.identity is None:
        return None
    memory, name = state.ory.enrolments, _fingerprint_of_person(state, session.identity)
    enrolled, is_known = memory.recall(name)
    if is_known and not fresh:
        return enrolled
    return (yield from _probe_unless_quiet(state, credential, name))


def _probe_unless_quiet(state: RequestState, credential: Credential, name: str) -> Steps[bool | None]:
    if is_head_or_prefetch(state.request) or state.ory.enrolments.is_paused:
        return None
    return (yield from _or_default(_probe(state, credential, name), None))


def _probe(state: RequestState, credential: Credential, name: str) -> Steps[bool | None]:
    what, caller = "the settings flow", state.caller
    flow = partial(state.ory.client.settings_flow, credential, caller)
    answer, _ = yield from _ask(state, what, _shared(state, what, flow, caller))
    state.second_factors = read_second_factors(answer) or []
    state.lacks_recovery_codes = lacks_recovery_codes(answer)
    if answer.status == 401:
        # The session has ended, so earlier answers are no longer valid.
        state.arrived_at = monotonic()
        yield from refetch_steps(state)
        return None
    enrolled = read_enrolment(answer)
    state.ory.enrolments.note(name, enrolled=enrolled)
    return enrolled


def _fingerprint_of_person(state: RequestState, identity: Identity) -> str:
    return fingerprint(state.ory.url, "identity", identity.id, key=fingerprint_key())


def _or_default(steps: Steps[T], default: T) -> Steps[T]:
    """Return the result of ``steps``; if they raise, log it and return ``default``.

    ``ImproperlyConfigured`` is raised again.
    """
    try:
        return (yield from steps)
    except ImproperlyConfigured:
        raise
    except Exception as error:
        limited_log.exception("The Ory session could not be resolved.", error)
        return default
