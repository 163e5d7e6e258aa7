"""Decorators for views."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from asgiref.sync import iscoroutinefunction

from django_ory_mfa.guard.declarations import Declared, MaxAge, RequirementCallable, declare
from django_ory_mfa.guard.guarding import finish_allowed, guard_steps
from django_ory_mfa.runtime.steps import arun, awaited, run

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.requirement import Requirement

View = TypeVar("View", bound=Callable[..., Any])


@overload
def aal_required(aal: View) -> View: ...
@overload
def aal_required(
    aal: str | None = None,
    *,
    max_age: MaxAge | None = None,
    methods: Iterable[str] | None = None,
    requirement: Requirement | str | RequirementCallable | None = None,
) -> Callable[[View], View]: ...
def aal_required(
    aal: Any = None,
    *,
    max_age: MaxAge | None = None,
    methods: Iterable[str] | None = None,
    requirement: Requirement | str | RequirementCallable | None = None,
) -> Any:
    """Lets a view run only for those who proved what it asks for; everybody else is sent, or told, to do so.

    ``aal``: ``"aal1"``, ``"aal2"`` or ``"highest_available"``; ``ORY_MFA_AAL`` if left out. ``max_age``: seconds or a
    ``timedelta`` since the proof. ``methods``: the methods that count. ``requirement`` stands for all three: a
    ``Requirement``, or a callable of the request that returns one, a level, or None for nothing.
    Raises ``ValueError`` or ``TypeError`` where it is written if that could never be met.
    """
    if callable(aal):
        if not (max_age is None and methods is None and requirement is None):
            raise TypeError("with arguments, the decorator is called first: @aal_required(…), then the view")
        return _guarded(aal, declare())
    declared = declare(aal, max_age=max_age, methods=methods, requirement=requirement)
    return lambda view: _guarded(view, declared)


def aal_exempt(view: View) -> View:
    """Frees a view from ``AALRequiredMiddleware``; a guard of its own still holds."""
    if isinstance(view, type):
        raise TypeError(f'{view.__qualname__} is a class: use @method_decorator(aal_exempt, name="dispatch") instead')
    exempt: Any
    # A wrapper, so that a view which is also used elsewhere is not freed there too.
    if _is_async(view):

        @wraps(view)
        async def exempt(*args: Any, **kwargs: Any) -> Any:
            return await awaited(view(*args, **kwargs))

    else:

        @wraps(view)
        def exempt(*args: Any, **kwargs: Any) -> Any:
            return view(*args, **kwargs)

    # An object of its own, so that a class which inherits it can be told from one that was exempted itself.
    exempt.ory_mfa_exempt = object()
    return cast("View", exempt)


def _guarded(view: Any, declared: Declared) -> Any:
    if isinstance(view, type):
        raise TypeError(
            f"{view.__qualname__} is a class: let it inherit from AALRequiredMixin, left of the view class, instead"
        )
    guarded: Any
    if _is_async(view):

        @wraps(view)
        async def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            refusal = await arun(guard_steps(request, declared))
            if refusal is not None:
                return refusal
            return finish_allowed(request, await awaited(view(request, *args, **kwargs)))

    else:

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            refusal = run(guard_steps(request, declared))
            if refusal is not None:
                return refusal
            return finish_allowed(request, view(request, *args, **kwargs))

    guarded.ory_mfa_requirement = declared
    return guarded


def _is_async(view: Any) -> bool:
    """Whether ``view`` has to be awaited."""
    if iscoroutinefunction(view):
        return True
    called = view.func if isinstance(view, partial) else view
    return iscoroutinefunction(type(called).__call__) or _is_of_async_class(view)


def _is_of_async_class(view: Any) -> bool:
    """Whether ``method_decorator`` made ``view`` of a method of a class-based view with async handlers.

    Its ``dispatch`` is no coroutine function, but returns a coroutine.
    """
    while view is not None:
        if getattr(getattr(view, "__self__", None), "view_is_async", False):
            return True
        view = view.func if isinstance(view, partial) else getattr(view, "__wrapped__", None)
    return False
