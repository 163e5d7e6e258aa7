"""What a view declares that it asks for, and what that means for one request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.conf import conf
from django_ory_mfa.core.requirement import LEVELS, Requirement
from django_ory_mfa.runtime.steps import Hook, Steps, wait_for
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.resolver import session_steps

if TYPE_CHECKING:
    from django.http import HttpRequest

MaxAge = float | timedelta
Wanted = Requirement | str | None
# Any request: functions that are annotated with HttpRequest fit, and those with OryHttpRequest.
RequirementCallable = Callable[[Any], Wanted | Awaitable[Wanted]]
# By its name: it stands above this module.
MIXIN = "django_ory_mfa.mixins.AALRequiredMixin"


@dataclass(frozen=True, slots=True)
class Configured:
    """What the settings say when the request comes, with what a view adds to it.

    ``name`` is one of ``ORY_MFA_POLICIES``; without it, ``ORY_MFA_AAL`` counts.
    """

    name: str | None = None
    max_age: MaxAge | None = None
    methods: frozenset[str] | None = None

    def requirement(self) -> Requirement:
        """The requirement at this moment; raises ``ImproperlyConfigured`` if the settings and the view disagree."""
        name = conf.aal if self.name is None else self.name
        try:
            asked = conf.requirement(name)
            if self.max_age is None and self.methods is None:
                return asked
            added = Requirement("aal2", self.max_age, self.methods)
            ages = [age for age in (asked.max_age, added.max_age) if age is not None]
            methods = [methods for methods in (asked.methods, added.methods) if methods is not None]
            # SECURITY: what a view says adds to the policy, and takes nothing away from it.
            return Requirement(
                asked.aal, min(ages, default=None), frozenset.intersection(*methods) if methods else None
            )
        except ValueError as error:
            setting = "ORY_MFA_AAL = " if self.name is None else ""
            message = f"A view cannot be guarded with {setting}{name!r}: {error}"
            raise ImproperlyConfigured(message) from error


Declared = Requirement | Configured | RequirementCallable


def declare(
    aal: str | None = None,
    *,
    max_age: MaxAge | None = None,
    methods: Iterable[str] | None = None,
    requirement: Requirement | str | RequirementCallable | None = None,
) -> Declared:
    """The arguments of a guard, checked where they are written.

    Raises ``ValueError`` or ``TypeError`` as ``Requirement`` does, and ``TypeError`` if ``requirement`` is not alone.
    """
    if requirement is not None:
        if not (aal is None and max_age is None and methods is None):
            raise TypeError("requirement= stands for all of aal, max_age and methods: give it alone")
        return declare(requirement) if isinstance(requirement, str) else requirement
    is_name = isinstance(aal, str) and aal not in LEVELS
    if is_name:
        # Settings that make no sense, or are not there yet, are for the checks to report, and fail every request.
        with suppress(ImproperlyConfigured):
            conf.requirement(str(aal))
    if aal is None or is_name:
        checked = Requirement("aal2", max_age, methods)
        return Configured(aal, checked.max_age, checked.methods)
    return Requirement(aal, max_age, methods)


def declared_by(view: Any) -> tuple[Declared, ...]:
    """Return what ``view`` declares where everybody can see it: by a decorator, and as ``required_aal`` of its class.

    All of it has to be met. Raises what ``declare`` raises.
    """
    decorated: Declared | None = getattr(view, "ory_mfa_requirement", None)
    found = () if decorated is None else (decorated,)
    if class_of(view) is None:
        return found
    aal, max_age, methods = of_class(view)
    return found if aal is None else (*found, declare(aal, max_age=max_age, methods=methods))


def is_exempt(view: Any) -> bool:
    """Whether ``aal_exempt`` frees ``view``, and its class does not declare anything nearer than that."""
    mark = getattr(view, "ory_mfa_exempt", None)
    return bool(mark) and not _is_behind_declaration(view, mark)


def class_of(view: Any) -> type | None:
    """Return the class of a class-based view of Django or Django REST framework; None for any other view."""
    found = getattr(view, "view_class", None) or getattr(view, "cls", None)
    return found if isinstance(found, type) else None


def mixin_of(view_class: type | None) -> Any:
    """Return ``AALRequiredMixin`` if ``view_class`` has it, else None."""
    bases = getattr(view_class, "__mro__", ())
    return next((base for base in bases if f"{base.__module__}.{base.__qualname__}" == MIXIN), None)


def of_class(view: Any) -> tuple[Any, Any, Any]:
    """Return ``required_aal``, ``max_age`` and ``methods`` as written in the class of ``view`` or its ``as_view()``."""
    given, view_class = _given(view), class_of(view)
    aal, max_age, methods = (
        given.get(name, getattr(view_class, name, None)) for name in ("required_aal", "max_age", "methods")
    )
    return aal, max_age, methods


def _given(view: Any) -> dict[str, Any]:
    """Return the arguments of ``as_view()``; a router of Django REST framework gives those of an action."""
    given: dict[str, Any] = getattr(view, "view_initkwargs", None) or getattr(view, "initkwargs", None) or {}
    return given


def _is_behind_declaration(view: Any, mark: object) -> bool:
    """Whether ``mark`` is on the ``dispatch`` of a class that stands behind the one that sets ``required_aal``."""
    view_class = class_of(view)
    if view_class is None or mark is not getattr(getattr(view_class, "dispatch", None), "ory_mfa_exempt", None):
        # A decorator around the view as a whole is nearest.
        return False
    if of_class(view)[0] is None or "required_aal" in _given(view):
        return of_class(view)[0] is not None
    bases = [vars(base) for base in view_class.__mro__]
    declaring = [index for index, names in enumerate(bases) if "required_aal" in names]
    exempting = [
        index for index, names in enumerate(bases) if getattr(names.get("dispatch"), "ory_mfa_exempt", None) is mark
    ]
    # SECURITY: a decorator copies the marks of the method that it wraps, so that of all classes with this mark the
    # furthest counts. A class that declares and exempts at once is not free.
    return min(declaring, default=0) <= max(exempting, default=0)


def required_steps(request: HttpRequest, declared: Declared | str | None) -> Steps[Requirement | None]:
    """Return the requirement for this request; None if nothing is required.

    A callable sees a resolved session. It may be a coroutine function in async code only.
    """
    if not callable(declared):
        return _settled(declared)
    yield from session_steps(state_of(request))
    return _as_requirement((yield from wait_for(Asking(declared, request))))


class Asking(Hook[Any]):
    """A call of the function that says what is required."""

    def run(self) -> Any:
        """Call it in blocking code; raises ``ImproperlyConfigured`` for a coroutine function."""
        if iscoroutinefunction(self._function):
            raise ImproperlyConfigured("A coroutine function can be the requirement of async views only.")
        return super().run()


def _settled(declared: object) -> Requirement | None:
    return declared.requirement() if isinstance(declared, Configured) else _as_requirement(declared)


def _as_requirement(wanted: object) -> Requirement | None:
    if wanted is None or isinstance(wanted, Requirement):
        return wanted
    if isinstance(wanted, str):
        return conf.requirement(wanted)
    message = f"a requirement is a level, a Requirement or None, not {wanted!r}"
    raise TypeError(message)
