"""Check views of Django REST framework: levels that are not enforced, or not documented."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error

from django_ory_mfa.checks.order import USER_MIDDLEWARE, positions
from django_ory_mfa.checks.permissions import (
    METHODS,
    asks_for_level,
    authenticators_of,
    negates_level,
    permissions_of,
    required_here,
    requirements_of,
    ways_in,
)
from django_ory_mfa.checks.views import every_view
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.guard.declarations import class_of, declare

PACKAGE = "django_ory_mfa.contrib.rest_framework"
HOOK = f"{PACKAGE}.spectacular_hook"
AUTHENTICATION = f"{PACKAGE}.authentication.OryAuthentication"
FRAMEWORKS_HANDLER = "rest_framework.views.exception_handler"
DJANGO_SIGN_IN = "rest_framework.authentication.SessionAuthentication"

W040 = checks.Warning(
    "Views ask for levels by AALPermission, and drf-spectacular does not document the refusals.",
    hint=f"Add '{HOOK}' to POSTPROCESSING_HOOKS of SPECTACULAR_SETTINGS.",
    id="ory_mfa.W040",
)

W043 = checks.Warning(
    "Views use AALPermission or OryAuthentication with the exception handler of Django REST framework.",
    hint=(
        "It gives refusals no error id, and tells everybody during an outage of Ory to sign in again (401). Set "
        f"EXCEPTION_HANDLER of REST_FRAMEWORK to '{PACKAGE}.exception_handler', or call denial_response() in your own."
    ),
    id="ory_mfa.W043",
)


def negated_level(place: str) -> Error:
    """Return E040: a permission would allow every request during an outage."""
    return Error(
        f"A permission of {place} negates a combination with AALPermission.",
        hint="AALPermission refuses during an outage of Ory, so its negation would allow every request. Remove `~`.",
        id="ory_mfa.E040",
    )


def unread_requirements(place: str, names: Iterable[str]) -> Error:
    """Return E041: a view has requirements for actions or HTTP methods that nothing enforces."""
    return Error(
        f"{place} has ory_mfa_requirements for {', '.join(names)}, but no AALPermission that reads them.",
        hint=f"Add '{PACKAGE}.AALPermission' to its permission_classes, or to those of the @action.",
        id="ory_mfa.E041",
    )


def odd_requirements(place: str, problem: str) -> Error:
    """Return E042: a view has invalid requirements."""
    return Error(
        f"ory_mfa_requirements of {place} are invalid: {problem}",
        hint=(
            "Keys are actions of a ViewSet or HTTP methods in capitals; values are levels, names in "
            "ORY_MFA_POLICIES or Requirements."
        ),
        id="ory_mfa.E042",
    )


def other_authenticators(place: str, others: Sequence[str]) -> checks.Warning:
    """Return W041: clients that sign in without Ory are refused, or use two sign-ins."""
    return checks.Warning(
        f"{place} always requires AALPermission, but {', '.join(others)} accepts users who may not be Ory's.",
        hint=(
            "AALPermission refuses users who are not the person of the Ory session. Put OryAuthentication alone into "
            "its authentication_classes, or let another permission decide on other clients: AALPermission | Other."
        ),
        id="ory_mfa.W041",
    )


def idle_requirement(place: str, name: str) -> checks.Warning:
    """Return W042: a requirement names a function of a ViewSet that no route runs."""
    return checks.Warning(
        f"ory_mfa_requirements of {place} name {name!r}, which no route runs as an action.",
        hint="Name the actions that a router or as_view() binds to HTTP methods, or the methods in capitals.",
        id="ory_mfa.W042",
    )


def check_authenticators(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Where every combination of permissions requires a level, only Ory's sign-in is accepted."""
    found = {_place(site_view.view): _others(site_view.view) for site_view in every_view()}
    return [other_authenticators(place, others) for place, others in found.items() if others]


