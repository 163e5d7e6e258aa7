"""What a view of the admin requires, beyond access to the admin itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib.admin import ModelAdmin

from django_ory_mfa.checks.admin import SENSITIVE
from django_ory_mfa.contrib.admin.actions import DELETING, picked_actions
from django_ory_mfa.contrib.admin.inlines import AS_NEW, rows_beside
from django_ory_mfa.contrib.admin.rights import form_gives_rights, list_gives_rights

if TYPE_CHECKING:
    from django.http import HttpRequest

# The views of a ModelAdmin, and their keys in ory_mfa_requirements.
VIEWS = {
    "changelist_view": "changelist",
    "add_view": "add",
    "change_view": "change",
    "changeform_view": "change",
    "delete_view": "delete",
    "history_view": "history",
    "user_change_password": "password",
}
WITH_ACTIONS = frozenset({"changelist", "change", "add"})
# What is done to an object, in whichever form.
OF_OBJECTS = frozenset({"add", "change", "delete"})
ALWAYS_SENSITIVE = frozenset({"delete", "password", DELETING})


def requirements_of(view: Any, request: HttpRequest, object_id: str | None, *, sensitive: Any) -> Iterator[Any]:
    """Yield what ``view`` of the admin requires of ``request``: levels, names of policies or ``Requirement`` values.

    ``sensitive`` is the requirement of the site for sensitive views.
    """
    model_admin, key = place_of(view)
    if key is None:
        return
    keys = {key, *(picked_actions(model_admin, request) if key in WITH_ACTIONS else ())}
    yield from always_asked(model_admin, keys | _more_keys(model_admin, request, key), sensitive=sensitive)
    if key in ("add", "change"):
        for owner, done in rows_beside(model_admin, request, object_id, is_change=key == "change"):
            yield from always_asked(owner, done, sensitive=sensitive)
    if not keys & ALWAYS_SENSITIVE and _gives_rights(model_admin, request, key, object_id):
        yield sensitive


def _more_keys(model_admin: Any, request: HttpRequest, key: str) -> set[str]:
    """Return what else the list or form does: a list may change objects, and a form may add another one."""
    if key == "changelist":
        # A view may set list_editable for this request only.
        is_editable = model_admin.list_editable or "_save" in request.POST
        return {"change"} if is_editable and model_admin.has_change_permission(request) else set()
    return {"add"} if key == "change" and AS_NEW in request.POST else set()


def always_asked(model_admin: Any, keys: set[str], *, sensitive: Any) -> Iterator[Any]:
    """Yield what the views and actions in ``keys`` require of every request."""
    for owner, asked in ((model_admin, keys), *((owner, keys & OF_OBJECTS) for owner in _of_parents(model_admin))):
        declared = declared_by(owner)
        for name in sorted(asked & declared.keys()):
            yield sensitive if declared[name] == SENSITIVE else declared[name]
    if keys & ALWAYS_SENSITIVE:
        yield sensitive


def _of_parents(model_admin: Any) -> Iterator[Any]:
    """Yield the model admins of the models that that of ``model_admin`` inherits from: it changes their objects."""
    site = getattr(model_admin, "admin_site", None)
    for model, owner in () if site is None else site._registry.items():
        if owner is not model_admin and issubclass(model_admin.model, model):
            yield owner


def place_of(view: Any) -> tuple[Any, str | None]:
    """Return the ``ModelAdmin`` whose view this is, and its key; no key for other views of the admin.

    The key of a view that a model admin adds, by itself or by a theme, is its name, if anything is declared for it.
    """
    view = _innermost(view)
    model_admin = getattr(view, "__self__", None)
    if not isinstance(model_admin, ModelAdmin):
        return None, None
    keys = {name: name for name in declared_by(model_admin) if isinstance(name, str)} | VIEWS
    # SECURITY: by what the view is, not by its name, which a decorator may have replaced.
    return model_admin, next((key for name, key in keys.items() if getattr(model_admin, name, None) == view), None)


def names_of_views(model_admin: Any) -> set[str]:
    """Return the names of the views that ``model_admin`` adds to those of Django."""
    views = [_innermost(getattr(pattern, "callback", None)) for pattern in model_admin.get_urls()]
    names = {view.__name__ for view in views if getattr(view, "__self__", None) is model_admin}
    return names - VIEWS.keys()


def _innermost(view: Any) -> Any:
    while not hasattr(view, "__self__") and hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    return view


def declared_by(model_admin: Any) -> dict[str, Any]:
    """Return what ``model_admin`` requires, by view or action; it adds to what the site requires."""
    return dict(getattr(model_admin, "ory_mfa_requirements", None) or {})


def _gives_rights(model_admin: Any, request: HttpRequest, key: str, object_id: str | None) -> bool:
    if key == "changelist":
        return list_gives_rights(model_admin, request)
    return key in ("add", "change") and form_gives_rights(model_admin, request, object_id, is_change=key == "change")
