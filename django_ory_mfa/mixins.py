"""Mixins for class-based views."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from inspect import unwrap
from typing import TYPE_CHECKING, Any

from django.views import View

from django_ory_mfa.answer.rendering import render
from django_ory_mfa.enforcement import aforgery, ajudge, forgery, judge, let_through, refused
from django_ory_mfa.guard.declarations import Declared, MaxAge, declare
from django_ory_mfa.runtime.steps import awaited, waited_for

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from django_ory_mfa.core.decision import Decision


class AALRequiredMixin:
    """Lets a class-based view run only for those who proved what it asks for; put it left of the view class.

    ``required_aal``, ``max_age`` and ``methods`` are the arguments of ``aal_required``.
    """

    required_aal: str | None = None
    max_age: MaxAge | None = None
    methods: Iterable[str] | None = None
    request: HttpRequest

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        at = cls.__mro__.index(AALRequiredMixin)
        # A decorated `dispatch` calls the one that it was made of, and none that a subclass puts in between.
        before = [unwrap(vars(base)["dispatch"]) for base in cls.__mro__[:at] if "dispatch" in vars(base)]
        behind = [vars(base)["dispatch"] for base in cls.__mro__[at + 1 :] if "dispatch" in vars(base)]
        if View in cls.__mro__[:at] or any(dispatch in behind for dispatch in before):
            # SECURITY: to the right of the view its dispatch() would never be called.
            raise TypeError(f"{cls.__name__}: put AALRequiredMixin left of the view class")

    def get_requirement(self) -> Declared | str | Awaitable[Declared | str | None] | None:
        """What this view asks for: a ``Requirement``, a level, None, or a callable of the request; override it.

        It may be a coroutine function.
        """
        return declare(self.required_aal, max_age=self.max_age, methods=self.methods)

    def handle_aal_denied(self, decision: Decision) -> HttpResponseBase:
        """The answer to a refused request; override it to answer in your own way. It may be a coroutine function."""
        return render(self.request, decision)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Guards every HTTP method of the view."""
        if getattr(self, "view_is_async", False):
            return self._adispatch(request, *args, **kwargs)
        decision = judge(request, waited_for(self.get_requirement()))
        if decision is not None and not decision.is_allowed:
            return refused(waited_for(self.handle_aal_denied(decision)))
        return forgery(request, decision) or let_through(request, self._dispatch_view(request, *args, **kwargs))

    async def _adispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        decision = await ajudge(request, await awaited(self.get_requirement()))
        if decision is not None and not decision.is_allowed:
            return refused(await awaited(self.handle_aal_denied(decision)))
        # Mixins of Django and of others answer for an async view without a coroutine.
        return await aforgery(request, decision) or let_through(
            request, await awaited(self._dispatch_view(request, *args, **kwargs))
        )

    def _dispatch_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # the View stands to the right
