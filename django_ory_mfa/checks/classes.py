"""Check for class-based views that declare a requirement in attributes that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.checks import CheckMessage, Error

from django_ory_mfa.checks.order import POLICY_MIDDLEWARE, positions
from django_ory_mfa.checks.views import MAYBE_SECOND, NEVER_SECOND, every_view
from django_ory_mfa.guard.declarations import MIXIN, class_of, mixin_of, of_class


def forgotten_mixin(place: str, view_class: str) -> Error:
    """Return E007: a class sets a level that is not enforced."""
    return Error(
        f"{view_class} at {place} sets required_aal, but has no AALRequiredMixin: that level is not enforced.",
        hint=f"Put '{MIXIN}' left of the view class, or use '{POLICY_MIDDLEWARE}', which reads required_aal itself.",
        id="ory_mfa.E007",
    )


def unread_attributes(place: str, view_class: str, names: Sequence[str]) -> checks.Warning:
    """Return W015: a class sets ``max_age`` or ``methods``, and they are not enforced."""
    return checks.Warning(
        f"{view_class} at {place} sets {' and '.join(names)}, but has neither AALRequiredMixin nor required_aal.",
        hint=(
            f"To guard the view, put '{MIXIN}' left of the view class. If these attributes have another meaning there, "
            "silence ory_mfa.W015."
        ),
        id="ory_mfa.W015",
    )


def check_classes(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What classes of views declare is enforced."""
    has_policy = bool(positions(POLICY_MIDDLEWARE))
    return [
        message
        for site_view in every_view()
        for message in _messages(site_view.route, site_view.view, has_policy=has_policy)
    ]


def _messages(place: str, view: Any, *, has_policy: bool) -> Iterator[CheckMessage]:
    view_class = class_of(view)
    if view_class is None or mixin_of(view_class) is not None:
        return
    aal, max_age, methods = of_class(view)
    name = f"{view_class.__module__}.{view_class.__qualname__}"
    if aal is not None:
        if not has_policy:
            yield forgotten_mixin(place, name)
        return
    # Unrelated views may have attributes of these names, so only values that a guard would accept count.
    names = [*(["max_age"] if _is_age(max_age) else []), *(["methods"] if _are_methods(methods) else [])]
    if names:
        yield unread_attributes(place, name, names)


def _is_age(value: object) -> bool:
    if isinstance(value, timedelta):
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def _are_methods(value: object) -> bool:
    return (
        isinstance(value, (list, tuple, set, frozenset)) and bool(value) and set(value) <= MAYBE_SECOND | NEVER_SECOND
    )
