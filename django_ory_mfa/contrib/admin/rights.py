"""Which lists and forms of the admin can give rights to a user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.utils.module_loading import import_string

from django_ory_mfa.checks.users import USER_SYNC
from django_ory_mfa.conf import conf
from django_ory_mfa.contrib.admin.inlines import every_inline, inlines_in, nested_inlines, object_of
from django_ory_mfa.contrib.admin.own_code import is_own

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest

BY_EMAIL = "django_ory_mfa.contrib.auth.sync.VerifiedEmailSync"
# No site can take these for harmless.
OF_USERS = frozenset({"is_staff", "is_superuser", "groups", "user_permissions", "is_active", "password"})
HARMLESS = frozenset({"username", "first_name", "last_name", "email", "date_joined", "last_login"})
# Fields of the forms of Django that add a user.
NEW_PASSWORD = frozenset({"password1", "password2", "usable_password"})
OF_GROUPS = frozenset({"permissions"})
GROUP = ("auth", "group")
LINK = ("ory_mfa_auth", "oryidentity")
PERMISSION = ("auth", "permission")
CONTENT_TYPE = ("contenttypes", "contenttype")
# The fields that give no rights. A person who is linked to a user has the rights of that user; what a permission or a
# content type stands for is what the holders of a permission may do.
HARMLESS_OF = {GROUP: {"name"}, PERMISSION: {"name"}, LINK: frozenset(), CONTENT_TYPE: frozenset()}


def list_gives_rights(model_admin: Any, request: HttpRequest) -> bool:
    """Whether the user of ``request`` can change rights in the list of ``model_admin``."""
    # SECURITY: Django saves all of list_editable, also columns that it does not show to this person. A view may set it
    # for this request only, so every list that is sent counts.
    is_editable = "_save" in request.POST or give_rights(model_admin.list_editable, model_admin)
    return is_editable and holds_rights(model_admin) and bool(model_admin.has_change_permission(request))


def form_gives_rights(model_admin: Any, request: HttpRequest, object_id: str | None, *, is_change: bool) -> bool:
    """Whether a form of ``model_admin`` can give rights, and the user of ``request`` may send it."""
    if not is_change:
        return _gives_rights(model_admin, request, None)
    # Django adds another object when this is sent, even if the form has no such button.
    is_also_add = model_admin.save_as or "_saveasnew" in request.POST
    return _change_gives_rights(model_admin, request, object_id) or (
        is_also_add and _gives_rights(model_admin, request, None)
    )


def _change_gives_rights(model_admin: Any, request: HttpRequest, object_id: str | None) -> bool:
    found = object_of(model_admin, request, object_id)
    if found is not None:
        return _gives_rights(model_admin, request, found)
    # SECURITY: an object that is not found by its id is not found by Django's view either. Who may change none is
    # refused by Django, there or not, and must not be told apart here.
    return holds_rights(model_admin) and (object_id is None or bool(model_admin.has_change_permission(request)))


def give_rights(names: Iterable[str], owner: Any, *, is_new: bool = False) -> bool:
    """Whether writing the fields ``names`` gives rights; ``owner`` is the model admin or inline that shows them."""
    # SECURITY: what gives rights is called otherwise in models and forms of sites, so every other field does.
    return holds_rights(owner) and not _harmless(owner, is_new=is_new).issuperset(names)


def holds_rights(owner: Any) -> bool:
    """Whether some field of the model of ``owner`` gives rights."""
    return _is_of_users(owner) or _place_of(owner) is not None or _is_between(owner)


def may_hold_rights(model_admin: Any, request: HttpRequest, object_id: str | None = None) -> bool:
    """Whether the model of ``model_admin``, or of a row in its forms, has a field that gives rights.

    These are the form to add an object and, if ``object_id`` names one, the form to change that object.
    """
    if holds_rights(model_admin) or _has_rights_in_rows(model_admin, request, None):
        return True
    found = object_of(model_admin, request, object_id)
    return found is not None and _has_rights_in_rows(model_admin, request, found)


def _has_rights_in_rows(model_admin: Any, request: HttpRequest, found: Any) -> bool:
    return any(map(holds_rights, every_inline(model_admin, request, found)))


def _is_of_users(owner: Any) -> bool:
    mine, theirs = _tables(owner.model), _tables(get_user_model())
    shared = mine & theirs
    # A model that users inherit from may hold their rights, and so may what another model inherits with them.
    if owner.model._meta.concrete_model in shared or get_user_model()._meta.concrete_model in shared:
        return True
    return not _fields_of(shared) <= HARMLESS | _said_to_be_harmless(owner)


def _tables(model: Any) -> set[Any]:
    """Return the models with a table that make up ``model``; proxies have none."""
    return {one._meta.concrete_model for one in (model, *model._meta.get_parent_list())}


def _fields_of(tables: set[Any]) -> set[str]:
    """Return the names of the fields in ``tables``, without primary keys."""
    fields = [field for one in tables for field in (*one._meta.local_fields, *one._meta.local_many_to_many)]
    return {field.name for field in fields if not field.primary_key}


def _harmless(owner: Any, *, is_new: bool) -> frozenset[str]:
    """Return the names of the fields that give no rights."""
    if _is_of_users(owner):
        return _harmless_of_users(owner, is_new=is_new)
    place = _place_of(owner)
    known = frozenset() if place is None else frozenset(HARMLESS_OF[place])
    return known | (_said_to_be_harmless(owner) - OF_GROUPS if place == GROUP else frozenset())


def _harmless_of_users(owner: Any, *, is_new: bool) -> frozenset[str]:
    users = get_user_model()
    usual: frozenset[str] = frozenset()
    # Where one of these is a property, any field may decide what it returns.
    if {"is_staff", "is_superuser"} <= {field.name for field in users._meta.fields}:
        usual = HARMLESS | {users.USERNAME_FIELD, users.get_email_field_name()} | (NEW_PASSWORD if is_new else set())
    if users._meta.concrete_model not in _tables(owner.model):
        # What another model has beside the fields that it inherits with users.
        usual |= _fields_of(_tables(owner.model) - _tables(users))
    return (usual | _said_to_be_harmless(owner)) - _of_linking()


def _said_to_be_harmless(owner: Any) -> frozenset[str]:
    """Return the names of the fields of users that give no rights, as the site says."""
    return frozenset(getattr(owner.admin_site, "harmless_user_fields", ())) - OF_USERS


def _place_of(owner: Any) -> tuple[str, str] | None:
    """Return which model of Django or ours holds the rights of ``owner``; None for users and all others."""
    return next((place for place in HARMLESS_OF if issubclass(owner.model, _found(place))), None)


def _of_linking() -> frozenset[str]:
    """Return the fields by which a new identity may be linked to an existing user."""
    if conf.user_sync is None:
        return frozenset()
    existing, users = import_string(conf.user_sync).existing, get_user_model()
    if existing is import_string(USER_SYNC).existing:
        return frozenset()
    by_email = frozenset({users.get_email_field_name()})
    # SECURITY: one of a site's own may go by the name, too.
    return by_email if existing is import_string(BY_EMAIL).existing else by_email | {users.USERNAME_FIELD}


def _found(place: tuple[str, str]) -> tuple[type[Model], ...]:
    # Their apps may be missing, which the checks report.
    model = apps.all_models[place[0]].get(place[1])
    return () if model is None else (model,)


def _is_between(owner: Any) -> bool:
    """Whether rows of ``owner`` connect users, groups and permissions, or users with what else may give rights."""
    harmless = _said_to_be_harmless(owner)
    fields: list[Any] = [field for field in get_user_model()._meta.many_to_many if field.name not in harmless]
    fields += [field for group in _found(GROUP) for field in group._meta.many_to_many if field.name in OF_GROUPS]
    return issubclass(owner.model, tuple(field.remote_field.through for field in fields))


def _gives_rights(model_admin: Any, request: HttpRequest, found: Any) -> bool:
    """Whether the form for ``found``, None to add one, can be sent and gives rights by itself or by an inline."""
    is_change = found is not None
    may_send = (
        model_admin.has_change_permission(request, found) if is_change else model_admin.has_add_permission(request)
    )
    if not may_send:
        return False
    if holds_rights(model_admin):
        form = model_admin.get_form(request, found, change=is_change)
        # Made only if its class does not tell: that may cost queries.
        written = _written_by(model_admin, form, request, found)
        if any(give_rights(names, model_admin, is_new=not is_change) for names in written):
            return True
    return any(_inline_gives_rights(one, request, found) for one in inlines_in(model_admin, request, found))


def _inline_gives_rights(inline: Any, request: HttpRequest, found: Any) -> bool:
    """Whether rows of ``inline``, or of an inline in these, can be sent and give rights."""
    if holds_rights(inline) and _may_send(inline, request, found) and _row_gives_rights(inline, request, found):
        return True
    # SECURITY: which fields a nested row has depends on the row that it is in.
    nested = nested_inlines(inline, request, found)
    return any(holds_rights(one) and _may_send(one, request, found) for one in nested)


def _row_gives_rights(inline: Any, request: HttpRequest, found: Any) -> bool:
    # A row between a user and a group gives rights by being there, whatever can be written in it.
    if _is_between(inline):
        return True
    formset = inline.get_formset(request, found)
    # SECURITY: which fields rows get by code of the site is not known before they are made.
    has_own_fields = is_own(formset, "add_fields") or is_own(formset.form, "__init__")
    return has_own_fields or give_rights(_names(formset.form.base_fields), inline)


def _may_send(inline: Any, request: HttpRequest, found: Any) -> bool:
    return bool(
        inline.has_add_permission(request, found)
        or inline.has_change_permission(request, found)
        or inline.has_delete_permission(request, found)
    )


def _written_by(model_admin: Any, form: Any, request: HttpRequest, found: Any) -> Iterator[set[str]]:
    """Yield the names of the fields of the class ``form``, and then those of a form, which may cost queries."""
    yield _names(form.base_fields)
    # SECURITY: a form may add fields when it is made, as Django makes it.
    if request.method == "POST":
        made = form(request.POST, request.FILES, instance=found)
    elif found is None:
        made = form(initial=model_admin.get_changeform_initial_data(request))
    else:
        made = form(instance=found)
    yield _names(made.fields)


def _names(fields: Any) -> set[str]:
    """Return the names of ``fields``, without a password that is only shown."""
    return {name for name, field in fields.items() if name != "password" or not field.disabled}
