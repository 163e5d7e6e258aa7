"""What a response of the Console API means: its body, or an error that says what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django_ory_mfa.management.control.console import ApiResponse
from django_ory_mfa.management.control.failures import ControlError, NotAllowedError, UnavailableError
from django_ory_mfa.management.control.keys import KEYS
from django_ory_mfa.management.control.shown import clean

Shown = Callable[[object], str]


def expect(response: ApiResponse, host: str, what: str, *, show: Shown = clean, is_verbose: bool = False) -> Any:
    """Return the body of a 200; for any other response raise the ``ControlError`` that fits it.

    ``what`` names what was asked for; ``show`` makes a text of the API fit for the terminal.
    """
    if response.status == 200 and response.body is not None:
        return response.body
    error = _error(response)
    match response.status:
        case 401:
            raise NotAllowedError(
                f"{clean(host)} did not accept the API key: it is expired, revoked or for another environment."
            )
        case 403:
            raise NotAllowedError(_forbidden(error, what, show))
        case 404:
            raise ControlError(f"{what} was not found at {clean(host)}.")
        case 400 | 409 | 422:
            raise ControlError(_refused(error, what, show, is_verbose=is_verbose))
        case status if 300 <= status < 400:
            raise UnavailableError(
                f"{clean(host)} redirects ({status}). Redirects are not followed: is this the Console API?"
            )
    raise UnavailableError(f"{clean(host)} gave no usable response ({response.status}) for {what}.")


def _error(response: ApiResponse) -> Mapping[str, Any]:
    error = response.body.get("error") if isinstance(response.body, Mapping) else None
    return error if isinstance(error, Mapping) else {}


def _forbidden(error: Mapping[str, Any], what: str, show: Shown) -> str:
    if error.get("id") == "feature_not_available":
        details = error.get("details")
        feature = details.get("feature") if isinstance(details, Mapping) else None
        reason = show(error.get("reason") or "No reason was given.")
        return f"Ory refused it: the feature {show(feature or 'that is needed')} is not available. {reason}"
    return f"The API key cannot access {what}: it is for another workspace, or may not change configurations."


def _refused(error: Mapping[str, Any], what: str, show: Shown, *, is_verbose: bool) -> str:
    """Return the message with the lines that name a known key; the validator writes hundreds of others."""
    reason = str(error.get("reason") or "").splitlines()
    named = [line for line in reason if is_verbose or any(f"#/{name.replace('.', '/')}" in line for name in KEYS)]
    lines = [f"Ory refused the change of {what}: {show(error.get('message') or 'no reason given')}"]
    lines += [f"  {show(line)}" for line in dict.fromkeys(named)]
    if len(named) < len(reason):
        lines.append("  --verbosity 2 shows more.")
    if error.get("request"):
        lines.append(f"  Request {show(error['request'])}, for Ory's support.")
    return "\n".join(lines)
