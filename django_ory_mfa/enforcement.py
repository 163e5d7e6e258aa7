"""Guards: what a view asks for is held against the request, and a refusal becomes a response."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from asgiref.sync import sync_to_async
from django.http import HttpResponseBase

from django_ory_mfa.answer.csrf import csrf_failure, needs_csrf_check
from django_ory_mfa.answer.rendering import render
from django_ory_mfa.core.decision import Decision
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.core.session import OrySession
from django_ory_mfa.guard.arrival import awelcome_back, welcome_back
from django_ory_mfa.guard.declarations import Declared, MaxAge, RequirementCallable, arequired, declare, required
from django_ory_mfa.guard.denials import AALRequired, CSRFFailed
from django_ory_mfa.guard.evaluation import aevaluate, evaluate
from django_ory_mfa.runtime import limited_log
from django_ory_mfa.session import cache_control as privacy
from django_ory_mfa.session.resolver import resolver_of
from django_ory_mfa.signals import aal_denied

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["AALRequired", "aevaluate", "arequire_aal", "evaluate", "render", "require_aal"]


def require_aal(
    request: HttpRequest,
    aal: str | None = None,
    *,
    max_age: MaxAge | None = None,
    methods: Iterable[str] | None = None,
    requirement: Requirement | str | RequirementCallable | None = None,
) -> OrySession:
    """The session if it meets the requirement, inside a view; the arguments are those of ``aal_required``.

    Raises ``AALRequired``, which is a ``PermissionDenied``, if it does not.
    """
    declared = declare(aal, max_age=max_age, methods=methods, requirement=requirement)
    decision = judge(request, declared)
    _raise_if_denied(request, decision)
    _raise_if_forged(request, forgery(request, decision))
    return resolver_of(request).session()


async def arequire_aal(
    request: HttpRequest,
    aal: str | None = None,
    *,
    max_age: MaxAge | None = None,
    methods: Iterable[str] | None = None,
    requirement: Requirement | str | RequirementCallable | None = None,
) -> OrySession:
    """``require_aal`` for async code."""
    declared = declare(aal, max_age=max_age, methods=methods, requirement=requirement)
    decision = await ajudge(request, declared)
    _raise_if_denied(request, decision)
    _raise_if_forged(request, await aforgery(request, decision))
    return await resolver_of(request).asession()


def enforce(request: HttpRequest, declared: Declared | str | None) -> HttpResponseBase | None:
    """The answer that refuses ``request``; None if the view may run."""
    decision = judge(request, declared)
    if decision is not None and not decision.is_allowed:
        return render(request, decision)
    return forgery(request, decision)


async def aenforce(request: HttpRequest, declared: Declared | str | None) -> HttpResponseBase | None:
    """``enforce`` for async code."""
    decision = await ajudge(request, declared)
    if decision is not None and not decision.is_allowed:
        return render(request, decision)
    return await aforgery(request, decision)


def judge(request: HttpRequest, declared: Declared | str | None) -> Decision | None:
    """The decision of a guard, signalled if it refuses; None if nothing is required."""
    privacy.forget_outer_cache(request)
    requirement = required(request, declared)
    if requirement is None:
        return None
    decision = resolver_of(request).last_verdict = evaluate(request, requirement)
    if decision.is_allowed:
        welcome_back(request, requirement)
    else:
        aal_denied.send_robust(OrySession, **_denial(request, decision), report_only=False)
    return decision


async def ajudge(request: HttpRequest, declared: Declared | str | None) -> Decision | None:
    """``judge`` for async code."""
    privacy.forget_outer_cache(request)
    requirement = await arequired(request, declared)
    if requirement is None:
        return None
    decision = resolver_of(request).last_verdict = await aevaluate(request, requirement)
    if decision.is_allowed:
        await awelcome_back(request, requirement)
    else:
        await aal_denied.asend_robust(OrySession, **_denial(request, decision), report_only=False)
    return decision


def report(request: HttpRequest, declared: Declared | str | None) -> None:
    """Tells the log and the receivers of ``aal_denied`` if a guard would refuse ``request``, and lets it pass."""
    privacy.forget_outer_cache(request)
    requirement = required(request, declared)
    decision = None if requirement is None else evaluate(request, requirement)
    if decision is not None and not decision.is_allowed:
        _log_reported(request, decision)
        aal_denied.send_robust(OrySession, **_denial(request, decision), report_only=True)


async def areport(request: HttpRequest, declared: Declared | str | None) -> None:
    """``report`` for async code."""
    privacy.forget_outer_cache(request)
    requirement = await arequired(request, declared)
    decision = None if requirement is None else await aevaluate(request, requirement)
    if decision is not None and not decision.is_allowed:
        _log_reported(request, decision)
        await aal_denied.asend_robust(OrySession, **_denial(request, decision), report_only=True)


def forgery(request: HttpRequest, decision: Decision | None) -> HttpResponseBase | None:
    """Before a guard allows: the answer to a forged request, or None."""
    return csrf_failure(request) if _is_by_session(request, decision) and needs_csrf_check(request) else None


async def aforgery(request: HttpRequest, decision: Decision | None) -> HttpResponseBase | None:
    """``forgery`` for async code."""
    if not _is_by_session(request, decision) or not needs_csrf_check(request):
        return None
    # The check may read a session from the database, and CSRF_FAILURE_VIEW may do anything.
    return await sync_to_async(csrf_failure)(request)


def let_through(request: HttpRequest, response: Any) -> Any:
    """Return what a guarded view returned, marked as private if it is a response.

    Raises ``ImproperlyConfigured`` if a per-view cache inside the guard would serve it to the next visitor.
    """
    privacy.refuse_inner_cache(request)
    # Anything else is passed on: django-ninja makes a response of a dict, and Django reports a None. The middleware
    # marks that response as well, since the session of the request is known.
    if isinstance(response, HttpResponseBase):
        privacy.mark_private(request, response)
    return response


def refused(response: Any) -> Any:
    """Return ``response``, the answer to a refused request, marked so that no cache keeps it."""
    if isinstance(response, HttpResponseBase):
        response.headers["Cache-Control"] = "no-store"
    return response


def _is_by_session(request: HttpRequest, decision: Decision | None) -> bool:
    # SECURITY: a callable that requires nothing may have said so because of the session it saw.
    session = resolver_of(request).known_session
    return decision is not None or (session is not None and session.is_signed_in)


def _raise_if_denied(request: HttpRequest, decision: Decision | None) -> None:
    if decision is not None and not decision.is_allowed:
        _raise(request, AALRequired(decision))


def _raise_if_forged(request: HttpRequest, response: HttpResponseBase | None) -> None:
    if response is not None:
        _raise(request, CSRFFailed(response))


def _raise(request: HttpRequest, denial: AALRequired | CSRFFailed) -> NoReturn:
    # A framework may catch it: the middleware looks at what becomes of it.
    resolver_of(request).raised = denial
    raise denial


def _denial(request: HttpRequest, decision: Decision) -> dict[str, Any]:
    return {"request": request, "session": resolver_of(request).session(), "decision": decision}


def _log_reported(request: HttpRequest, decision: Decision) -> None:
    # One line for each URL pattern: visitors choose paths, and would fill the log with them.
    route = request.resolver_match.route if request.resolver_match is not None else ""
    limited_log.warning("Would refuse %r: %s, %s", request.path, decision.outcome, decision.reason, kind=route)
