"""What a view of the admin asks for, beside what it takes to come in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import unquote

from django_ory_mfa.contrib.admin.rights import gives_rights

if TYPE_CHECKING:
    from django.http import HttpRequest

# The methods of a ModelAdmin that are views, and their keys in ory_mfa_requirements.
KEYS = {
    "changelist_view": "changelist",
    "add_view": "add",
    "change_view": "change",
    "delete_view": "delete",
    "history_view": "history",
    "user_change_password": "password",
}
SENSITIVE = "sensitive"
ALWAYS_SENSITIVE = frozenset({"delete", "password", "delete_selected"})


def requirements_of(view: Any, request: HttpRequest, object_id: str | None, *, sensitive: Any) -> Iterator[Any]:
    """Yield what ``view`` of the admin asks of ``request``: levels, names of policies or ``Requirement`` values.

    ``sensitive`` is what the site asks for where something is sensitive.
    """
    model_admin = getattr(view, "__self__", None)
    key = KEYS.get(getattr(view, "__name__", ""))
    if not isinstance(model_admin, ModelAdmin) or key is None:
        return
    keys = {key, *_actions(request, key)}
    declared = declared_by(model_admin)
    for name in sorted(keys & declared.keys()):
        yield sensitive if declared[name] == SENSITIVE else declared[name]
    if keys & ALWAYS_SENSITIVE or gives_rights(model_admin, request, key, _object(model_admin, request, object_id)):
        yield sensitive


def declared_by(model_admin: Any) -> dict[str, Any]:
    """Return what ``model_admin`` asks for, by view or action; it adds to what the site asks for."""
    return dict(getattr(model_admin, "ory_mfa_requirements", None) or {})


def _actions(request: HttpRequest, key: str) -> list[str]:
    # SECURITY: both bars of the list are sent, and which one counts is up to the sender: what either picks is asked for.
    return request.POST.getlist("action") if key == "changelist" and request.method == "POST" else []


def _object(model_admin: ModelAdmin[Any], request: HttpRequest, object_id: str | None) -> Any:
    return None if object_id is None else lambda: model_admin.get_object(request, unquote(object_id))
