"""What a view requires of a request, known before its permissions run."""

from __future__ import annotations

from typing import Any

from django_ory_mfa.guard.declarations import Declared, declarations_in, declare, keys_for, wants_proof


def requirements_of(view: Any, method: str) -> list[Declared]:
    """Return what ``ory_mfa_requirements`` of ``view`` requires for its action and for the HTTP method.

    Raises ``ValueError`` or ``TypeError`` if it is invalid.
    """
    given = getattr(view, "ory_mfa_requirements", None)
    if not given:
        return []
    # SECURITY: the function for GET answers HEAD as well.
    names = [method, "GET" if method == "HEAD" and "HEAD" not in given else None, getattr(view, "action", None)]
    # The answer to OPTIONS describes the forms of other methods, after it asked for their permissions.
    names.append((getattr(view, "action_map", None) or {}).get(method.lower()))
    keys = [key for name in names if name is not None for key in keys_for(type(view), given, name)]
    return [declare(requirement=given[key]) for key in dict.fromkeys(keys)]


def asks_for_proof(view: Any, method: str) -> bool:
    """Whether a permission of ``view`` may require a proof of a certain age or method, and so a fresh session."""
    asked = requirements_of(view, method)
    for permission in getattr(view, "permission_classes", ()):
        asked += declarations_in(permission)
    return any(map(wants_proof, asked))
