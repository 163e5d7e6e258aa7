"""What recovery and verification have in common: an address, and the code that is mailed to it."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from http import HTTPStatus

from django_ory_mfa.testing._answers import either
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, Json, redirect
from django_ory_mfa.testing._identity import FakeIdentity
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator import _errors as errors
from django_ory_mfa.testing.emulator._account_flows import Fields, begun_again, shown
from django_ory_mfa.testing.emulator._courier import mail_code
from django_ory_mfa.testing.emulator._flow_pages import ui_page
from django_ory_mfa.testing.emulator._flows import FakeFlow
from django_ory_mfa.testing.emulator._nodes import Label, csrf_node, error, info, input_node, method_button, name_of
from django_ory_mfa.testing.emulator._refused import MOST_CODES, invalid_email, refused, too_many_codes

Passed = Callable[[FakeState, FakeRequest, FakeFlow, FakeIdentity], FakeResponse]
_CONTINUE = (1070009, "Continue")
_SENT = (
    "An email containing a {kind} code has been sent to the email address you provided. If you have not received an"
    " email, check the spelling of the address and make sure to use the address you registered with."
)
_WRONG = "The {kind} code is invalid or has already been used. Please try again."
# Numbers of Ory: the mail was sent; the code is wrong; the label of the code.
_NUMBERS = {"recovery": (1060003, 4060006, 1070010), "verification": (1080003, 4070006, 1070011)}


def email_form(ory: FakeState, flow: FakeFlow) -> None:
    """Asks for an address."""
    flow.active = "code"
    email = input_node("code", "email", "email", (1070007, "Email"), required=True)
    inputs, secret = [email, method_button("code", _CONTINUE)], csrf_node(flow.csrf_secret)
    flow.nodes = [secret, *inputs] if flow.kind == "recovery" else [*inputs, secret]


def send_code(ory: FakeState, flow: FakeFlow, email: str) -> None:
    """Mails a code if somebody has the address, and asks for it in either case."""
    flow.code, flow.address = None, email
    flow.active, flow.state = "code", "sent_email"
    if ory.identity_by_email(email):
        mail_code(ory, flow, email)
    flow.messages = [info(_NUMBERS[flow.kind][0], _SENT.format(kind=flow.kind))]
    flow.nodes = _code_form(flow)


def judged_by_code(
    ory: FakeState, request: FakeRequest, flow: FakeFlow, fields: Fields, passed: Passed
) -> FakeResponse:
    """Takes an address or the code, whichever was sent."""
    if flow.state == "passed_challenge":
        new = begun_again(ory, flow, email_form)
        return either(ory, request, 410, errors.flow_replaced(new.id), ui_page(ory, new), [])
    code, email = fields.get("code", ""), fields.get("email")
    if code and flow.state == "sent_email":
        return _judged_code(ory, request, flow, code, passed)
    if wrong := invalid_email(email or None):
        refused(flow, wrong, beside="email")
        if flow.kind == "verification":
            flow.nodes = [_emptied(each) if name_of(each) == "email" else each for each in flow.nodes]
        return shown(ory, request, flow, 400)
    send_code(ory, flow, str(email))
    return shown(ory, request, flow, 200, is_step=flow.kind == "recovery")


def _judged_code(ory: FakeState, request: FakeRequest, flow: FakeFlow, code: str, passed: Passed) -> FakeResponse:
    flow.submitted_codes += 1
    if flow.submitted_codes > MOST_CODES:
        return _tried_too_often(ory, request, flow)
    identity = ory.identity_by_email(flow.address)
    if identity is None or flow.code is None or not hmac.compare_digest(flow.code.encode(), code.encode()):
        refused(flow, error(_NUMBERS[flow.kind][1], _WRONG.format(kind=flow.kind)))
        return shown(ory, request, flow, 200, is_step=True)
    flow.code, flow.state = None, "passed_challenge"
    return passed(ory, request, flow, identity)


def _tried_too_often(ory: FakeState, request: FakeRequest, flow: FakeFlow) -> FakeResponse:
    """A new flow says so, in which another code can be asked for."""
    new = begun_again(ory, flow, email_form)
    new.messages = [too_many_codes()]
    if flow.kind == "verification":
        reason = "An error occured, please retry the flow."
        return either(ory, request, 410, errors.flow_replaced(new.id, reason), ui_page(ory, new), [])
    fetch = f"{ory.public_url}/self-service/{flow.kind}/flows?id={new.id}"
    url = fetch if request.wants_json else ui_page(ory, new)
    return redirect(ory, request, HTTPStatus.SEE_OTHER, url)


def _emptied(email: Json) -> Json:
    return email | {"attributes": email["attributes"] | {"value": ""}}


def _code_form(flow: FakeFlow) -> list[Json]:
    label: Label = (_NUMBERS[flow.kind][2], f"{flow.kind.capitalize()} code")
    hidden = input_node("code", "method", "hidden", None, value="code")
    submit = method_button("code", _CONTINUE)
    resend = input_node("code", "email", "submit", (1070008, "Resend code"), value=flow.address)
    secret = csrf_node(flow.csrf_secret)
    if flow.kind == "recovery":
        code = input_node("code", "code", "text", label, required=True, pattern="[0-9]+", maxlength=6)
        return [secret, code, hidden, submit, resend]
    return [hidden, input_node("code", "code", "text", label, required=True), submit, secret, resend]
