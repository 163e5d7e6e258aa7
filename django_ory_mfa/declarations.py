"""What a view declares that it asks for, and what that means for one request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.calls import arun, run
from django_ory_mfa.conf import conf
from django_ory_mfa.core.requirement import LEVELS, Requirement
from django_ory_mfa.resolver import resolver_of

if TYPE_CHECKING:
    from django.http import HttpRequest

MaxAge = float | timedelta
Wanted = Requirement | str | None
# Any request: functions that are annotated with HttpRequest fit, and those with OryHttpRequest.
RequirementCallable = Callable[[Any], Wanted | Awaitable[Wanted]]


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


def declared_by(view: Any) -> Declared | None:
    """What ``view`` declares where everybody can see it: by a decorator, or as ``required_aal`` of its class."""
    declared: Declared | None = getattr(view, "ory_mfa_requirement", None)
    if declared is not None or getattr(view, "view_class", None) is None:
        return declared
    aal, max_age, methods = of_class(view)
    return None if aal is None else declare(aal, max_age=max_age, methods=methods)


def of_class(view: Any) -> tuple[Any, Any, Any]:
    """``required_aal``, ``max_age`` and ``methods`` of a class-based view, as written in the class or ``as_view()``."""
    given = getattr(view, "view_initkwargs", {})
    aal, max_age, methods = (
        given.get(name, getattr(view.view_class, name, None)) for name in ("required_aal", "max_age", "methods")
    )
    return aal, max_age, methods


def required(request: HttpRequest, declared: Declared | str | None) -> Requirement | None:
    """The requirement for this request; None if nothing is required. A callable sees a resolved session."""
    if not callable(declared):
        return _settled(declared)
    if iscoroutinefunction(declared):
        raise ImproperlyConfigured("A coroutine function can be the requirement of async views only.")
    run(resolver_of(request).session_steps())
    return _as_requirement(declared(request))


async def arequired(request: HttpRequest, declared: Declared | str | None) -> Requirement | None:
    """``required`` for async code, where the callable may be a coroutine function."""
    if not callable(declared):
        return _settled(declared)
    await arun(resolver_of(request).session_steps())
    wanted = declared(request)
    return _as_requirement(await wanted if isinstance(wanted, Awaitable) else wanted)


def _settled(declared: object) -> Requirement | None:
    return declared.requirement() if isinstance(declared, Configured) else _as_requirement(declared)


def _as_requirement(wanted: object) -> Requirement | None:
    if wanted is None or isinstance(wanted, Requirement):
        return wanted
    if isinstance(wanted, str):
        return conf.requirement(wanted)
    message = f"a requirement is a level, a Requirement or None, not {wanted!r}"
    raise TypeError(message)
