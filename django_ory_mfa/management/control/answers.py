"""What the Console API's refusals mean: an error with what, where and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django_ory_mfa.management.control.console import Answer
from django_ory_mfa.management.control.failures import ControlError, NotAllowedError, UnavailableError
from django_ory_mfa.management.control.keys import KEYS
from django_ory_mfa.management.control.shown import clean

Shown = Callable[[object], str]


def expect(answer: Answer, host: str, what: str, *, show: Shown = clean, is_verbose: bool = False) -> Any:
    """The body of a 200; every other answer raises the ``ControlError`` that fits it. ``show`` cleans texts."""
    if answer.status == 200 and answer.body is not None:
        return answer.body
    said = _error(answer)
    match answer.status:
        case 401:
            raise NotAllowedError(f"The key was not accepted by {clean(host)}: it is expired, revoked or of elsewhere.")
        case 403:
            raise NotAllowedError(_forbidden(said, what, show))
        case 404:
            raise ControlError(f"{what} was not found at {clean(host)}.")
        case 400 | 409 | 422:
            raise ControlError(_refused(said, what, show, is_verbose=is_verbose))
        case status if 300 <= status < 400:
            raise UnavailableError(f"{clean(host)} redirects ({status}), which is not followed: is it the Console API?")
    raise UnavailableError(f"{clean(host)} gave no usable answer ({answer.status}) for {what}.")


def _error(answer: Answer) -> Mapping[str, Any]:
    said = answer.body.get("error") if isinstance(answer.body, Mapping) else None
    return said if isinstance(said, Mapping) else {}


def _forbidden(said: Mapping[str, Any], what: str, show: Shown) -> str:
    if said.get("id") == "feature_not_available":
        details = said.get("details")
        feature = details.get("feature") if isinstance(details, Mapping) else None
        reason = show(said.get("reason") or "No reason was given.")
        return f"Ory refuses it: the feature {show(feature or 'that is needed')} is not available. {reason}"
    return f"The key may not touch {what}: it is of another workspace, or may not change configurations."


def _refused(said: Mapping[str, Any], what: str, show: Shown, *, is_verbose: bool) -> str:
    """The message and the lines that name a known key; the validator writes hundreds of others."""
    reason = str(said.get("reason") or "").splitlines()
    named = [line for line in reason if is_verbose or any(f"#/{name.replace('.', '/')}" in line for name in KEYS)]
    lines = [f"Ory refused the change of {what}: {show(said.get('message') or 'no reason given')}"]
    lines += [f"  {show(line)}" for line in dict.fromkeys(named)]
    if len(named) < len(reason):
        lines.append("  More with --verbosity 2.")
    if said.get("request"):
        lines.append(f"  Request {show(said['request'])}, for Ory's support.")
    return "\n".join(lines)
