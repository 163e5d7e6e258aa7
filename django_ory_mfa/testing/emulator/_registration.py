"""Ory's sign-up: who one is, then the password or a passkey."""

from __future__ import annotations

from http import HTTPStatus

from django_ory_mfa.testing._answers import either, failed
from django_ory_mfa.testing._bodies import identity_body
from django_ory_mfa.testing._credentials import csrf_cookie, session_cookie, session_of
from django_ory_mfa.testing._csrf import new_csrf_secret
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, Json, json_answer, redirect
from django_ory_mfa.testing._identity import FakeIdentity
from django_ory_mfa.testing._people import FakeSession
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator import _errors as errors
from django_ory_mfa.testing.emulator._account_flows import Fields, fetched, opened, shown, signed_in_already, submitted
from django_ory_mfa.testing.emulator._flow_bodies import native_signed_in_body, signed_in_body
from django_ory_mfa.testing.emulator._flow_pages import ui_page
from django_ory_mfa.testing.emulator._flows import FakeFlow
from django_ory_mfa.testing.emulator._key_nodes import sign_up_nodes
from django_ory_mfa.testing.emulator._keys import UnreadableAnswerError, WrongAnswerError, creation_options, new_key
from django_ory_mfa.testing.emulator._nodes import csrf_node, error, info, input_node, method_button, trait_node
from django_ory_mfa.testing.emulator._refused import invalid_email, invalid_password, refused, unreadable_answer
from django_ory_mfa.testing.emulator._verification import verification_of

# In this order Ory sorts a form that comes back.
_GROUPS = ("default", "webauthn", "passkey", "password", "profile")
_SIGN_UP = (1040001, "Sign up")
_TAKEN = "An account with the same identifier (email, phone, username, ...) exists already."
_NO_WAY = "Could not find a strategy to sign you up with. Did you fill out the form correctly?"


