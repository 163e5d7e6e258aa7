"""Save what Ory says with a user; what no database can store is a refusal, and no error of the site."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, connections

from django_ory_mfa.contrib.auth.errors import UserConflict

REASON = "unusable"


def save(user: Any, names: set[str], *, using: str, **options: Any) -> None:
    """Save ``user``, whose fields or properties ``names`` have values from Ory.

    Raises ``UserConflict`` if one of these cannot be stored.
    """
    fields = [field for field in user._meta.concrete_fields if not getattr(field, "generated", False)]
    # A property may write to any field.
    if names <= {name for field in fields for name in (field.name, field.attname)}:
        fields = [field for field in fields if names & {field.name, field.attname}]
    # SECURITY: a database error quotes what a person wrote, so it is not chained to what is raised here.
    with suppress(DataError, OverflowError):
        if all(_can_be_stored(field, getattr(user, field.attname), using) for field in fields):
            user.save(using=using, **options)
            return
    raise UserConflict(REASON)


def is_text(text: str) -> bool:
    """Whether every database can store the characters of ``text``."""
    with suppress(UnicodeEncodeError):
        return b"\0" not in text.encode()
    return False


def _can_be_stored(field: Any, value: Any, using: str) -> bool:
    with suppress(TypeError, ValueError, ValidationError):
        prepared = field.get_db_prep_save(value, connections[using])
        return not isinstance(prepared, str) or is_text(prepared)
    return False
