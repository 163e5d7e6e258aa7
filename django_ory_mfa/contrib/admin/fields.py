"""Which models hold the rights of users, and which of their fields give none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.utils.module_loading import import_string

from django_ory_mfa.checks.users import USER_SYNC, has_own_find
from django_ory_mfa.conf import conf

if TYPE_CHECKING:
    from django.db.models import Model

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


def give_rights(names: Iterable[str], owner: Any, *, is_new: bool = False) -> bool:
    """Whether writing the fields ``names`` gives rights; ``owner`` is the model admin or inline that shows them."""
    # SECURITY: what gives rights is called otherwise in models and forms of sites, so every other field does.
    return holds_rights(owner) and not _harmless(owner, is_new=is_new).issuperset(names)


def holds_rights(owner: Any) -> bool:
    """Whether some field of the model of ``owner`` gives rights."""
    return _is_of_users(owner) or _place_of(owner) is not None or is_between(owner)


def is_between(owner: Any) -> bool:
    """Whether rows of ``owner`` connect users, groups and permissions, or users with what else may give rights."""
    harmless = _said_to_be_harmless(owner)
    fields: list[Any] = [field for field in get_user_model()._meta.many_to_many if field.name not in harmless]
    fields += [field for group in _found(GROUP) for field in group._meta.many_to_many if field.name in OF_GROUPS]
    return not _tables(owner.model).keys().isdisjoint(_table(field.remote_field.through) for field in fields)


def _is_of_users(owner: Any) -> bool:
    mine, theirs = _tables(owner.model), _tables(get_user_model())
    shared = mine.keys() & theirs.keys()
    # A model that users inherit from may hold their rights, and so may what another model inherits with them.
    if not shared.isdisjoint(map(_table, (owner.model, get_user_model()))):
        return True
    harmless = HARMLESS | _said_to_be_harmless(owner)
    return any(name not in harmless or name in _of_linking() for name in _fields_of(map(mine.get, shared)))


def _tables(model: Any) -> dict[str, Any]:
    """Return the models with a table that make up ``model``, by their tables; proxies have none."""
    # SECURITY: by the table, as another model may be written for it.
    return {_table(one): one._meta.concrete_model for one in (model, *model._meta.get_parent_list())}


def _table(model: Any) -> str:
    """Return the name of the table of ``model``, however a site spells it: with quotes, capitals or the schema."""
    name: str = model._meta.db_table.lower().rpartition(".")[2]
    return name.strip('"`[]')


def _is_twin(model: Any, known: Any) -> bool:
    """Whether ``model`` is another model for a table of ``known``, so that the names of its fields say nothing."""
    mine, theirs = _tables(model), _tables(known)
    return any(mine[name] is not theirs[name] for name in mine.keys() & theirs.keys())


def _fields_of(models: Iterable[Any]) -> set[str]:
    """Return the names of the fields in the tables of ``models``, without primary keys."""
    fields = [field for one in models for field in (*one._meta.local_fields, *one._meta.local_many_to_many)]
    return {field.name for field in fields if not field.primary_key}


def _harmless(owner: Any, *, is_new: bool) -> frozenset[str]:
    """Return the names of the fields that give no rights."""
    if _is_of_users(owner):
        return _harmless_of_users(owner, is_new=is_new)
    place = _place_of(owner)
    if place is None or any(_is_twin(owner.model, one) for one in _found(place)):
        return frozenset()
    known = frozenset(HARMLESS_OF[place])
    return (known | (_said_to_be_harmless(owner) - OF_GROUPS)) - _of_managing() if place == GROUP else known


def _harmless_of_users(owner: Any, *, is_new: bool) -> frozenset[str]:
    users = get_user_model()
    mine, theirs = _tables(owner.model), _tables(users)
    usual: frozenset[str] = frozenset()
    # Where one of these is a property, any field may decide what it returns.
    if {"is_staff", "is_superuser"} <= {field.name for field in users._meta.fields}:
        usual = HARMLESS | {users.USERNAME_FIELD, users.get_email_field_name()} | (NEW_PASSWORD if is_new else set())
    if _is_twin(owner.model, users):
        usual = frozenset()
    elif _table(users) not in mine:
        # What another model has beside the fields that it inherits with users.
        usual |= _fields_of(map(mine.get, mine.keys() - theirs.keys()))
    # SECURITY: with another key, Django saves over the row that has it.
    keys = () if is_new else {one._meta.pk.name for one in mine.values()}
    return (usual | _said_to_be_harmless(owner)) - _of_linking() - frozenset(keys)


def _said_to_be_harmless(owner: Any) -> frozenset[str]:
    """Return the names of the fields of users that give no rights, as the site says."""
    return frozenset(getattr(owner.admin_site, "harmless_user_fields", ())) - OF_USERS


def _place_of(owner: Any) -> tuple[str, str] | None:
    """Return which model of Django or ours holds the rights of ``owner``; None for users and all others."""
    mine = _tables(owner.model)
    return next((place for place in HARMLESS_OF if any(_table(one) in mine for one in _found(place))), None)


def _of_linking() -> frozenset[str]:
    """Return the fields by which a new identity may be linked to an existing user."""
    users = get_user_model()
    if not has_own_find():
        existing = None if conf.user_sync is None else import_string(conf.user_sync).existing
        if existing is None or existing is import_string(USER_SYNC).existing:
            return frozenset()
        if existing is import_string(BY_EMAIL).existing:
            return frozenset({users.get_email_field_name()})
    # SECURITY: code of the site may go by the name, too.
    return frozenset({users.get_email_field_name(), users.USERNAME_FIELD})


def _of_managing() -> frozenset[str]:
    """Return the fields by which a group is found that Ory says whose it is."""
    is_managed = conf.user_sync is not None and import_string(conf.user_sync).managed_groups
    return frozenset({"name"}) if is_managed else frozenset()


def _found(place: tuple[str, str]) -> tuple[type[Model], ...]:
    # Their apps may be missing, which the checks report.
    model = apps.all_models[place[0]].get(place[1])
    return () if model is None else (model,)
