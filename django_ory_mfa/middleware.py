"""Middleware: one attaches the session to every request, the other enforces a policy for the whole site."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async

from django_ory_mfa.conf import is_debug
from django_ory_mfa.guard.denials import answer_to, replace_refused
from django_ory_mfa.guard.missing_pages import note_exception, note_template_response
from django_ory_mfa.guard.site_guard import guard_answer_steps, guard_view_steps
from django_ory_mfa.roundtrip.hops import clear_hops
from django_ory_mfa.runtime import limited_log
from django_ory_mfa.runtime.steps import arun, run
from django_ory_mfa.session import cache_control, fragment_cache, validators
from django_ory_mfa.session.cookie_relay import relay
from django_ory_mfa.session.error_reports import mask_credentials
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.resolver import attach, owner_steps
from django_ory_mfa.session.server_timing import show_timings
from django_ory_mfa.session.shared_response import own_response, protect_shared_responses

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from django_ory_mfa.session.request_state import RequestState


class HybridMiddleware(ABC):
    """Base of our middleware, for sync and async middleware chains."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async: bool = iscoroutinefunction(get_response)
        self._finish: Callable[..., Awaitable[HttpResponseBase]] = self._aafter
        if self.is_async:
            markcoroutinefunction(self)
            self._use_twins()

    def _use_twins(self) -> None:
        """Replace the sync methods that Django would call in a thread, unless a subclass has its own."""
        if not _is_overridden(type(self), "process_view", "_aprocess_view"):
            self.process_view = self._aprocess_view  # type: ignore[method-assign]  # same arguments, awaited
        if _is_overridden(type(self), "after", "_aafter"):
            self._finish = sync_to_async(self.after)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Return the response to ``request``, or an awaitable of it in an async chain."""
        if self.is_async:
            return self._acall(request)
        self.before(request)
        return self.after(request, self.get_response(request))

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        self.before(request)
        return await self._finish(request, await self.get_response(request))

    def before(self, request: HttpRequest) -> None:  # noqa: B027 - not every middleware has something to do here
        """Process the request before the inner middleware and the view."""

    @abstractmethod
    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> Any:
        """Return a response to send instead of running ``view``, or None; called just before the view runs."""

    @abstractmethod
    async def _aprocess_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> Any:
        """``process_view`` for an async chain."""

    @abstractmethod
    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Return the response to send."""

    @abstractmethod
    async def _aafter(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """``after`` for an async chain."""


class OrySessionMiddleware(HybridMiddleware):
    """Attaches ``ory_session`` and ``aory_session`` to every request, and turns ``AALRequired`` into a response.

    It does no I/O: Ory is called when the session is read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        cache_control.protect_django_caches()
        protect_shared_responses()
        # Management commands start without the HTTP client; a server has it before the first visitor comes.
        importlib.import_module("django_ory_mfa.ory.client")

    def before(self, request: HttpRequest) -> None:
        """Attach the session, and mask credentials in error reports."""
        validators.unbind(attach(request))
        fragment_cache.begin(request)
        mask_credentials(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> Any:
        """Note whether the session is known before the view and its caches run."""
        if _note_what_is_known(request):
            run(owner_steps(state_of(request)))

    async def _aprocess_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if _note_what_is_known(request):
            await arun(owner_steps(state_of(request)))

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Set the headers and cookies of the response; raises an error that a template may have swallowed."""
        state = state_of(request)
        fragment_cache.end(request)
        response = own_response(request, response)
        if state.misuse is not None:
            # `{% if not … %}` in a template swallows exceptions, and shows the branch for anonymous visitors.
            raise state.misuse
        response = response if state.raised is None else replace_refused(request, response)
        if state.was_known_before_view:
            # Code that reads a session resolved earlier cannot be detected, so every per-view cache inside is refused.
            cache_control.refuse_inner_cache(request)
        if state.is_cache_blocked:
            _warn_that_not_cached(request.resolver_match.route if request.resolver_match else "")
        _keep_for_one_visitor(state, response)
        if state.renewed_cookie is not None:
            response = relay(request, response, state.renewed_cookie)
        state.response = response
        if state.last_decision is not None and state.last_decision.is_allowed:
            clear_hops(request, response)
        if state.timings and is_debug():
            show_timings(response, state.timings)
        return response

    async def _aafter(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if state_of(request).raised is not None:
            # The response may be a page whose template uses the database.
            response = await sync_to_async(replace_refused)(request, response)
        return self.after(request, response)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Return the response to an exception that ``require_aal`` raised in a view or its template, else None."""
        answer = answer_to(request, exception)
        if answer is not None:
            state_of(request).raised = None
        return answer


class AALRequiredMiddleware(HybridMiddleware):
    """Guards every view: by what it declares, else the first matching rule of ``ORY_MFA_RULES``, else ``ORY_MFA_AAL``.

    Like Django's ``LoginRequiredMiddleware``, but it also guards responses of inner middleware. ``@aal_exempt`` exempts
    a view. Put it after ``OrySessionMiddleware``, and before any middleware that responds by itself.
    """

    def _use_twins(self) -> None:
        super()._use_twins()
        if not _is_overridden(type(self), "process_template_response", "_aprocess_template_response"):
            self.process_template_response = self._aprocess_template_response  # type: ignore[method-assign]  # as above

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> Any:
        """Return the refusal, or None if the view may run."""
        return run(guard_view_steps(request, view))

    async def _aprocess_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        return await arun(guard_view_steps(request, view))

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        """Note that a view has no page, so that a response in its place is guarded; return ``response``."""
        note_template_response(request, response)
        return response

    async def _aprocess_template_response(self, request: HttpRequest, response: Any) -> Any:
        note_template_response(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Note that a view raised ``Http404``, so that a response in its place is guarded."""
        note_exception(request, exception)

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Replace a response that did not come from a guarded view by a refusal, if the policy refuses the request."""
        return run(guard_answer_steps(request, response))

    async def _aafter(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return await arun(guard_answer_steps(request, response))


def _is_overridden(middleware: type, name: str, twin: str) -> bool:
    """Whether a subclass has a method ``name`` of its own, for which our ``twin`` in async chains does not stand."""
    owner = next(cls for cls in middleware.__mro__ if name in vars(cls))
    return twin not in vars(owner)


def _keep_for_one_visitor(state: RequestState, response: HttpResponseBase) -> None:
    had_bound, is_read_later = validators.restore(state), cache_control.may_be_stored_and_read_later(response)
    is_about_session = had_bound or state.known_session is not None
    if is_about_session or (is_read_later and state.credential is not None):
        cache_control.mark_private(state.request, response)
    if is_about_session or is_read_later:
        validators.bind(state, response)


def _warn_that_not_cached(route: str) -> None:
    message = "The page /%s is behind @cache_page and depends on the Ory session, so it was not cached."
    limited_log.warning(message, route, kind=route)


def _note_what_is_known(request: HttpRequest) -> bool:
    state = state_of(request)
    if state.known_session is None:
        return False
    state.was_known_before_view = True
    cache_control.forget_outer_cache(request)
    return True
