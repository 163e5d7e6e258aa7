"""Answers to exceptions: refusals in the JSON of every other guard, through the renderers of the framework."""

from __future__ import annotations

from collections.abc import Iterator
from types import FrameType
from typing import Any

from django.core.exceptions import PermissionDenied
from rest_framework import exceptions
from rest_framework.response import Response

from django_ory_mfa.answer.django_log import spare_admins
from django_ory_mfa.answer.rendering import must_not_open_flow, refusal_for
from django_ory_mfa.conf import conf
from django_ory_mfa.contrib.rest_framework.authentication import ForgedRequest, OryAuthentication, django_request
from django_ory_mfa.contrib.rest_framework.permissions import asks_for_level
from django_ory_mfa.core.decision import Decision
from django_ory_mfa.core.flows import replace_return_to
from django_ory_mfa.core.refusal import Refusal, csrf_failed, forbidden
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.guard.denials import AALRequired, CSRFFailed, roll_back
from django_ory_mfa.guard.guarding import decision_steps, denial
from django_ory_mfa.roundtrip.return_to import return_to_of
from django_ory_mfa.runtime.steps import run
from django_ory_mfa.session.request_state import state_of

SIGNED_IN = Requirement("aal1")
NOT_ALLOWED = "You do not have permission to perform this action."
LINK = "redirect_browser_to"
CHECKS = ("check_permissions", "check_object_permissions")


def exception_handler(exc: Exception, context: dict[str, Any]) -> Any:
    """Return the response to ``exc``; for ``EXCEPTION_HANDLER``. None for what the framework does not answer.

    What is no refusal goes to ``ORY_MFA_DRF_EXCEPTION_HANDLER``, else to the framework's own handler.
    """
    response = denial_response(exc, context)
    if response is not None:
        return response
    return (conf.drf_exception_handler or frameworks_handler())(exc, context)


def denial_response(exc: Exception, context: dict[str, Any]) -> Any:
    """Return the response to a refusal, for exception handlers of a site; None for every other exception."""
    request = context["request"]
    refused = _refusal(exc, request)
    if refused is None:
        return None
    roll_back()
    return spare_admins(Response(refused.body or None, status=refused.status, headers=refused.headers))


def frameworks_handler() -> Any:
    """Return the exception handler of Django REST framework."""
    # Imported here because it reads the settings that name this module.
    from rest_framework.views import exception_handler as handler

    return handler


def _refusal(exc: Exception, request: Any) -> Refusal | None:
    if isinstance(exc, AALRequired):
        return _refused(request, exc.decision)
    if isinstance(exc, (ForgedRequest, CSRFFailed)):
        return csrf_failed(str(exc))
    if _is_by_level(exc):
        # Asked for here and not before: the tests of a site may call views that have no level without the middleware.
        kept = state_of(django_request(request)).permission_result
        if isinstance(kept, Refusal):
            return kept
        if kept is not None and not kept.is_allowed:
            return _denied(request, kept)
    if isinstance(exc, exceptions.NotAuthenticated):
        return _signed_out(request)
    return _forbidden(exc) if isinstance(exc, (exceptions.PermissionDenied, PermissionDenied)) else None


def _is_by_level(exc: Exception) -> bool:
    """Whether the framework raised ``exc`` for a permission with a level in it, and no code of a view did."""
    frames = list(_frames(exc))
    checks = [frame for frame in frames if frame.f_code.co_name in CHECKS]
    if not checks or not _is_of_framework(frames[-1], "permission_denied"):
        return False
    # A view may have a check of its own, which does not say for which permission it refuses.
    return all(asks_for_level(frame.f_locals["permission"]) for frame in checks if _is_of_framework(frame, *CHECKS))


def _frames(exc: Exception) -> Iterator[FrameType]:
    traceback = exc.__traceback__
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def _is_of_framework(frame: FrameType, *names: str) -> bool:
    return frame.f_globals.get("__name__") == "rest_framework.views" and frame.f_code.co_name in names


def _signed_out(request: Any) -> Refusal | None:
    """Return what a guard for aal1 says; None for views that know nothing of Ory."""
    if not any(
        isinstance(authenticator, OryAuthentication) for authenticator in getattr(request, "authenticators", ())
    ):
        return None
    decision = run(decision_steps(django_request(request), SIGNED_IN))
    # A 401 would ask a signed-in client to sign in.
    return forbidden(NOT_ALLOWED) if decision is None or decision.is_allowed else _denied(request, decision)


def _forbidden(exc: Any) -> Refusal:
    said = getattr(exc, "detail", None) or str(exc)
    details = {"reason": exc.reason} if isinstance(getattr(exc, "reason", None), str) else {}
    if not isinstance(said, str):
        return forbidden(NOT_ALLOWED, **details, detail=said)
    return forbidden(said or NOT_ALLOWED, **details)


def _denied(request: Any, decision: Decision) -> Refusal:
    denial(django_request(request), decision).run()
    return _refused(request, decision)


def _refused(request: Any, decision: Decision) -> Refusal:
    refused = refusal_for(django_request(request), decision)
    if must_not_open_flow(django_request(request), decision):
        return Refusal(refused.status, refused.headers, {})
    if LINK in refused.body and _is_page(request):
        # A person follows the link, and no script that would add its own page.
        refused.body[LINK] = replace_return_to(refused.body[LINK], return_to_of(django_request(request)))
    return refused


def _is_page(request: Any) -> bool:
    renderer = getattr(request, "accepted_renderer", None)
    return getattr(renderer, "media_type", None) == "text/html"
