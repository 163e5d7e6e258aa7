"""Decorators for views."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from asgiref.sync import iscoroutinefunction

from django_ory_mfa.guard.declarations import Declared, MaxAge, declare
from django_ory_mfa.guard.guarding import finish_allowed, guard_steps
from django_ory_mfa.guard.missing_pages import ViewCall
from django_ory_mfa.runtime.steps import arun, await_if_needed, run

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.requirement import Requirement, RequirementCallable

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
    """Decorate a view, so that it runs only if the Ory session meets the requirement; other requests are refused.

    ``aal``: ``"aal1"``, ``"aal2"``, ``"highest_available"`` or a name in ``ORY_MFA_POLICIES``; ``ORY_MFA_AAL`` if left
    out. ``max_age``: the maximum age of the proof, in seconds or as a ``timedelta``. ``methods``: those that count.
    ``requirement`` replaces all three: a ``Requirement``, a level or policy name, or a callable that takes the request
    and returns one of these, or None to require nothing. Arguments that could never be met raise ``ValueError`` or
    ``TypeError`` when the decorator is applied.
    """
    if callable(aal):
        if not (max_age is None and methods is None and requirement is None):
            raise TypeError("call the decorator with its arguments first: @aal_required(…), then the view")
        return _guarded(aal, declare())
    declared = declare(aal, max_age=max_age, methods=methods, requirement=requirement)
    return lambda view: _guarded(view, declared)


def aal_exempt(view: View) -> View:
    """Exempt ``view`` from ``AALRequiredMiddleware``; a guard on the view itself still applies."""
    if isinstance(view, type):
        raise TypeError(f'{view.__qualname__} is a class: use @method_decorator(aal_exempt, name="dispatch") instead')
    exempt: Any
    # A wrapper, so that the same view is not exempted where it is used undecorated.
    if _is_async(view):

        @wraps(view)
        async def exempt(*args: Any, **kwargs: Any) -> Any:
            with ViewCall(*args) as call:
                return call.returns(await await_if_needed(view(*args, **kwargs)))

    else:

        @wraps(view)
        def exempt(*args: Any, **kwargs: Any) -> Any:
            with ViewCall(*args) as call:
                return call.returns(view(*args, **kwargs))

    # A unique object, so that an inherited exemption can be told from one on the class itself.
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
            with ViewCall(request) as call:
                refusal = await arun(guard_steps(request, declared))
                if refusal is not None:
                    return call.returns(refusal)
                return finish_allowed(request, call.returns(await await_if_needed(view(request, *args, **kwargs))))

    else:

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            with ViewCall(request) as call:
                refusal = run(guard_steps(request, declared))
                if refusal is not None:
                    return call.returns(refusal)
                return finish_allowed(request, call.returns(view(request, *args, **kwargs)))

    guarded.ory_mfa_requirement = declared
    return guarded


def _is_async(view: Any) -> bool:
    """Whether ``view`` has to be awaited."""
    if iscoroutinefunction(view):
        return True
    called = view.func if isinstance(view, partial) else view
    return iscoroutinefunction(type(called).__call__) or _is_of_async_class(view)


def _is_of_async_class(view: Any) -> bool:
    """Whether ``method_decorator`` made ``view`` from a method of a class-based view with async handlers.

    The ``dispatch`` of such a view returns a coroutine, but is not a coroutine function.
    """
    while view is not None:
        if getattr(getattr(view, "__self__", None), "view_is_async", False):
            return True
        view = view.func if isinstance(view, partial) else getattr(view, "__wrapped__", None)
    return False
