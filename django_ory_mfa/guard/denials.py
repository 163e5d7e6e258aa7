"""The exceptions that ``require_aal`` raises, and the responses to them, even if a framework catches them first."""

from __future__ import annotations

from traceback import format_exception_only
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.db import connections
from django.template.response import SimpleTemplateResponse

from django_ory_mfa.answer.django_log import spare_admins
from django_ory_mfa.answer.rendering import render
from django_ory_mfa.core.decision import Outcome
from django_ory_mfa.guard.next_person import MESSAGE, REASON, stop
from django_ory_mfa.request.client_kind import Kind, kind_by_site, kind_of, treat_as_script
from django_ory_mfa.session.request_state import state_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from django_ory_mfa.core.decision import Decision


class AALRequired(PermissionDenied):
    """The visitor does not meet the requirement; ``decision`` says why. The middleware responds as a guard does.

    ``extensions`` is the error as JSON, ``{"error": {...}}``, by a name that GraphQL servers look for.
    """

    def __init__(self, decision: Decision, extensions: dict[str, Any] | None = None) -> None:
        super().__init__(decision.reason)
        self.decision = decision
        self.extensions = extensions or {}


class CSRFFailed(PermissionDenied):
    """The request has a session cookie but no valid CSRF token; ``response`` is that of ``CSRF_FAILURE_VIEW``."""

    def __init__(self, response: HttpResponseBase) -> None:
        super().__init__("CSRF verification failed")
        self.response = response


class OtherPersonBefore(PermissionDenied):
    """Code of the site has read the Django session of another person in this request, so it has to begin anew."""

    reason = REASON

    def __init__(self) -> None:
        super().__init__(MESSAGE)


def roll_back() -> None:
    """Undo what a refused view has written under ``ATOMIC_REQUESTS``, where a framework catches its exception."""
    for connection in connections.all(initialized_only=True):
        if connection.settings_dict["ATOMIC_REQUESTS"] and connection.in_atomic_block:
            connection.set_rollback(True)


def answer_to(request: HttpRequest, raised: Exception) -> HttpResponseBase | None:
    """Return the response of a guard to an exception of ``require_aal``; None for any other exception."""
    if not isinstance(raised, (AALRequired, CSRFFailed, OtherPersonBefore)):
        return None
    if _is_program(request):
        treat_as_script(request)
    if isinstance(raised, OtherPersonBefore):
        return stop(request)
    response = raised.response if isinstance(raised, CSRFFailed) else render(request, raised.decision)
    return response.render() if isinstance(response, SimpleTemplateResponse) else response


def replace_refused(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return ``response``; if a framework made it from the exception of ``require_aal``, the response of a guard.

    Django REST framework handles every ``PermissionDenied`` itself, and django-ninja every exception while ``DEBUG`` is
    on. A response that a view or a handler of the site made from the exception is kept. Called once, for an exception
    that ``require_aal`` raised and that did not reach the middleware.
    """
    state = state_of(request)
    raised, state.raised = cast("Exception", state.raised), None
    answer = answer_to(request, raised) if _is_by_framework(response, raised) else None
    if answer is not None:
        return answer
    if response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
    return spare_admins(response) if _is_of_outage(raised) else response


def _is_of_outage(raised: Exception) -> bool:
    return isinstance(raised, AALRequired) and raised.decision.outcome is Outcome.UNAVAILABLE


def _is_program(request: HttpRequest) -> bool:
    """Whether a client of an API accepts any type: it is a program, which must not be redirected to a page of Ory."""
    # What the site says of a client comes before what its headers look like.
    if not _is_api(request) or _accepts_html_by_name(request) or kind_by_site(request) is not None:
        return False
    return kind_of(request, state_of(request).credential) is Kind.BROWSER


def _is_api(request: HttpRequest) -> bool:
    """Whether the view is one of Django REST framework or an operation of django-ninja."""
    view = getattr(request.resolver_match, "func", None)
    bases = getattr(getattr(view, "cls", None), "__mro__", ())
    modules = {getattr(view, "__module__", ""), *(base.__module__ for base in bases)}
    return not modules.isdisjoint(("ninja.operation", "rest_framework.views"))


def _accepts_html_by_name(request: HttpRequest) -> bool:
    # Browsers name it when they navigate to a page.
    return "text/html" in request.headers.get("Accept", "").lower()


def _is_by_framework(response: Any, raised: Exception) -> bool:
    # SECURITY: either way the visitor gets an error, so a wrong guess grants no access.
    if response.status_code == 403:
        return _is_by_rest_framework(response, raised)
    return response.status_code == 500 and _is_by_ninja(response, raised)


def _is_by_rest_framework(response: Any, raised: Exception) -> bool:
    """Whether DRF's own handler made ``response``: it sets ``exception`` and puts the message into ``detail``."""
    data = getattr(response, "data", None)
    is_marked = getattr(response, "exception", False) is True
    return is_marked and isinstance(data, dict) and data.get("detail") == str(raised)


def _is_by_ninja(response: Any, raised: Exception) -> bool:
    """Whether django-ninja's own handler made ``response``: a traceback that ends with the exception."""
    end = "".join(format_exception_only(raised)).rstrip()
    return not response.streaming and response.content.decode(errors="replace").rstrip().endswith(end)
