"""What Ory's error page tells: why a flow ended, and what to do now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

REASONS = {
    "security_csrf_violation": _("Your browser did not send what belongs to this form. Please start again."),
    "security_identity_mismatch": _("This belongs to somebody else who signed in with this browser."),
    "self_service_flow_expired": _("You took longer than this form is valid. Please start again."),
    "self_service_flow_return_to_forbidden": _(
        "The link that brought you here leads on to a page that we do not know, so we stopped."
    ),
    "session_aal1_required": _("Please sign in again to go on."),
    "session_already_available": _("You are signed in already."),
    "session_inactive": _("Please sign in again to go on."),
    "self_service_flow_disabled": _("This site does not offer that."),
}
TITLES = {
    "security_csrf_violation": _("Please start again"),
    "security_identity_mismatch": _("Somebody else is signed in"),
    "self_service_flow_disabled": _("This is switched off"),
    "self_service_flow_expired": _("Please start again"),
    "self_service_flow_return_to_forbidden": _("We can’t send you back there"),
    "session_aal1_required": _("You are signed out"),
    "session_already_available": _("You are signed in already"),
    "session_inactive": _("You are signed out"),
}
SIGN_IN_HELPS = {"security_csrf_violation", "self_service_flow_expired", "session_aal1_required", "session_inactive"}
# Where nothing went wrong.
NEUTRAL = {"session_aal1_required", "session_already_available", "session_inactive"}
# Of those that nobody has to be told of.
HARMLESS = SIGN_IN_HELPS | {"session_already_available"}
REFERENCE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of Ory as it is shown; ``reference`` finds it at Ory, ``detail`` is Ory's own text."""

    title: str = ""
    reason: str = ""
    reference: str = ""
    detail: str = ""
    can_sign_in: bool = False
    needs_help: bool = True
    # Of the sign above the title: ``warn``, or ``info`` where nothing went wrong.
    kind: str = "warn"


def read_failure(body: dict[str, Any], *, is_debug: bool) -> Failure:
    """Return the failure that Ory stored, with Ory's text only for developers; an empty one if there is none."""
    error = body.get("error")
    if not isinstance(error, dict):
        return Failure()
    error_id = str(error.get("id"))
    reason = REASONS.get(error_id)
    # SECURITY: anybody can have Ory store an error with words of their own in its reason or message (a ``return_to``,
    # an ``error_description``) and send others the link to it. This site must not show them.
    return Failure(
        str(TITLES.get(error_id, "")),
        "" if reason is None else str(reason),
        _reference(body.get("id")),
        _detail(error) if is_debug else "",
        error_id in SIGN_IN_HELPS,
        error_id not in HARMLESS,
        "info" if error_id in NEUTRAL else "warn",
    )


def _reference(value: object) -> str:
    return value if isinstance(value, str) and REFERENCE.fullmatch(value) else ""


def _detail(error: dict[str, Any]) -> str:
    code, said = error.get("code"), error.get("reason") or error.get("message")
    # SECURITY: Ory's text for a failure of its own may name hosts and database users.
    is_clients = isinstance(code, int) and 400 <= code < 500
    return said[:LONGEST_REASON] if is_clients and isinstance(said, str) else ""
