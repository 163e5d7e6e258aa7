"""Which lists and forms of the admin can give rights to a user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user_model
from django.utils.module_loading import import_string

from django_ory_mfa.checks.users import USER_SYNC
from django_ory_mfa.conf import conf

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest

OF_USERS = frozenset({"is_staff", "is_superuser", "groups", "user_permissions", "is_active", "password"})
OF_GROUPS = frozenset({"permissions"})
# A person who is linked to a user has the rights of that user.
OF_LINKS = frozenset({"project", "identity_id", "user"})
# Changing these changes what the holders of a permission may do.
OF_PERMISSIONS = frozenset({"codename", "content_type"})
OF_CONTENT_TYPES = frozenset({"app_label", "model"})
GROUP = ("auth", "group")
LINK = ("ory_mfa_auth", "oryidentity")
PERMISSION = ("auth", "permission")
CONTENT_TYPE = ("contenttypes", "contenttype")
BY_PLACE = {GROUP: OF_GROUPS, LINK: OF_LINKS, PERMISSION: OF_PERMISSIONS, CONTENT_TYPE: OF_CONTENT_TYPES}


def list_gives_rights(model_admin: Any, request: HttpRequest) -> bool:
    """Whether the user of ``request`` can change rights in the list of ``model_admin``."""
    # SECURITY: Django saves all of list_editable, also columns that it does not show to this person.
    editable = rights_of(model_admin.model).intersection(model_admin.list_editable)
    return bool(editable) and bool(model_admin.has_change_permission(request))


def form_gives_rights(model_admin: Any, request: HttpRequest, object_id: str | None, *, is_change: bool) -> bool:
    """Whether a form of ``model_admin`` can give rights, and the user of ``request`` may send it."""
    if not is_change:
        return _gives_rights(model_admin, request, None)
    found = object_of(model_admin, request, object_id)
    # Django adds another object when this is sent, even if the form has no such button.
    is_also_add = model_admin.save_as or "_saveasnew" in request.POST
    if found is None:
        # SECURITY: an object that is not found here is not found by the view either.
        return bool(rights_of(model_admin.model))
    return _gives_rights(model_admin, request, found) or (is_also_add and _gives_rights(model_admin, request, None))


def rights_of(model: type[Model]) -> frozenset[str]:
    """Return the names of the fields of ``model`` that give rights."""
    users = get_user_model()
    # A model that users inherit from may hold their rights.
    if issubclass(model, users) or issubclass(users, model):
        return OF_USERS | _of_linking()
    for place, rights in BY_PLACE.items():
        if issubclass(model, _found(place)):
            return rights
    return frozenset(field.name for field in model._meta.fields) if _is_between(model) else frozenset()


def _of_linking() -> frozenset[str]:
    """Return the field by which a new identity may be linked to an existing user."""
    path = conf.user_sync
    # Every other existing() is that of VerifiedEmailSync, or a site's own.
    links = path is not None and import_string(path).existing is not import_string(USER_SYNC).existing
    return frozenset({get_user_model().get_email_field_name()}) if links else frozenset()


def _found(place: tuple[str, str]) -> tuple[type[Model], ...]:
    # Their apps may be missing, which the checks report.
    model = apps.all_models[place[0]].get(place[1])
    return () if model is None else (model,)


def _is_between(model: type[Model]) -> bool:
    """Whether rows of ``model`` connect users, groups and permissions."""
    owners: tuple[Any, ...] = (get_user_model(), *_found(GROUP))
    fields = [field for owner in owners for field in owner._meta.many_to_many if field.name in OF_USERS | OF_GROUPS]
    return issubclass(model, tuple(field.remote_field.through for field in fields))


def object_of(model_admin: Any, request: HttpRequest, object_id: str | None) -> Any:
    """Return the object whose form is requested; None if there is none, or if that field may not look it up."""
    to_field = request.POST.get(TO_FIELD_VAR, request.GET.get(TO_FIELD_VAR))
    if object_id is None or (to_field and not model_admin.to_field_allowed(request, to_field)):
        return None
    return model_admin.get_object(request, unquote(object_id), to_field)


def _gives_rights(model_admin: Any, request: HttpRequest, found: Any) -> bool:
    """Whether the form for ``found``, None to add one, can be sent and gives rights by itself or by an inline."""
    is_change = found is not None
    may_send = (
        model_admin.has_change_permission(request, found) if is_change else model_admin.has_add_permission(request)
    )
    if not may_send:
        return False
    rights = rights_of(model_admin.model)
    if rights and not rights.isdisjoint(_written_by(model_admin.get_form(request, found, change=is_change))):
        return True
    return any(_inline_gives_rights(one, request, found) for one in model_admin.get_inline_instances(request, found))


def _inline_gives_rights(inline: Any, request: HttpRequest, found: Any) -> bool:
    rights = rights_of(inline.model)
    may_send = (
        inline.has_add_permission(request, found)
        or inline.has_change_permission(request, found)
        or inline.has_delete_permission(request, found)
    )
    if not rights or not may_send:
        return False
    # A row between a user and a group gives rights by being there, whatever can be written in it.
    return _is_between(inline.model) or not rights.isdisjoint(_written_by(inline.get_formset(request, found).form))


def _written_by(form: Any) -> set[str]:
    """Return the names of the fields of ``form``, without a password that is only shown."""
    return {name for name, field in form.base_fields.items() if name != "password" or not field.disabled}
