"""Guards to call from your own code: inside a view, or in an adapter for another framework."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django_ory_mfa.answer.rendering import render
from django_ory_mfa.core.requirement import Requirement, RequirementCallable
from django_ory_mfa.core.session import OrySession
from django_ory_mfa.guard.declarations import MaxAge, declare
from django_ory_mfa.guard.denials import AALRequired
from django_ory_mfa.guard.evaluation import aevaluate, evaluate
from django_ory_mfa.guard.guarding import require_steps
from django_ory_mfa.runtime.steps import arun, run

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["AALRequired", "aevaluate", "arequire_aal", "evaluate", "render", "require_aal"]


def require_aal(
    request: HttpRequest,
    aal: str | None = None,
    *,
    max_age: MaxAge | None = None,
    methods: Iterable[str] | None = None,
    requirement: Requirement | str | RequirementCallable | None = None,
) -> OrySession:
    """Return the session if it meets the requirement; call it inside a view, with the arguments of ``aal_required``.

    Raises ``AALRequired``, which is a ``PermissionDenied``, if it does not. So are ``CSRFFailed``, if an unsafe request
    with a session cookie fails the CSRF check, and ``OtherPersonBefore``, if code of the site has read the Django
    session of another person in this request.
    """
    return run(require_steps(request, declare(aal, max_age=max_age, methods=methods, requirement=requirement)))


async def arequire_aal(
    request: HttpRequest,
    aal: str | None = None,
    *,
    max_age: MaxAge | None = None,
    methods: Iterable[str] | None = None,
    requirement: Requirement | str | RequirementCallable | None = None,
) -> OrySession:
    """``require_aal`` for async code."""
    declared = declare(aal, max_age=max_age, methods=methods, requirement=requirement)
    return await arun(require_steps(request, declared))