def registration_browser(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Opens a sign-up for a browser."""
    return opened(ory, request, "registration", _first_form)


def registration_api(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Opens a sign-up for a native client."""
    return opened(ory, request, "registration", _first_form, "api")


def registration_fetch(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """A sign-up, for the page that shows it."""
    return fetched(ory, request, "registration")


def registration_submit(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Signs somebody up, in one step or two."""
    return submitted(ory, request, "registration", _first_form, _judged)


def _first_form(ory: FakeState, flow: FakeFlow, typed: Fields | None = None) -> None:
    shown_values = {name: {"value": value} for name, value in (typed or {}).items()}
    newer = ory.is_newer
    email = {**shown_values.get("email", {}), "required": True, "autocomplete": "email"}
    flow.messages = []
    flow.nodes = [
        trait_node("default", "traits.email", "email", "E-mail", "email", is_newer=newer, **email),
        trait_node("default", "traits.name", "text", "Name", "name", is_newer=newer, **shown_values.get("name", {})),
        csrf_node(flow.csrf_secret),
        method_button("profile", _SIGN_UP),
    ]


def _second_form(ory: FakeState, flow: FakeFlow, traits: Fields) -> None:
    flow.messages = [info(1040009, "Please choose a credential to authenticate yourself with.")]
    required = {"required": True, "autocomplete": "new-password"}
    flow.nodes = [
        *sign_up_nodes(ory, flow),
        input_node("password", "password", "password", (1070001, "Password"), **required),
        method_button("password", _SIGN_UP),
        input_node("profile", "screen", "submit", (1040008, "Back"), value="previous"),
        *(input_node("default", f"traits.{name}", "hidden", None, value=value) for name, value in traits.items()),
        csrf_node(flow.csrf_secret),
    ]


def _judged(ory: FakeState, request: FakeRequest, flow: FakeFlow, fields: Fields) -> FakeResponse:
    if session_of(ory, request):
        return signed_in_already(ory, request, "registration")
    traits = {name: fields[f"traits.{name}"] for name in ("email", "name") if fields.get(f"traits.{name}")}
    method, screen = fields.get("method", ""), fields.get("screen", "")
    if method == "profile" or screen == "credential-selection":
        if wrong := invalid_email(fields.get("traits.email")):
            _first_form(ory, flow, {"email": fields.get("traits.email", ""), **traits})
            return _again(ory, request, flow, wrong, "traits.email")
        _second_form(ory, flow, traits)
        return shown(ory, request, flow, 400, is_step=True)
    if screen == "previous":
        _first_form(ory, flow, traits)
        return shown(ory, request, flow, 400, is_step=True)
    # Front ends that know no passkeys may send what a checkbox would.
    if ory.passkey and flow.client == "browser" and fields.get("passkey_register", "") not in {"", "true"}:
        return _with_passkey(ory, request, flow, traits, fields)
    if method != "password":
        return _again(ory, request, flow, error(4010003, _NO_WAY))
    return _with_password(ory, request, flow, traits, fields)


def _with_password(
    ory: FakeState, request: FakeRequest, flow: FakeFlow, traits: Fields, fields: Fields
) -> FakeResponse:
    email, password = traits.get("email", ""), fields.get("password", "")
    if wrong := invalid_email(fields.get("traits.email")):
        return _again(ory, request, flow, wrong, "traits.email")
    if wrong := invalid_password(password):
        return _again(ory, request, flow, wrong, "password")
    if ory.identity_by_email(email):
        return _again(ory, request, flow, error(4000007, _TAKEN))
    identity = _new_identity(ory, email, traits)
    identity.password = password
    return _signed_up(ory, request, flow, ory.add_session(identity, "password"))


def _with_passkey(ory: FakeState, request: FakeRequest, flow: FakeFlow, traits: Fields, fields: Fields) -> FakeResponse:
    if wrong := invalid_email(fields.get("traits.email")):
        return _again(ory, request, flow, wrong, "traits.email")
    if ory.identity_by_email(fields["traits.email"]):
        return _again(ory, request, flow, error(4000007, _TAKEN))
    # Ory asks for a passkey from the start, also before a page shows it.
    creation_options(ory, flow, "passkey")
    try:
        passkey = new_key(ory, flow, "passkey", fields["passkey_register"])
    except UnreadableAnswerError:
        return _again(ory, request, flow, unreadable_answer(": Parse error for Registration"))
    except WrongAnswerError as reason:
        return failed(ory, request, errors.key_not_made(str(reason)), [])
    identity = _new_identity(ory, fields["traits.email"], traits)
    identity.passkeys.append(passkey)
    return _signed_up(ory, request, flow, ory.add_session(identity, "passkey"))


def _new_identity(ory: FakeState, email: str, traits: Fields) -> FakeIdentity:
    schema = ory.default_schema_id
    factors = ("code",) if schema == "with_code" else ()
    return ory.add_identity(email=email, traits=traits, schema_id=schema, second_factors=factors, verified=False)


def _signed_up(ory: FakeState, request: FakeRequest, flow: FakeFlow, session: FakeSession) -> FakeResponse:
    """Signed in at once; a code for the address is on its way."""
    secret = new_csrf_secret() if flow.client == "browser" else None
    verification = verification_of(ory, flow, session.identity, secret)
    to_verify = {"id": verification.id, "verifiable_address": session.identity.email}
    who = {"identity": identity_body(ory, session.identity)}
    if secret is None:
        token = {"action": "set_ory_session_token", "ory_session_token": session.token}
        body = native_signed_in_body(ory, session, is_step_up=False, second_factor_due=False)
        return json_answer(ory, request, 200, body | who | {"continue_with": [_to_verify(to_verify), token]})
    url = flow.return_to or ory.default_return_url
    body = signed_in_body(ory, session, url, is_step_up=False)
    body["continue_with"].append(_to_verify(to_verify | {"url": ui_page(ory, verification)}))
    cookies = [csrf_cookie(ory, secret), session_cookie(ory, session, session.cookie)]
    return either(ory, request, 200, body | who, url, cookies)


def _to_verify(flow: Json) -> Json:
    return {"action": "show_verification_ui", "flow": flow}


def _again(ory: FakeState, request: FakeRequest, flow: FakeFlow, said: Json, beside: str = "") -> FakeResponse:
    refused(flow, said, beside=beside)
    flow.nodes.sort(key=lambda each: _GROUPS.index(each["group"]))
    if request.wants_json:
        return shown(ory, request, flow, 400)
    # Of all of Ory's forms only this one says 302.
    return redirect(ory, request, HTTPStatus.FOUND, ui_page(ory, flow))
