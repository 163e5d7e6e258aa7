"""Mixins for class-based views."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from inspect import unwrap
from typing import TYPE_CHECKING, Any

from django.views import View

from django_ory_mfa.answer.rendering import render
from django_ory_mfa.guard.declarations import Declared, MaxAge, declare
from django_ory_mfa.guard.guarding import finish_allowed, guard_steps
from django_ory_mfa.guard.missing_pages import ViewCall
from django_ory_mfa.runtime.steps import Hook, Steps, arun, await_if_needed, run, wait_for

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from django_ory_mfa.core.decision import Decision


class AALRequiredMixin:
    """Lets a class-based view run only if the session meets the requirement; put it left of the view class.

    ``required_aal``, ``max_age`` and ``methods`` are the arguments of ``aal_required``.
    """

    required_aal: str | None = None
    max_age: MaxAge | None = None
    methods: Iterable[str] | None = None
    request: HttpRequest

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        at = cls.__mro__.index(AALRequiredMixin)
        # A decorated `dispatch` calls the method that it wraps, and not one that a subclass puts in between.
        before = [unwrap(vars(base)["dispatch"]) for base in cls.__mro__[:at] if "dispatch" in vars(base)]
        behind = [vars(base)["dispatch"] for base in cls.__mro__[at + 1 :] if "dispatch" in vars(base)]
        if View in cls.__mro__[:at] or any(dispatch in behind for dispatch in before):
            # SECURITY: right of the view class, the mixin's dispatch() would never be called.
            raise TypeError(f"{cls.__name__}: put AALRequiredMixin left of the view class")

    def get_requirement(self) -> Declared | str | Awaitable[Declared | str | None] | None:
        """Return a ``Requirement``, a level, a callable that takes the request, or None to require nothing.

        Override it to decide per request. It may be a coroutine function.
        """
        return declare(self.required_aal, max_age=self.max_age, methods=self.methods)

    def handle_aal_denied(self, decision: Decision) -> HttpResponseBase:
        """Return the response to a refused request. Override it for your own; it may be a coroutine function."""
        return render(self.request, decision)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Guard every HTTP method of the view."""
        if getattr(self, "view_is_async", False):
            return self._adispatch(request, *args, **kwargs)
        with ViewCall(request) as call:
            refusal = run(self._guard_steps(request))
            if refusal is not None:
                return call.returns(refusal)
            return finish_allowed(request, call.returns(self._dispatch_view(request, *args, **kwargs)))

    async def _adispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with ViewCall(request) as call:
            refusal = await arun(self._guard_steps(request))
            if refusal is not None:
                return call.returns(refusal)
            # In an async view, other mixins may return a response instead of a coroutine.
            return finish_allowed(
                request, call.returns(await await_if_needed(self._dispatch_view(request, *args, **kwargs)))
            )

    def _guard_steps(self, request: HttpRequest) -> Steps[HttpResponseBase | None]:
        declared = yield from wait_for(Hook(self.get_requirement))
        return (yield from guard_steps(request, declared, lambda _, decision: self.handle_aal_denied(decision)))

    def _dispatch_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # the View stands to the right
