"""Whether a person has a second factor, read from Ory's settings flow.

Node names: https://www.ory.sh/docs/kratos/self-service/flows/user-settings
"""

from __future__ import annotations

from django_ory_mfa.core.answer import Answer

NODES_OF_A_SECOND_FACTOR = frozenset({"totp_unlink", "lookup_secret_disable", "webauthn_remove"})


def read_enrolment(answer: Answer) -> bool | None:
    """True or False as the settings flow shows it, None where it does not tell."""
    if answer.status == 200:
        return _shows_second_factor(answer)
    if answer.status == 403 and _error_id(answer) == "session_aal2_required":
        return True
    return None


def _shows_second_factor(answer: Answer) -> bool | None:
    # SECURITY: the body holds the seed of an authenticator app; nothing but the names of its nodes may be kept.
    try:
        nodes = answer.json_object()["ui"]["nodes"]
        names = {node["attributes"].get("name") for node in nodes}
    except (KeyError, TypeError, AttributeError):
        return None
    if not isinstance(nodes, list):
        return None
    return not NODES_OF_A_SECOND_FACTOR.isdisjoint(names)


def _error_id(answer: Answer) -> object:
    error = answer.json_object().get("error")
    return error.get("id") if isinstance(error, dict) else None
