"""The errors of Ory's flows, word by word."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from django_ory_mfa.testing._bodies import MALFORMED, error_body, nanoseconds
from django_ory_mfa.testing._http import Json

CSRF_REASON = (
    "Please retry the flow and optionally clear your cookies. The request was rejected to protect you from"
    " Cross-Site-Request-Forgery (CSRF) which could cause account takeover, leaking personal information, and other"
    " serious security issues."
)
ALREADY_SIGNED_IN = (
    "A valid session was detected and thus login is not possible. Did you forget to set `?refresh=true`?"
)
_OLDER_CSRF_HELP = {
    "docs": "https://www.ory.sh/kratos/docs/debug/csrf",
    "hint": (
        "The anti-CSRF cookie was found but the CSRF token was not included in the HTTP request body (csrf_token) nor"
        " in the HTTP Header (X-CSRF-Token)."
    ),
    "reject_reason": (
        "The HTTP Cookie Header was set and a CSRF token was sent but they do not match. We recommend deleting all"
        " cookies for this domain and retrying the flow."
    ),
}
_NEWER_CSRF_HINT = (
    "We detected a regular browser or server-side call. To debug browser calls check your Browser's Network Tab to see"
    " what cookies are included or excluded. If you are calling from a server ensure that the appropriate cookies are"
    " being forwarded and that the SDK method is called correctly."
)


def csrf_violation(*, is_newer: bool, has_cookies: bool) -> Json:
    """Return the error for a form that was made for another browser."""
    details = dict(_OLDER_CSRF_HELP)
    if is_newer:
        details |= {"docs": "https://www.ory.com/docs/troubleshooting/csrf", "hint": _NEWER_CSRF_HINT}
        # The older version says that there was a cookie even if there was none.
        if not has_cookies:
            details["reject_reason"] = "The HTTP Cookie Header is empty or not set."
    return error_body(
        HTTPStatus.FORBIDDEN,
        "the request was rejected to protect you from Cross-Site-Request-Forgery",
        reason=CSRF_REASON,
        error_id="security_csrf_violation",
        details=dict(details),
    )


def aal1_required() -> Json:
    """Return the error for a second factor without a session."""
    return error_body(
        HTTPStatus.UNAUTHORIZED,
        "aal2 and aal3 can only be requested if a session exists already",
        reason="You can not requested a higher AAL (AAL2/AAL3) without an active session.",
        error_id="session_aal1_required",
    )


def already_available() -> Json:
    """Return the error for a level that the session has already."""
    return error_body(
        HTTPStatus.BAD_REQUEST,
        "you are already logged in",
        reason=ALREADY_SIGNED_IN,
        error_id="session_already_available",
    )


def signed_in_already(kind: str) -> Json:
    """Somebody who is signed in needs no sign-up and no recovery."""
    return error_body(
        HTTPStatus.BAD_REQUEST,
        MALFORMED if kind == "recovery" else "you are already logged in",
        reason=f"A valid session was detected and thus {kind} is not possible.",
        error_id="session_already_available",
    )


def flow_replaced(new_flow_id: str, reason: str = "An error occured, please use the new flow.") -> Json:
    """The flow that is submitted has done its work; a new one takes its place."""
    body = error_body(
        HTTPStatus.GONE,
        "self-service flow replaced",
        reason=reason,
        error_id="self_service_flow_replaced",
    )
    return body | {"use_flow_id": new_flow_id}


def unknown_aal(aal: str) -> Json:
    """Return the error for an unknown level."""
    reason = "Unable to parse AuthenticationMethod Assurance Level (AAL): expected one of [aal1, aal2] but got " + aal
    return error_body(HTTPStatus.BAD_REQUEST, MALFORMED, reason=reason)


def flow_missing() -> Json:
    """Return the error for a form without a flow."""
    return error_body(HTTPStatus.BAD_REQUEST, MALFORMED, reason="The flow query parameter is missing or malformed.")


def not_found(reason: str = "") -> Json:
    """Return the error for an object that does not exist."""
    text = "The requested resource could not be found" if reason else "Unable to locate the resource"
    return error_body(HTTPStatus.NOT_FOUND, text, reason=reason)


def flow_gone(kind: str, init_url: str, return_to: str) -> Json:
    """Return the error for fetching an expired flow."""
    again = f"Redirect the user to the {kind} flow init endpoint to initialize a new {kind} flow."
    return error_body(
        HTTPStatus.GONE,
        "The requested resource is no longer available because it has expired or is otherwise invalid.",
        reason=f"The {kind} flow has expired. {again}",
        error_id="self_service_flow_expired",
        details={"redirect_to": init_url, **({"return_to": return_to} if return_to else {})},
    )


def flow_expired(expired_at: datetime, now: datetime, new_flow_id: str) -> Json:
    """Return the error for submitting an expired flow, which a new one replaces."""
    seconds = (now - expired_at).total_seconds()
    body = error_body(
        HTTPStatus.GONE,
        "self-service flow expired",
        reason=f"The self-service flow expired {seconds / 60:.2f} minutes ago, initialize a new one.",
        error_id="self_service_flow_expired",
    )
    return body | {"expired_at": nanoseconds(expired_at), "since": int(seconds * 10**9), "use_flow_id": new_flow_id}


def location_change_required(url: str) -> Json:
    """Return the answer to a script after a sign-in: where the browser has to go."""
    body = error_body(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "browser location change required",
        reason=f"In order to complete this flow please redirect the browser to: {url}",
        error_id="browser_location_change_required",
    )
    return body | {"redirect_browser_to": url}


def refresh_required(url: str) -> Json:
    """Return the error for a change that needs a fresh proof."""
    body = error_body(
        HTTPStatus.FORBIDDEN,
        "The requested action was forbidden",
        reason="The login session is too old and thus not allowed to update these fields. Please re-authenticate.",
        error_id="session_refresh_required",
    )
    return body | {"redirect_browser_to": url}


def identity_mismatch() -> Json:
    """Return the error for a flow that another person began."""
    return error_body(
        HTTPStatus.FORBIDDEN,
        "The requested action was forbidden",
        reason="The request was made for another identity and has been blocked for security reasons.",
        error_id="security_identity_mismatch",
    )


def identity_disabled(identity_id: str) -> Json:
    """Return the error of v1.3.1 for an identity that is disabled."""
    return error_body(
        HTTPStatus.UNAUTHORIZED,
        "identity is disabled",
        reason="This account was disabled.",
        details={"identity_id": identity_id},
    )


def key_not_made(reason: str) -> Json:
    """Return the error for a security key or passkey that was made for something else."""
    return _failed(f"Unable to create WebAuthn credential: {reason}")


def nothing_asked() -> Json:
    """Return the error for the answer of a security key or passkey that has been used."""
    return _failed("Expected WebAuthN in internal context to be an object but got: unexpected end of JSON input")


def _failed(reason: str) -> Json:
    text = "An internal server error occurred, please contact the system administrator"
    return error_body(HTTPStatus.INTERNAL_SERVER_ERROR, text, reason=reason)


def database_unreachable() -> Json:
    """Return the error of a login flow while the database is down."""
    return error_body(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "failed to connect to `user=postgres database=kratos`: 127.0.0.1:5432 (127.0.0.1): dial error:"
        " dial tcp 127.0.0.1:5432: connect: connection refused",
    )
