"""What a view requires of a request, known before its permissions run."""

from __future__ import annotations

from typing import Any

from django_ory_mfa.guard.declarations import Declared, declarations_in, declare, wants_proof


def requirements_of(view: Any, method: str) -> list[Declared]:
    """Return what ``ory_mfa_requirements`` of ``view`` requires for its action and for the HTTP method.

    Raises ``ValueError`` or ``TypeError`` if it is invalid.
    """
    given = getattr(view, "ory_mfa_requirements", None)
    if not given:
        return []
    # SECURITY: the function for GET answers HEAD as well.
    names = [getattr(view, "action", None), method, "GET" if method == "HEAD" and "HEAD" not in given else None]
    return [declare(requirement=given[name]) for name in dict.fromkeys(names) if name is not None and name in given]


def asks_for_proof(view: Any, method: str) -> bool:
    """Whether a permission of ``view`` may require a proof of a certain age or method, and so a fresh session."""
    asked = requirements_of(view, method)
    for permission in getattr(view, "permission_classes", ()):
        asked += declarations_in(permission)
    return any(map(wants_proof, asked))
