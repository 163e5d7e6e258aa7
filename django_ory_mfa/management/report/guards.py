"""The guards of a view, and where they are declared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.guard.declarations import Configured, Declared, class_of
from django_ory_mfa.guard.site_policy import Origin

DECORATOR = "decorator"
PERMISSION = "permission"
AUTH = "auth"


@dataclass(frozen=True, slots=True)
class Guard:
    """A guard of a view, and what it requires; all None if it requires nothing."""

    origin: str
    requirement: Requirement | None = None
    #: The dotted name of what decides when a request comes.
    decided_by: str | None = None
    #: The setting and the view contradict one another: every request fails.
    error: str | None = None
    #: Only for these actions and HTTP methods; empty: for all.
    only_for: tuple[str, ...] = ()
    #: Only on these paths, of those that were tried; empty: on every path.
    paths: tuple[str, ...] = ()
    #: The site's code chooses it at each request, and it may be none of ours.
    is_of_site: bool = False

    @property
    def asks(self) -> bool:
        """Whether it can refuse anybody."""
        says_nothing = self.requirement is None and self.decided_by is None and self.error is None
        return not says_nothing and self.origin != Origin.REPORT_ONLY


def guard_of(origin: str, declared: Declared | None, only_for: tuple[str, ...] = ()) -> Guard:
    """Return the guard that asks for what is declared."""
    if isinstance(declared, Configured):
        try:
            return Guard(origin, declared.requirement(), only_for=only_for)
        except ImproperlyConfigured as error:
            return Guard(origin, error=str(error), only_for=only_for)
    if declared is None or isinstance(declared, Requirement):
        return Guard(origin, declared, only_for=only_for)
    return Guard(origin, decided_by=dotted_name(declared), only_for=only_for)


def dotted_name(thing: Any) -> str:
    """Where a view, a class or a callable is written."""
    thing = class_of(thing) or thing
    while isinstance(thing, partial):
        thing = thing.func
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{named.__module__}.{named.__qualname__}"
