"""What every guard does, as steps: decide, send signals, check CSRF, and mark the response as private."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.http import HttpResponseBase

from django_ory_mfa.answer.csrf import csrf_failure, csrf_reason, needs_csrf_check
from django_ory_mfa.answer.rendering import refusal_for, render
from django_ory_mfa.guard.arrival import arrival_steps
from django_ory_mfa.guard.declarations import required_steps
from django_ory_mfa.guard.denials import AALRequired, CSRFFailed, OtherPersonBefore
from django_ory_mfa.guard.evaluation import evaluation_steps
from django_ory_mfa.guard.next_person import stop, was_shown_steps
from django_ory_mfa.runtime import limited_log
from django_ory_mfa.runtime.steps import Blocking, Hook, Steps, wait_for
from django_ory_mfa.session.cache_control import forget_outer_cache, mark_private, refuse_inner_cache
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.resolver import session_steps
from django_ory_mfa.signals import Sending, aal_denied

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.decision import Decision
    from django_ory_mfa.core.session import OrySession
    from django_ory_mfa.guard.declarations import Declared

    Refuse = Callable[[HttpRequest, Decision], Any]


def guard_steps(
    request: HttpRequest, declared: Declared | str | None, refuse: Refuse = render
) -> Steps[HttpResponseBase | None]:
    """Return the response that refuses ``request``; None if the view may run.

    ``refuse`` makes that response and may be a coroutine function. Raises ``ValueError`` if it returns anything but a
    response.
    """
    decision = yield from decision_steps(request, declared)
    if (yield from was_shown_steps(request)):
        return stop(request)
    if decision is not None and not decision.is_allowed:
        yield denial(request, decision)
        return _refusal((yield from wait_for(Hook(refuse, request, decision))))
    return (yield from _csrf_steps(request, decision))


def require_steps(request: HttpRequest, declared: Declared | str | None) -> Steps[OrySession]:
    """Return the session of ``request`` if it meets what is declared.

    Raises ``AALRequired`` or ``CSRFFailed`` if it does not, and ``OtherPersonBefore``. The exception is also recorded
    in the request's state, so that the middleware notices if a framework catches it.
    """
    decision, state = (yield from decision_steps(request, declared)), state_of(request)
    if (yield from was_shown_steps(request)):
        # Nothing more is saved, even if the view catches the exception.
        state.owner.discard()
        state.raised = OtherPersonBefore()
        raise state.raised
    if decision is not None and not decision.is_allowed:
        yield denial(request, decision)
        state.raised = AALRequired(decision, {"error": refusal_for(request, decision).body["error"]})
        raise state.raised
    forged = yield from _csrf_steps(request, decision)
    if forged is not None:
        state.raised = CSRFFailed(forged)
        raise state.raised
    return (yield from session_steps(state))


def decision_steps(request: HttpRequest, declared: Declared | str | None) -> Steps[Decision | None]:
    """Return the decision of one of several guards; None if nothing is required. No signal is sent yet."""
    requirement = yield from _requirement_steps(request, declared)
    if requirement is None:
        return None
    state = state_of(request)
    decision = state.last_decision = yield from evaluation_steps(state, requirement)
    if decision.is_allowed:
        yield from arrival_steps(request, requirement)
    return decision


def csrf_reason_steps(request: HttpRequest, *, fresh: bool = False) -> Steps[str | None]:
    """Return why a request to an API fails the CSRF check; None if it passes or needs no check.

    It applies to sessions in cookies, since Django's middleware does not check the views of APIs. ``fresh``: resolve
    the session without caches, because the requirement needs that too and Ory is then called only once.
    """
    # The session comes last: only unsafe requests with a cookie need it here.
    if not needs_csrf_check(request) or not (yield from session_steps(state_of(request), fresh=fresh)).is_signed_in:
        return None
    # It may read a session from the database.
    return (yield from wait_for(Blocking(csrf_reason, request)))


def denial(request: HttpRequest, decision: Decision, *, report_only: bool = False) -> Sending:
    """Return the call that sends ``aal_denied``."""
    session = state_of(request).known_session
    return Sending(aal_denied, request=request, session=session, decision=decision, report_only=report_only)


def report_steps(request: HttpRequest, declared: Declared | str | None) -> Steps[None]:
    """Log and send ``aal_denied`` if a guard would refuse ``request``; never refuses it."""
    requirement = yield from _requirement_steps(request, declared)
    if requirement is None:
        return
    decision = yield from evaluation_steps(state_of(request), requirement)
    if not decision.is_allowed:
        _log_reported(request, decision)
        yield denial(request, decision, report_only=True)


def finish_allowed(request: HttpRequest, response: Any) -> Any:
    """Return what a guarded view returned, marked as private if it is a response.

    Raises ``ImproperlyConfigured`` if a per-view cache inside the guard served it or tried to store it.
    """
    refuse_inner_cache(request)
    # Any other value is passed on: django-ninja turns a dict into a response, and Django raises for None. The
    # middleware marks that response too, since the session of the request is known.
    if isinstance(response, HttpResponseBase):
        mark_private(request, response)
    return response


def _requirement_steps(request: HttpRequest, declared: Declared | str | None) -> Steps[Any]:
    forget_outer_cache(request)
    return (yield from required_steps(request, declared))


def _csrf_steps(request: HttpRequest, decision: Decision | None) -> Steps[HttpResponseBase | None]:
    """Return the response to a request that fails the CSRF check; None if it passes or needs no check."""
    if not _is_by_session(request, decision) or not needs_csrf_check(request):
        return None
    # The check may read a session from the database, and CSRF_FAILURE_VIEW may run any code.
    return (yield from wait_for(Blocking(csrf_failure, request)))


def _is_by_session(request: HttpRequest, decision: Decision | None) -> bool:
    if decision is not None:
        return True
    # SECURITY: a callable that returned None may have done so because of the session that it read.
    session = state_of(request).known_session
    return session is not None and session.is_signed_in


def _refusal(response: object) -> HttpResponseBase:
    if not isinstance(response, HttpResponseBase):
        # SECURITY: a refusal of None would let the view run.
        message = f"The handler of a refused request returned {type(response).__name__} instead of an HttpResponse."
        raise ValueError(message)
    response.headers["Cache-Control"] = "no-store"
    return response


def _log_reported(request: HttpRequest, decision: Decision) -> None:
    # Limited per URL pattern, not per path: visitors choose paths, and could fill the log.
    route = request.resolver_match.route if request.resolver_match is not None else ""
    limited_log.warning("Would refuse %r: %s, %s", request.path, decision.outcome, decision.reason, kind=route)
