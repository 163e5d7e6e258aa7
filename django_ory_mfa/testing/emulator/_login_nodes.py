"""The forms of Ory's login flow."""

from __future__ import annotations

from django_ory_mfa.testing._http import Json
from django_ory_mfa.testing._identity import FakeIdentity
from django_ory_mfa.testing._people import FakeSession
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator._courier import mail_code
from django_ory_mfa.testing.emulator._flows import FakeFlow
from django_ory_mfa.testing.emulator._key_nodes import second_factor_nodes, sign_in_nodes
from django_ory_mfa.testing.emulator._nodes import Label, csrf_node, info, input_node, method_button, trait_node

PASSWORD_LABEL = (1070001, "Password")
_CODE_SENT_OLDER = info(
    1010014,
    "An email containing a code has been sent to the email address you provided. If you have not received an email,"
    " check the spelling of the address and retry the login.",
)
_CODE_SENT = info(1010025, "A code was sent to your address. If you didn't receive it, please try again.")
_INPUTS: dict[str, tuple[tuple[str, Label], Label]] = {
    "totp": (("totp_code", (1010006, "Authentication code")), (1010009, "Use Authenticator")),
    "lookup_secret": (("lookup_secret", (1010007, "Backup recovery code")), (1010010, "Use backup recovery code")),
}


def first_form(ory: FakeState, flow: FakeFlow, session: FakeSession | None) -> None:
    """Fills a new flow; where a code by e-mail is the only way, newer versions of Ory mail it at once."""
    flow.messages = _greetings(flow, session)
    if flow.requested_aal == "aal1":
        flow.nodes = _first_factor(ory, flow, session)
        return
    identity = session.identity if session else None
    factors = second_factors(ory, flow, identity)
    flow.nodes = _second_factors(ory, flow, identity, factors)
    if factors == ["code"] and ory.is_newer and identity and identity.email:
        send_code(ory, flow, identity.email)


def second_factors(ory: FakeState, flow: FakeFlow, identity: FakeIdentity | None) -> list[str]:
    """The second factors that a login flow offers, in Ory's order."""
    held = identity.second_factors if identity else ()
    is_on = {"webauthn": ory.webauthn and flow.client == "browser", "code": ory.code_mfa}
    offered = ("webauthn", "code", "totp", "lookup_secret")
    return [method for method in offered if method in held and is_on.get(method, True)]


def send_code(ory: FakeState, flow: FakeFlow, address: str) -> None:
    """Mails a code and asks for it; the other ways leave the form."""
    mail_code(ory, flow, address)
    flow.state, flow.active = "sent_email", "code"
    flow.messages = [_CODE_SENT if ory.is_newer else _CODE_SENT_OLDER]
    identifier = _address_node("identifier", "hidden", address)
    code, hidden, submit, resend = _code_nodes(ory)
    flow.nodes = [identifier, hidden, code, submit, resend, csrf_node(flow.csrf_secret)]


def code_refused(ory: FakeState, flow: FakeFlow, identifier: str, said: Json) -> None:
    """The form after a wrong code, whose order is another one."""
    flow.messages = [said]
    code, hidden, submit, resend = _code_nodes(ory)
    address = input_node("default", "identifier", "hidden", None, value=identifier)
    flow.nodes = [csrf_node(flow.csrf_secret), address, code, resend, hidden, submit]


def _greetings(flow: FakeFlow, session: FakeSession | None) -> list[Json]:
    greetings = []
    if flow.refresh:
        greetings.append(info(1010003, "Please confirm this action by verifying that it is you."))
    if flow.requested_aal == "aal2" and session and session.aal != "aal2":
        greetings.append(info(1010004, "Please complete the second authentication challenge."))
    return greetings


def _first_factor(ory: FakeState, flow: FakeFlow, session: FakeSession | None) -> list[Json]:
    identity = session.identity if session else None
    passkeys = sign_in_nodes(ory, flow, identity)
    label = (1010001, "Sign in") if identity else (1010022, "Sign in with password")
    required = {"required": True, "autocomplete": "current-password"}
    password = [
        input_node("password", "password", "password", PASSWORD_LABEL, **required),
        method_button("password", label),
    ]
    ways = [*passkeys, *(password if identity is None or identity.password is not None else ())]
    return [csrf_node(flow.csrf_secret), *([_identifier(ory, identity, ways)] if ways else ()), *ways]


def _identifier(ory: FakeState, identity: FakeIdentity | None, ways: list[Json]) -> Json:
    if identity:
        return input_node("default", "identifier", "hidden", None, value=identity.email or "")
    fixed = {"value": "", "required": True}
    if ways[0]["type"] == "script":
        fixed["autocomplete"] = "username webauthn"
    return trait_node("default", "identifier", "text", "E-mail", "email", is_newer=ory.is_newer, **fixed)


def _second_factors(ory: FakeState, flow: FakeFlow, identity: FakeIdentity | None, factors: list[str]) -> list[Json]:
    nodes = [csrf_node(flow.csrf_secret)]
    for method in factors:
        if identity and method == "webauthn":
            nodes.extend(second_factor_nodes(ory, flow, identity))
        elif method == "code":
            nodes.append(_address_node("address", "submit", str(identity.email if identity else "")))
        else:
            (name, label), submit = _INPUTS[method]
            nodes.append(input_node(method, name, "text", label, value="", required=True))
            nodes.append(method_button(method, submit))
    return nodes


def _address_node(name: str, kind: str, address: str) -> Json:
    context = {"address": address, "channel": "email"}
    label = info(1010023, f"Send code to {address}", **context)
    return input_node("code", name, kind, None, value=address) | {"meta": {"label": label}}


def _code_nodes(ory: FakeState) -> tuple[Json, Json, Json, Json]:
    hint = {"autocomplete": "one-time-code"} if ory.is_newer else {}
    return (
        input_node("code", "code", "text", (1070013, "Login code"), required=True, **hint),
        input_node("code", "method", "hidden", None, value="code"),
        method_button("code", (1070009, "Continue")),
        input_node("code", "resend", "submit", (1070008, "Resend code"), value="code"),
    )
