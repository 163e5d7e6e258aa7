"""Read what permissions of Django REST framework require, from its views and without importing the framework."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, product
from typing import Any

from django_ory_mfa.guard.declarations import Declared, class_of, declarations_in, keys_for, parts_of

# Each way in is what has to be met together; one way is enough.
Ways = tuple[tuple[Declared, ...], ...]
OPEN: Ways = ((),)
FRAMEWORK = "rest_framework."
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def permissions_of(view: Any) -> tuple[Any, ...] | None:
    """Return the permissions of ``view``; None for other views, and where a class picks them when a request comes."""
    picks = getattr(class_of(view), "get_permissions", None)
    if picks is None or picked_by(view) is not None:
        return None
    return tuple(_given(view).get("permission_classes", getattr(class_of(view), "permission_classes", ())))


def picked_by(view: Any) -> str | None:
    """Return the dotted name of what picks the permissions of ``view`` when a request comes; None if nothing does."""
    picks = getattr(class_of(view), "get_permissions", None)
    if picks is None or str(picks.__module__).startswith(FRAMEWORK):
        return None
    return f"{picks.__module__}.{picks.__qualname__}"


def requirements_of(view: Any) -> dict[Any, Any]:
    """Return ``ory_mfa_requirements`` of ``view`` or its class, if it is one of Django REST framework."""
    view_class = class_of(view)
    if not hasattr(view_class, "get_permissions"):
        return {}
    given = _given(view).get("ory_mfa_requirements", getattr(view_class, "ory_mfa_requirements", None))
    return given if isinstance(given, dict) else {}


def required_here(view: Any) -> dict[str, list[Any]]:
    """Return the keys of ``ory_mfa_requirements`` that hold for each action and HTTP method that ``view`` answers."""
    required = requirements_of(view)
    found = {name: keys_for(class_of(view), required, name) for name in names_here(view)}
    return {name: keys for name, keys in found.items() if keys}


def authenticators_of(view: Any) -> tuple[Any, ...]:
    """Return the classes of Django REST framework that find out who sends a request to ``view``."""
    return tuple(_given(view).get("authentication_classes", getattr(class_of(view), "authentication_classes", ())))


def names_here(view: Any) -> tuple[str, ...]:
    """Return the actions and HTTP methods, in capitals, that ``view`` answers."""
    actions: dict[str, str] | None = getattr(view, "actions", None)
    if actions is None:
        return tuple(method for method in METHODS if hasattr(class_of(view), method.lower()))
    return (*actions.values(), *(method.upper() for method in actions))


def _given(view: Any) -> dict[str, Any]:
    """Return the arguments of ``as_view()``, which a router takes from ``@action``."""
    given: dict[str, Any] = getattr(view, "initkwargs", None) or {}
    return given


def ways_in(permissions: Iterable[Any]) -> Ways:
    """Return what has to be met on each way through ``permissions``, all of which have to allow."""
    return tuple(tuple(chain(*chosen)) for chosen in product(*(_ways(permission) for permission in permissions)))


def asks_for_level(permission: Any) -> bool:
    """Whether ``permission`` is an ``AALPermission`` or made of one."""
    return bool(declarations_in(permission))


def negates_level(permission: Any) -> bool:
    """Whether ``permission`` negates a combination in which an ``AALPermission`` is."""
    is_negated = _operator(permission) == "NOT" and asks_for_level(permission)
    return is_negated or any(negates_level(part) for part in parts_of(permission))


def _ways(permission: Any) -> Ways:
    declared, operator = getattr(permission, "ory_mfa_requirement", None), _operator(permission)
    if declared is not None:
        return ((declared,),)
    if operator == "AND":
        return ways_in(parts_of(permission))
    return tuple(chain(*map(_ways, parts_of(permission)))) if operator == "OR" else OPEN


def _operator(permission: Any) -> str:
    return str(getattr(getattr(permission, "operator_class", None), "__name__", ""))
