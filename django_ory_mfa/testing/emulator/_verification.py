"""Ory's verification of an address, by code."""

from __future__ import annotations

from django_ory_mfa.testing._http import FakeRequest, FakeResponse
from django_ory_mfa.testing._identity import FakeIdentity
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator._account_flows import Fields, fetched, opened, shown, submitted
from django_ory_mfa.testing.emulator._by_code import email_form, judged_by_code, send_code
from django_ory_mfa.testing.emulator._flows import FakeFlow, new_flow
from django_ory_mfa.testing.emulator._nodes import csrf_node, info, message, node


def verification_browser(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Opens a verification."""
    return opened(ory, request, "verification", email_form)


def verification_fetch(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """A verification, for the page that shows it."""
    return fetched(ory, request, "verification")


def verification_submit(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Takes an address, or the code that was mailed to it."""
    return submitted(ory, request, "verification", email_form, _judged)


def verification_of(ory: FakeState, flow: FakeFlow, identity: FakeIdentity, secret: bytes | None) -> FakeFlow:
    """The verification that a sign-up begins; its code is mailed at once."""
    url = f"{ory.public_url}/self-service/verification/browser"
    new = new_flow(ory, "verification", flow.client, url, flow.return_to, secret)
    send_code(ory, new, str(identity.email))
    return new


def _judged(ory: FakeState, request: FakeRequest, flow: FakeFlow, fields: Fields) -> FakeResponse:
    return judged_by_code(ory, request, flow, fields, _passed)


def _passed(ory: FakeState, request: FakeRequest, flow: FakeFlow, identity: FakeIdentity) -> FakeResponse:
    identity.verified = True
    flow.action = flow.return_to or ory.default_return_url
    flow.messages = [message(1080002, "You successfully verified your email address.", "success")]
    label = (1070009, "Continue")
    go_on = {"href": flow.action, "title": info(*label), "id": "continue", "node_type": "a"}
    flow.nodes = [csrf_node(flow.csrf_secret), node("a", "code", go_on, label)]
    return shown(ory, request, flow, 200)
