"""Middleware: the session on every request, and a policy for the whole site."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

from django_ory_mfa import privacy
from django_ory_mfa.calls import arun, run
from django_ory_mfa.conf import is_debug
from django_ory_mfa.enforcement import AALRequired, CSRFFailed, aenforce, areport, enforce, let_through, report
from django_ory_mfa.hops import clear_hops
from django_ory_mfa.relay import relay
from django_ory_mfa.rendering import render
from django_ory_mfa.reporting import mask_credentials, show_timings
from django_ory_mfa.resolver import attach, resolver_of
from django_ory_mfa.site_policy import Origin, Policy, policy_for

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from django_ory_mfa.resolver import SessionResolver

logger = logging.getLogger("django_ory_mfa")


class HybridMiddleware(ABC):
    """Looks after requests and responses, in a blocking chain of middleware and in an async one."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async: bool = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)
            # Django would call the sync one in a thread of its own.
            self.process_view = self._aprocess_view  # type: ignore[method-assign]  # same arguments, awaited

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """The response to ``request``, or the promise of it."""
        if self.is_async:
            return self._acall(request)
        self.before(request)
        return self.after(request, self.get_response(request))

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        self.before(request)
        return self.after(request, await self.get_response(request))

    def before(self, request: HttpRequest) -> None:  # noqa: B027 - not every middleware has something to do here
        """Called with every request."""

    @abstractmethod
    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> Any:
        """Called with every view, just before it runs; the response to give instead, or None."""

    @abstractmethod
    async def _aprocess_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> Any:
        """``process_view`` for an async chain."""

    @abstractmethod
    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Called with every response; returns the one to send."""


class OrySessionMiddleware(HybridMiddleware):
    """Gives every request ``ory_session`` and ``aory_session``, and turns ``AALRequired`` into an answer.

    It does no I/O of its own: Ory is asked when somebody reads the session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        privacy.protect_django_caches()

    def before(self, request: HttpRequest) -> None:
        """Attaches the session."""
        attach(request)
        mask_credentials(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> Any:
        """Notes whether the session is known before the view and its caches run."""
        if _note_what_is_known(request):
            run(resolver_of(request).owner_steps())

    async def _aprocess_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if _note_what_is_known(request):
            await arun(resolver_of(request).owner_steps())

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Looks after caches and hops; raises what a template may have swallowed."""
        resolver = resolver_of(request)
        if resolver.misuse is not None:
            # A template that says `{% if not … %}` swallows exceptions and would show the branch for nobody.
            raise resolver.misuse
        if resolver.was_known_before_view:
            # The view may have read the session without a trace, so every per-view cache inside is a mistake.
            privacy.refuse_inner_cache(request)
        if resolver.kept_from_cache:
            _tell_that_not_cached(request.resolver_match.route if request.resolver_match else "")
        if resolver.known_session is not None or _may_be_read_too_late(resolver, response):
            privacy.mark_private(request, response)
        resolver.response = response
        if resolver.renewed_cookie is not None:
            relay(request, response, resolver.renewed_cookie)
        if resolver.last_verdict is not None and resolver.last_verdict.is_allowed:
            clear_hops(request, response)
        if resolver.timings and is_debug():
            show_timings(response, resolver.timings)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """The answer to what ``require_aal`` raised in a view or in its template."""
        if isinstance(exception, CSRFFailed):
            return exception.response
        if not isinstance(exception, AALRequired):
            return None
        response = render(request, exception.decision)
        return response.render() if hasattr(response, "render") else response


class AALRequiredMiddleware(HybridMiddleware):
    """Asks something of every view: what it declares, else the first rule of ``ORY_MFA_RULES``, else ``ORY_MFA_AAL``.

    Like Django's ``LoginRequiredMiddleware``; ``@aal_exempt`` frees a view. It stands after ``OrySessionMiddleware``.
    """

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Looks after the response of a view that passed the policy."""
        return let_through(request, response) if resolver_of(request).passed_site_policy else response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> Any:
        """Refuses, or lets the view run."""
        policy = site_policy(request, view)
        if policy.origin is Origin.REPORT_ONLY:
            report(request, policy.declared)
        elif policy.declared is not None:
            refusal = enforce(request, policy.declared)
            resolver_of(request).passed_site_policy = refusal is None
            return refusal
        return None

    async def _aprocess_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        policy = site_policy(request, view)
        if policy.origin is Origin.REPORT_ONLY:
            await areport(request, policy.declared)
        elif policy.declared is not None:
            refusal = await aenforce(request, policy.declared)
            resolver_of(request).passed_site_policy = refusal is None
            return refusal
        return None


def site_policy(request: HttpRequest, view: Any) -> Policy:
    """What the policy of the site asks of ``request`` to ``view``."""
    if request.method == "OPTIONS":
        return Policy(Origin.EXEMPT)
    app_names = request.resolver_match.app_names if request.resolver_match is not None else ()
    return policy_for(view, request.path_info, app_names)


def _may_be_read_too_late(resolver: SessionResolver, response: HttpResponseBase) -> bool:
    return privacy.may_be_shared_and_read_later(response) and resolver.credential is not None


@lru_cache(maxsize=256)
def _tell_that_not_cached(route: str) -> None:
    """Log once per route and process; a route is the site's, so that no visitor chooses how many there are."""
    logger.warning("The page /%s is behind @cache_page and depends on the Ory session, so it was not cached.", route)


def _note_what_is_known(request: HttpRequest) -> bool:
    resolver = resolver_of(request)
    if resolver.known_session is None:
        return False
    resolver.was_known_before_view = True
    privacy.forget_outer_cache(request)
    return True
