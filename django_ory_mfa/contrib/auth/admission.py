"""Whether a user may be signed in at all, whatever Ory says."""

from __future__ import annotations

from typing import Any


def is_admitted(user: Any) -> bool:
    """Whether ``user`` is active, and not hidden by the default manager of the model."""
    return bool(user.is_active) and not _is_hidden(user)


def _is_hidden(user: Any) -> bool:
    # SECURITY: Django signs nobody in whom the default manager hides, as where rows are only marked as deleted.
    people = user._meta.default_manager.using(user._state.db)
    # A manager that hides nobody costs no query.
    return bool(people.query.where) and not people.filter(pk=user.pk).exists()