def check_permissions(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What permissions and ``ory_mfa_requirements`` require is enforced, also during an outage."""
    views = [site_view.view for site_view in every_view()]
    messages = [message for view in views for message in _messages(view)]
    # A router has the same class at many places.
    return [*{str(message): message for message in messages}.values(), *_idle(views)]


def check_spectacular(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """drf-spectacular documents the refusals."""
    if not apps.is_installed("drf_spectacular"):
        return []
    hooks = getattr(settings, "SPECTACULAR_SETTINGS", {}).get("POSTPROCESSING_HOOKS", ())
    is_there = any(str(getattr(hook, "__module__", hook)).startswith(PACKAGE) for hook in hooks)
    return [] if is_there or not any(_asks(site_view.view) for site_view in every_view()) else [W040]


def check_exception_handler(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refusals of views of Django REST framework are answered by our handler, or by one of the site."""
    handler = getattr(settings, "REST_FRAMEWORK", {}).get("EXCEPTION_HANDLER", FRAMEWORKS_HANDLER)
    if handler != FRAMEWORKS_HANDLER:
        return []
    return [W043] if any(_has_frameworks_handler(site_view.view) for site_view in every_view()) else []


def _has_frameworks_handler(view: Any) -> bool:
    picks = getattr(class_of(view), "get_exception_handler", None)
    is_ours = _asks(view) or any(AUTHENTICATION in _names(one) for one in authenticators_of(view))
    return is_ours and str(getattr(picks, "__module__", "")).startswith("rest_framework.")


def _asks(view: Any) -> bool:
    return any(asks_for_level(permission) for permission in permissions_of(view) or ())


def _idle(views: list[Any]) -> list[CheckMessage]:
    # A router has the actions of one class at different places.
    run = {(_place(view), key) for view in views for keys in required_here(view).values() for key in keys}
    named = {(_place(view), name) for view in views for name in requirements_of(view) if _is_function(view, name)}
    return [idle_requirement(place, name) for place, name in sorted(named - run)]


def _is_function(view: Any, name: Any) -> bool:
    """Whether ``view`` is a ViewSet with a function called ``name``."""
    return isinstance(name, str) and hasattr(view, "actions") and callable(getattr(class_of(view), name, None))


def _place(view: Any) -> str:
    # The framework makes a class for a function, with the same name.
    view_class = class_of(view)
    return f"{getattr(view_class, '__module__', '')}.{getattr(view_class, '__name__', '')}"


def _others(view: Any) -> list[str]:
    """Return the names of the authenticators of ``view`` whose users are not Ory's, if every way in needs a level."""
    if not all(ways_in(permissions_of(view) or ())):
        return []
    # It takes request.user of Django, which OryUserMiddleware makes that of Ory.
    fine = {AUTHENTICATION, *([DJANGO_SIGN_IN] if positions(USER_MIDDLEWARE) else [])}
    classes = authenticators_of(view)
    return list(dict.fromkeys(one.__name__ for one in classes if _names(one).isdisjoint(fine)))


def _names(authenticator: type) -> set[str]:
    return {f"{base.__module__}.{base.__qualname__}" for base in authenticator.__mro__}


def _messages(view: Any) -> Iterator[CheckMessage]:
    permissions, required = permissions_of(view), requirements_of(view)
    place = _place(view)
    if any(negates_level(permission) for permission in permissions or ()):
        yield negated_level(place)
    yield from (odd_requirements(place, problem) for problem in _problems(view, required))
    # Unknown for a class that picks its permissions at each request.
    if permissions is not None and not _asks(view) and required_here(view):
        yield unread_requirements(place, required_here(view))


def _problems(view: Any, required: dict[Any, Any]) -> Iterator[str]:
    for name, value in required.items():
        if name not in METHODS and not _is_function(view, name):
            yield f"{name!r} is neither an action nor an HTTP method in capitals."
        if not isinstance(value, (str, Requirement)) and not callable(value):
            yield f"{value!r} for {name!r} is not a requirement."
            continue
        try:
            declare(requirement=value)
        except ValueError as error:
            yield f"{name!r}: {error}."
