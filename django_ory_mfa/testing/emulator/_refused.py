"""Forms that come back because of what was typed in."""

from __future__ import annotations

from django_ory_mfa.testing._http import Json
from django_ory_mfa.testing.emulator._flows import FakeFlow
from django_ory_mfa.testing.emulator._nodes import csrf_node, error, missing, name_of, with_message, with_value

#: How many codes may be tried in one flow, right or wrong.
MOST_CODES = 5
_MIN_PASSWORD = 8


def invalid_email(email: str | None) -> Json | None:
    """What is wrong with an address; None as the address: it was not sent."""
    if email is None:
        return missing("email")
    if "@" in email:
        return None
    text = f'"{email}" is not valid "email"'
    return error(4000001, text, reason=text)


def invalid_password(password: str) -> Json | None:
    """What is wrong with a new password."""
    if not password:
        return missing("password")
    length = len(password)
    if length >= _MIN_PASSWORD:
        return None
    text = f"The password must be at least {_MIN_PASSWORD} characters long, but got {length}."
    return error(4000032, text, actual_length=length, min_length=_MIN_PASSWORD)


def too_many_codes() -> Json:
    """What is said of a code after too many others; of the right one too."""
    text = "The request was submitted too often. Please request another code."
    return error(4000001, text, reason=text)


def unreadable_answer(detail: str = "") -> Json:
    """What is said of something that no security key or passkey answers."""
    text = f"Unable to parse WebAuthn response{detail}"
    return error(4000001, text, reason=text)


def refused(flow: FakeFlow, said: Json, *, forget: str = "", beside: str = "") -> None:
    """Says why the form was not accepted: on top, or beside one input; what was typed into ``forget`` is gone."""
    flow.messages = [] if beside else [said]
    flow.nodes = [each | {"messages": []} for each in flow.nodes]
    if forget:
        flow.nodes = with_value(flow.nodes, forget, None)
    if beside:
        flow.nodes = with_message(flow.nodes, beside, said)
    secret = csrf_node(flow.csrf_secret)
    flow.nodes = [secret if name_of(each) == "csrf_token" else each for each in flow.nodes]
