"""Permissions that require a level."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission, BasePermissionMetaclass, OperationHolderMixin

from django_ory_mfa.contrib.rest_framework.authentication import OryAuthentication, django_request, is_made_up
from django_ory_mfa.contrib.rest_framework.declared import requirements_of
from django_ory_mfa.core.refusal import Refusal, csrf_failed, forbidden
from django_ory_mfa.guard.declarations import Configured, Declared, MaxAge, declare
from django_ory_mfa.guard.guarding import csrf_reason_steps, decision_steps
from django_ory_mfa.guard.next_person import stopped, was_shown_steps
from django_ory_mfa.guard.one_person import NO_USER, is_somebody, other_person_steps
from django_ory_mfa.guard.site_policy import strictest
from django_ory_mfa.request.client_kind import treat_as_script
from django_ory_mfa.runtime.steps import Steps, run
from django_ory_mfa.session.request_state import state_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.requirement import Requirement, RequirementCallable

NEGATED = "AALPermission cannot be negated: an outage of Ory would let everybody in"


class AALPermissionType(BasePermissionMetaclass):  # type: ignore[misc]  # the framework has no types
    """Lets the bare class be combined by ``&`` and ``|``, and not be negated."""

    @property
    def ory_mfa_requirement(cls) -> Declared:  # noqa: N805 - of a metaclass, by another name than ruff knows
        """What the bare class asks for, which a subclass may say in its ``__init__``, for the checks and the report."""
        declared: Declared = cls().ory_mfa_requirement
        return declared

    def __invert__(cls) -> None:  # noqa: N805 - of a metaclass, by another name than ruff knows
        # SECURITY: what refuses during an outage must not allow when it is turned round.
        raise TypeError(NEGATED)


class AALPermission(OperationHolderMixin, BasePermission, metaclass=AALPermissionType):  # type: ignore[misc]
    """Allows requests that meet the requirement; the arguments are those of ``aal_required``.

    ``AALPermission`` requires ``ORY_MFA_AAL``; ``AALPermission("aal2", max_age=600)`` is put into
    ``permission_classes`` like a class. What a view has in ``ory_mfa_requirements`` for its action or HTTP method is
    required as well; ``partial_update`` without an entry has that of ``update``. It never raises:
    ``exception_handler`` makes the response.

    It also refuses users who signed in without Ory, unless ``contrib.auth`` maps the person of the Ory session to them,
    and people for whom ``contrib.auth`` has no active user.
    """

    ory_mfa_requirement: Declared = Configured()

    def __init__(
        self,
        aal: str | None = None,
        *,
        max_age: MaxAge | None = None,
        methods: Iterable[str] | None = None,
        requirement: Requirement | str | RequirementCallable | None = None,
    ) -> None:
        self.ory_mfa_requirement = declare(aal, max_age=max_age, methods=methods, requirement=requirement)

    def __call__(self) -> AALPermission:
        """Return the permission itself, where the framework makes one of a class."""
        return self

    def __invert__(self) -> None:
        raise TypeError(NEGATED)

    def has_permission(self, request: Any, view: Any) -> bool:
        """Whether the request meets the requirements; the reason for a refusal is kept on the request."""
        if is_made_up(view):
            return False
        declared = strictest((self.ory_mfa_requirement, *requirements_of(view, request.method)))
        treat_as_script(django_request(request))
        return run(_permission_steps(request, declared))


def asks_for_level(permission: Any) -> bool:
    """Whether ``permission``, an object that a view uses, is an ``AALPermission`` or made of one."""
    parts = [getattr(permission, name, None) for name in ("op1", "op2")]
    return isinstance(permission, AALPermission) or any(part is not None and asks_for_level(part) for part in parts)


def _permission_steps(request: Any, declared: Iterable[Declared]) -> Steps[bool]:
    is_allowed, sent = (yield from _allowed_steps(request, declared)), django_request(request)
    if (yield from was_shown_steps(sent)):
        state_of(sent).permission_result = stopped(sent)
        return False
    return is_allowed


def _allowed_steps(request: Any, declared: Iterable[Declared]) -> Steps[bool]:
    sent = django_request(request)
    state, is_asked = state_of(sent), False
    state.permission_result = yield from _csrf_steps(sent)
    if state.permission_result is not None:
        return False
    for one in declared:
        state.permission_result = decision = yield from decision_steps(sent, one)
        if decision is not None and not decision.is_allowed:
            return False
        is_asked = is_asked or decision is not None
    refusal = yield from _refusal_steps(request, is_asked=is_asked)
    if refusal is not None:
        state.permission_result = refusal
    return refusal is None


def _refusal_steps(request: Any, *, is_asked: bool) -> Steps[Refusal | None]:
    """Return the other reasons to refuse a request that meets the requirements; None if there are none."""
    # SECURITY: a fresh call may have found a session although the first call, which was shared, found none.
    refusal = yield from _csrf_steps(django_request(request))
    if refusal is None and is_asked:
        refusal = yield from _person_steps(request)
    return refusal


def _csrf_steps(request: HttpRequest) -> Steps[Refusal | None]:
    reason = yield from csrf_reason_steps(request)
    return None if reason is None else csrf_failed(reason)


def _person_steps(request: Any) -> Steps[Refusal | None]:
    user = getattr(request, "user", None)
    if isinstance(getattr(request, "successful_authenticator", None), OryAuthentication):
        return None if is_somebody(user) else forbidden(NO_USER, reason="no_user")
    return (yield from other_person_steps(django_request(request), user))
