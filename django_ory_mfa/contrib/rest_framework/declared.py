"""What a view asks for in a request, known before its permissions are asked."""

from __future__ import annotations

from typing import Any

from django_ory_mfa.guard.declarations import Declared, declare, levels_in, wants_proof


def requirements_of(view: Any, method: str) -> list[Declared]:
    """Return what ``ory_mfa_requirements`` of ``view`` says of its action and of the HTTP method.

    Raises ``ValueError`` or ``TypeError`` for what makes no sense.
    """
    given = getattr(view, "ory_mfa_requirements", None)
    if not given:
        return []
    # SECURITY: the function for GET answers HEAD as well.
    names = [getattr(view, "action", None), method, "GET" if method == "HEAD" and "HEAD" not in given else None]
    return [declare(requirement=given[name]) for name in dict.fromkeys(names) if name is not None and name in given]


def asks_for_proof(view: Any, method: str) -> bool:
    """Whether a permission of ``view`` may ask for a certain proof, so that the session has to be a fresh one."""
    asked = requirements_of(view, method)
    for permission in getattr(view, "permission_classes", ()):
        asked += levels_in(permission)
    return any(map(wants_proof, asked))
