"""Read from Ory's settings flow which second factors a person has.

Node names: https://www.ory.sh/docs/kratos/self-service/flows/user-settings
"""

from __future__ import annotations

import json
from dataclasses import replace

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.errors import ErrorId

# The node that removes a second factor, which is there if it is set up; in the order of pages.
MAKES_CODES, REMOVES_CODES = "lookup_secret_regenerate", "lookup_secret_disable"
METHODS = {"totp_unlink": "totp", "webauthn_remove": "webauthn", REMOVES_CODES: "lookup_secret"}


def read_enrolment(answer: Answer) -> bool | None:
    """Return whether the person has a second factor; None if the settings flow does not show that."""
    if answer.status == 200:
        methods = read_second_factors(answer)
        return None if methods is None else bool(methods)
    if answer.status == 403 and answer.at("error", "id") == ErrorId.STEP_UP:
        return True
    return None


def read_second_factors(answer: Answer) -> list[str] | None:
    """Return the methods of second factors that are set up; None if the flow does not show that.

    Codes by e-mail or SMS are never among them, because they are not set up.
    """
    names = _names(answer) if answer.status == 200 else None
    return None if names is None else [method for node, method in METHODS.items() if node in names]


def lacks_recovery_codes(answer: Answer) -> bool:
    """Whether the flow offers to make recovery codes, and the person has none."""
    names = _names(answer) if answer.status == 200 else None
    return names is not None and MAKES_CODES in names and REMOVES_CODES not in names


def without_secrets(answer: Answer) -> Answer:
    """Return ``answer`` without cookies, and with only the parts of the body that ``read_enrolment`` reads."""
    # SECURITY: the body contains the seed of an authenticator app; only the names of its nodes may be kept.
    names = _names(answer)
    nodes = None if names is None else [{"attributes": {"name": name}} for name in names]
    kept = {"ui": {"nodes": nodes}, "error": {"id": answer.at("error", "id")}}
    return replace(answer, body=json.dumps(kept).encode(), set_cookies=())


def _names(answer: Answer) -> list[str] | None:
    try:
        nodes = answer.json_object()["ui"]["nodes"]
        names = [node["attributes"].get("name") for node in nodes]
    except (KeyError, TypeError, AttributeError):
        return None
    if not isinstance(nodes, list) or any(isinstance(name, (list, dict)) for name in names):
        return None
    # Nodes that are not inputs have no name.
    return [name for name in names if isinstance(name, str)]
