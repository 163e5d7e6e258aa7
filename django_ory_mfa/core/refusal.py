"""The refusal of a request as plain data: status, headers and JSON, for any framework."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django_ory_mfa.core.credentials import CredentialKind
from django_ory_mfa.core.decision import Decision, Outcome, level_to_prove
from django_ory_mfa.core.destination import destination, given_destination
from django_ory_mfa.core.errors import CSRF_FAILED, ErrorId
from django_ory_mfa.core.flows import Flows, replace_return_to
from django_ory_mfa.core.session import OrySession
from django_ory_mfa.core.whoami import RETRY_AFTER


@dataclass(frozen=True, slots=True)
class Refusal:
    """The response to a refused request; ``body`` is a JSON object in the shape of Ory's own errors."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


class Error(NamedTuple):
    """An outcome as an error: its id, its status for clients with a cookie and with a token, and its message."""

    id: ErrorId
    by_cookie: int
    by_token: int
    message: str


ERRORS = {
    Outcome.LOGIN: Error(ErrorId.LOGIN, 401, 401, "No active session was found in this request."),
    Outcome.STEP_UP: Error(ErrorId.STEP_UP, 403, 401, "The session needs a second factor for this."),
    Outcome.REFRESH: Error(ErrorId.REFRESH, 403, 401, "This needs a fresh proof of who you are."),
    Outcome.ENROLL: Error(ErrorId.ENROLL, 403, 403, "This needs a second factor, and none is set up."),
    Outcome.UNAVAILABLE: Error(ErrorId.UNAVAILABLE, 503, 503, "The sign-in service gives no answer. Try again soon."),
}
STATUS_TEXT = {401: "Unauthorized", 403: "Forbidden", 503: "Service Unavailable"}


def refusal(
    decision: Decision, session: OrySession, flows: Flows, *, by: CredentialKind = CredentialKind.COOKIE
) -> Refusal:
    """Return the refusal of a request because of ``decision``.

    ``by`` is the kind of credential that the client uses; status, challenge and links depend on it. Raises ``KeyError``
    if ``decision`` allows the request.
    """
    error = ERRORS[decision.outcome]
    status = error.by_token if by is CredentialKind.TOKEN else error.by_cookie
    return Refusal(status, _headers(decision, session, by, status), _body(decision, session, flows, by, status))


def forbidden(message: str, **details: Any) -> Refusal:
    """Return the refusal of a signed-in visitor who lacks the permission, whatever the level of the session."""
    return Refusal(403, {"Cache-Control": "no-store"}, _error(ErrorId.FORBIDDEN, 403, message, details))


def csrf_failed(message: str) -> Refusal:
    """Return the refusal of an API request with a session cookie that fails the CSRF check."""
    return Refusal(403, {"Cache-Control": "no-store"}, _error(CSRF_FAILED, 403, message, {}))


def _error(error_id: str, status: int, message: str, details: Mapping[str, Any]) -> dict[str, Any]:
    error = {
        "id": str(error_id),
        "code": status,
        "status": STATUS_TEXT[status],
        "reason": message,
        "message": message,
        "details": dict(details),
    }
    return {"error": error}


def _headers(decision: Decision, session: OrySession, by: CredentialKind, status: int) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = _challenge(decision, session, by)
    if decision.outcome is Outcome.UNAVAILABLE:
        headers["Retry-After"] = str(session.retry_after or RETRY_AFTER)
    return headers


def _body(decision: Decision, session: OrySession, flows: Flows, by: CredentialKind, status: int) -> dict[str, Any]:
    error = ERRORS[decision.outcome]
    body = _error(error.id, status, error.message, _details(decision, session, flows, by))
    url = given_destination(decision, flows) or destination(decision, session, flows)
    if by is CredentialKind.COOKIE and url is not None:
        # Without return_to, as in Ory's whoami: the front end adds its own page.
        body["redirect_browser_to"] = replace_return_to(url, None)
    return body


def _details(decision: Decision, session: OrySession, flows: Flows, by: CredentialKind) -> dict[str, Any]:
    requirement = decision.requirement
    details: dict[str, Any] = {"required_aal": requirement.aal}
    if requirement.max_age is not None:
        details["max_age"] = _max_age(decision)
    if requirement.methods is not None:
        details["methods"] = sorted(requirement.methods)
    flow = destination(decision, session, flows, kind="api") if by is CredentialKind.TOKEN else None
    if flow is not None:
        details["settings_flow" if decision.outcome is Outcome.ENROLL else "login_flow"] = flow
    return details


def _challenge(decision: Decision, session: OrySession, by: CredentialKind) -> str:
    # RFC 6750, section 3, and RFC 9470, section 3.
    if by is CredentialKind.COOKIE:
        return "Bearer"
    if decision.outcome is Outcome.LOGIN:
        return 'Bearer error="invalid_token"'
    message = ERRORS[decision.outcome].message
    level = "aal2" if decision.outcome is Outcome.STEP_UP else level_to_prove(session, decision.requirement)
    challenge = f'Bearer error="insufficient_user_authentication", error_description="{message}", acr_values="{level}"'
    return challenge if decision.requirement.max_age is None else f'{challenge}, max_age="{_max_age(decision)}"'


def _max_age(decision: Decision) -> int:
    max_age = decision.requirement.max_age
    return math.ceil(max_age.total_seconds()) if max_age is not None else 0
