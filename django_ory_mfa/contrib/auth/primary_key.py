"""The primary key of a user, which never changes."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

OTHER_KEY = (
    "fields() of the class in ORY_MFA_USER_SYNC returned another primary key than the user has. A user keeps it: leave "
    "it out, or find the user by existing()."
)


def without_key(values: dict[str, Any], user: Any) -> dict[str, Any]:
    """Return ``values`` of fields without the primary key of ``user``.

    A name or an e-mail address that is the key stays as it was. Raises ``ImproperlyConfigured`` for any other new key.
    """
    keys: dict[str, Any] = {"pk": user._meta.pk}
    # Those of the models that it inherits from, too: Django would save to their rows.
    for field in user._meta.concrete_fields:
        if field.primary_key:
            keys |= {field.name: field, field.attname: field}
    # Ory decides on these by default, and lets people change them.
    kept = {user.USERNAME_FIELD, user.get_email_field_name()}
    # SECURITY: with the key of another row, the user of the request would be that one.
    if any(_is_other(user, keys[name], values[name]) for name in (keys.keys() & values.keys()) - kept):
        raise ImproperlyConfigured(OTHER_KEY)
    return {name: value for name, value in values.items() if name not in keys}


def change(user: Any, values: dict[str, Any]) -> set[str]:
    """Give ``user`` these values of fields and properties; return the names of the fields to save.

    Raises ``ImproperlyConfigured`` if a property sets another primary key.
    """
    fields = user._meta.concrete_fields
    before = {field.attname: getattr(user, field.attname) for field in fields}
    properties = {name for name in values if isinstance(getattr(type(user), name), property)}
    for name, value in values.items():
        if name in properties or getattr(user, name) != value:
            setattr(user, name, value)
    # A property may also change what a field contains.
    changed = {
        name
        for name, value in before.items()
        if getattr(user, name) is not value or (properties and isinstance(value, (dict, list)))
    }
    if changed & {field.attname for field in fields if field.primary_key}:
        raise ImproperlyConfigured(OTHER_KEY)
    return changed


def _is_other(user: Any, key: Any, value: Any) -> bool:
    # What Ory says may be the text of a number or of a UUID.
    return bool(key.to_python(getattr(value, "pk", value)) != getattr(user, key.attname))
