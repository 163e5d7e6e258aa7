"""Which forms of the admin can give somebody rights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from django_ory_mfa.contrib.auth.models import OryIdentity

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.admin import ModelAdmin
    from django.db.models import Model
    from django.http import HttpRequest

OF_USERS = frozenset({"is_staff", "is_superuser", "groups", "user_permissions", "is_active"})
OF_GROUPS = frozenset({"permissions"})
# Who is linked to a user has that user's rights.
OF_LINKS = frozenset({"project", "identity_id", "user"})


def gives_rights(
    model_admin: ModelAdmin[Any], request: HttpRequest, key: str, find_object: Callable[[], Any] | None
) -> bool:
    """Whether the list or form that ``key`` names can give rights, and the user of ``request`` may send it.

    ``find_object`` returns the object of a form, and is called for models that matter only.
    """
    if key == "changelist":
        editable = rights_of(model_admin.model) & _names(model_admin.get_list_display(request), model_admin)
        return bool(editable) and model_admin.has_change_permission(request)
    if key not in ("add", "change"):
        return False
    return _form_gives_rights(model_admin, request, key, find_object) or _inlines_give_rights(model_admin, request)


def rights_of(model: type[Model]) -> frozenset[str]:
    """Return the names of the fields of ``model`` that give rights."""
    if issubclass(model, get_user_model()):
        return OF_USERS
    if issubclass(model, Group):
        return OF_GROUPS
    if issubclass(model, OryIdentity):
        return OF_LINKS
    return frozenset(field.name for field in model._meta.fields) if model in set(_tables_between()) else frozenset()


def _tables_between() -> Iterator[type[Model]]:
    """Yield the models of the rows that connect users, groups and permissions."""
    for model, names in ((get_user_model(), OF_USERS), (Group, OF_GROUPS)):
        for field in model._meta.many_to_many:
            if field.name in names:
                yield field.remote_field.through


def _names(shown: Any, model_admin: ModelAdmin[Any]) -> frozenset[str]:
    return frozenset(model_admin.list_editable).intersection(name for name in shown if isinstance(name, str))


def _form_gives_rights(
    model_admin: ModelAdmin[Any], request: HttpRequest, key: str, find_object: Callable[[], Any] | None
) -> bool:
    rights = rights_of(model_admin.model)
    if not rights:
        return False
    found = None if find_object is None else find_object()
    may_send = model_admin.has_add_permission(request) if key == "add" else _may_change(model_admin, request, found)
    fields = set(flatten_fieldsets(model_admin.get_fieldsets(request, found)))
    return may_send and bool(rights & fields - set(model_admin.get_readonly_fields(request, found)))


def _may_change(model_admin: ModelAdmin[Any], request: HttpRequest, found: Any) -> bool:
    # "Save as new" sends the same form to add another one.
    return model_admin.has_change_permission(request, found) or (
        model_admin.save_as and model_admin.has_add_permission(request)
    )


def _inlines_give_rights(model_admin: ModelAdmin[Any], request: HttpRequest) -> bool:
    return any(rights_of(inline.model) for inline in model_admin.get_inline_instances(request))
