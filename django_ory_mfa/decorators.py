"""Decorators for views."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from asgiref.sync import iscoroutinefunction

from django_ory_mfa.declarations import Declared, MaxAge, RequirementCallable, declare
from django_ory_mfa.enforcement import aenforce, enforce, let_through

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

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
    exempt: Any
    # A wrapper, so that a view which is also used elsewhere is not freed there too.
    if iscoroutinefunction(view):

        @wraps(view)
        async def exempt(*args: Any, **kwargs: Any) -> Any:
            return await view(*args, **kwargs)

    else:

        @wraps(view)
        def exempt(*args: Any, **kwargs: Any) -> Any:
            return view(*args, **kwargs)

    # An object of its own, so that a class which inherits it can be told from one that was exempted itself.
    exempt.ory_mfa_exempt = object()
    return cast("View", exempt)


def _guarded(view: Any, declared: Declared) -> Any:
    guarded: Any
    if iscoroutinefunction(view):

        @wraps(view)
        async def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            refusal = await aenforce(request, declared)
            return refusal or let_through(request, await view(request, *args, **kwargs))

    else:

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return enforce(request, declared) or let_through(request, view(request, *args, **kwargs))

    guarded.ory_mfa_requirement = declared
    return guarded
