"""Read what views of Django REST framework and operations of django-ninja require, without importing either."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import getclosurevars, isfunction
from typing import Any

from django_ory_mfa.checks.permissions import Ways, permissions_of, picked_by, required_here, requirements_of, ways_in
from django_ory_mfa.guard.declarations import Declared, declare
from django_ory_mfa.management.report.guards import AUTH, DECORATOR, PERMISSION, Guard, guard_of


def guards_of_api(view: Any) -> Iterator[Guard]:
    """Return the guards inside of a view of an API."""
    permissions, picker = permissions_of(view), picked_by(view)
    if picker is not None:
        yield Guard(PERMISSION, decided_by=picker, is_of_site=True)
    if permissions:
        yield from _of_permissions(view, ways_in(permissions))
    operations = operations_of(view)
    for operation in operations:
        yield from _of_operation(operation, _methods(operation) if len(operations) > 1 else ())


def methods_of(view: Any) -> tuple[str, ...]:
    """Return the HTTP methods of a path of django-ninja, each of which has its own guards."""
    return tuple(dict.fromkeys(method for operation in operations_of(view) for method in _methods(operation)))


def operations_of(view: Any) -> list[Any]:
    """Return the operations of a path of django-ninja; none for any other view."""
    # Every path of django-ninja has the same wrapper, which knows the operations by its closure.
    owner = getclosurevars(view).nonlocals.get("self") if isfunction(view) else getattr(view, "__self__", None)
    return [operation for operation in getattr(owner, "operations", ()) if hasattr(operation, "view_func")]


def _of_permissions(view: Any, ways: Ways) -> Iterator[Guard]:
    guards = list(_by_ways(PERMISSION, ways))
    yield from guards
    if guards:
        required = requirements_of(view)
        for name, keys in required_here(view).items():
            yield from (_required(required[key], name) for key in keys)


def _required(value: Any, name: str) -> Guard:
    try:
        return guard_of(PERMISSION, declare(requirement=value), (name,))
    except ValueError as error:
        return Guard(PERMISSION, error=str(error), only_for=(name,))


def _methods(operation: Any) -> tuple[str, ...]:
    return tuple(getattr(operation, "methods", ()))


def _of_operation(operation: Any, only_for: tuple[str, ...]) -> Iterator[Guard]:
    # ninja accepts a request as soon as one of them does.
    asked = [getattr(callback, "ory_mfa_requirement", None) for callback in getattr(operation, "auth_callbacks", ())]
    yield from _by_ways(AUTH, tuple(() if one is None else (one,) for one in asked), only_for)
    for name in ("run", "view_func"):
        declared = getattr(getattr(operation, name, None), "ory_mfa_requirement", None)
        if declared is not None:
            yield guard_of(DECORATOR, declared, only_for)


def _by_ways(origin: str, ways: Ways, only_for: tuple[str, ...] = ()) -> Iterator[Guard]:
    """Return what has to be met whichever way is taken; nothing if one of them is free."""
    if not ways or not all(ways):
        return
    # Three objects of ninja that differ in their documentation only are one way.
    alternatives = list(dict.fromkeys(ways))
    if len(alternatives) == 1:
        yield from (guard_of(origin, declared, only_for) for declared in dict.fromkeys(alternatives[0]))
    else:
        said = " or ".join(" and ".join(_said(declared) for declared in way) for way in alternatives)
        yield Guard(origin, decided_by=said, only_for=only_for)


def _said(declared: Declared) -> str:
    guard = guard_of(PERMISSION, declared)
    if guard.requirement is None:
        return str(guard.decided_by or guard.error)
    extra = [name for name in ("max_age", "methods") if getattr(guard.requirement, name) is not None]
    return guard.requirement.aal + (f" with {' and '.join(extra)}" if extra else "")
