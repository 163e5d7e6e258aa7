"""Ory's settings flow: what becomes of a submitted form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import chain

from django_ory_mfa.testing._answers import either, failed, init_url
from django_ory_mfa.testing._bodies import bad_request
from django_ory_mfa.testing._credentials import CONTINUITY_COOKIE, continuity_cookie, session_cookie, session_of
from django_ory_mfa.testing._csrf import csrf_matches, csrf_secret
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, Json
from django_ory_mfa.testing._identity import FakeKey, new_lookup_secrets
from django_ory_mfa.testing._people import FakeSession
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator import _errors as errors
from django_ory_mfa.testing.emulator._flow_bodies import flow_body
from django_ory_mfa.testing.emulator._flow_pages import csrf_failed, ui_page
from django_ory_mfa.testing.emulator._flows import FakeFlow, flow_of, has_expired, new_flow, park
from django_ory_mfa.testing.emulator._key_nodes import is_last_way_in
from django_ory_mfa.testing.emulator._keys import UnreadableAnswerError, WrongAnswerError, new_key
from django_ory_mfa.testing.emulator._nodes import error, input_node, message, missing, name_of, too_late
from django_ory_mfa.testing.emulator._refused import invalid_password, refused, unreadable_answer
from django_ory_mfa.testing.emulator._settings import refusal_of, sign_in_first
from django_ory_mfa.testing.emulator._settings_nodes import (
    regenerated_nodes,
    revealed_nodes,
    settings_form,
    with_lookup_secrets,
)
from django_ory_mfa.testing.emulator._totp import totp_matches

Fields = dict[str, str]
# What is wrong with the form, and beside which input; None: nothing, so it is saved; "" and {}: shown, not saved.
Judgement = tuple[Json, str] | None
_SHOWN: tuple[Json, str] = ({}, "")
_ADD_KEY, _ADD_PASSKEY = "webauthn_register", "passkey_settings_register"
_OF_A_NEW_KEY = ": Parse error for Registration"
_NO_CODES = "You must (re-)generate recovery backup codes before you can save them."


def settings_submit(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Changes the settings."""
    session = session_of(ory, request)
    if session is None:
        return sign_in_first(ory, request)
    flow = flow_of(ory, "settings", request.param("flow"))
    try:
        fields = request.fields()
    except ValueError:
        return failed(ory, request, bad_request("Unable to decode the request body."), [])
    if refusal := errors.flow_missing() if flow is None else refusal_of(ory, session, flow):
        return failed(ory, request, refusal, [])
    assert flow  # noqa: S101 (a missing one was refused)
    request = request.as_script() if flow.client == "api" else request
    if has_expired(ory, flow):
        return _too_late(ory, request, flow, session)
    if flow.client == "browser" and not csrf_matches(csrf_secret(ory, request), fields.get("csrf_token", "")):
        return csrf_failed(ory, request, flow)
    return _applied(ory, request, flow, session, fields)


def settings_resume(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Applies what was submitted before a fresh proof was asked for, once it is given."""
    session = session_of(ory, request)
    if session is None:
        return sign_in_first(ory, request)
    flow = flow_of(ory, "settings", request.param("flow"))
    if refusal := errors.flow_missing() if flow is None else refusal_of(ory, session, flow):
        return failed(ory, request, refusal, [])
    assert flow  # noqa: S101
    for value in request.cookies(CONTINUITY_COOKIE):
        if value in ory.parked and ory.parked[value][0] == flow.id:
            return _applied(ory, request, flow, session, ory.parked.pop(value)[1])
    return either(ory, request, 200, flow_body(ory, flow), ui_page(ory, flow), [])


def _applied(
    ory: FakeState, request: FakeRequest, flow: FakeFlow, session: FakeSession, fields: Fields
) -> FakeResponse:
    method = fields.get("method") or _method_of_button(fields)
    if _needs_fresh_proof(ory, session, method):
        back = f"{ory.public_url}/self-service/settings?flow={flow.id}"
        url = init_url(ory, "login", refresh="true", return_to=back)
        cookie = continuity_cookie(ory, park(ory, flow, fields))
        return either(ory, request, 403, errors.refresh_required(url), url, [cookie])
    change = _METHODS.get(method, _no_way)
    try:
        judgement = change(ory, flow, session, fields)
    except WrongAnswerError as wrong:
        return failed(ory, request, errors.key_not_made(str(wrong)), [])
    if judgement is None:
        return _saved(ory, request, flow, session)
    flow.state = "show_form"
    said, beside = judgement
    if said:
        refused(flow, said, beside=beside)
    status = 400 if said else 200
    return either(ory, request, status, flow_body(ory, flow, submitted=not said), ui_page(ory, flow), [])


def _method_of_button(fields: Fields) -> str:
    """The method that a button of a settings form stands for, which browsers send alone."""
    pressed = (method for button, method in _BUTTONS.items() if _is_true(fields, button))
    answered = (method for name, method in _ANSWERS.items() if fields.get(name))
    return next(chain(pressed, answered), "")


def _needs_fresh_proof(ory: FakeState, session: FakeSession, method: str) -> bool:
    if ory.privileged_session_max_age <= 0 or (method == "profile" and ory.is_newer):
        return False
    return ory.now() >= session.authenticated_at + timedelta(seconds=ory.privileged_session_max_age)


def _saved(ory: FakeState, request: FakeRequest, flow: FakeFlow, session: FakeSession) -> FakeResponse:
    flow.state = "success"
    flow.messages = [message(1050001, "Your changes have been saved!", "success")]
    settings_form(ory, flow, session.identity)
    cookies = [session_cookie(ory, session)] if flow.client == "browser" else []
    url = flow.return_to or ui_page(ory, flow)
    return either(ory, request, 200, flow_body(ory, flow, submitted=True), url, cookies)


def _too_late(ory: FakeState, request: FakeRequest, flow: FakeFlow, session: FakeSession) -> FakeResponse:
    new = new_flow(ory, "settings", flow.client, flow.request_url, flow.return_to, flow.csrf_secret)
    new.identity, new.state = session.identity, "show_form"
    new.messages = [too_late(flow.kind, flow.expires_at, ory.now())]
    settings_form(ory, new, session.identity)
    body = errors.flow_expired(flow.expires_at, ory.now(), new.id)
    return either(ory, request, 410, body, ui_page(ory, new), [])


def _password(ory: FakeState, flow: FakeFlow, session: FakeSession, fields: Fields) -> Judgement:
    password = fields.get("password", "")
    if wrong := invalid_password(password):
        return wrong, "password"
    session.identity.password = password
    return None


def _profile(ory: FakeState, flow: FakeFlow, session: FakeSession, fields: Fields) -> Judgement:
    email = fields.get("traits.email", "").strip()
    if not email:
        return missing("email"), "traits.email"
    identity = session.identity
    if identity.email and email.lower() != identity.email.lower():
        identity.verified = False
    identity.email = email
    name = {"name": fields["traits.name"]} if fields.get("traits.name") else {}
    identity.traits = {"email": email, **name}
    return None


def _totp(ory: FakeState, flow: FakeFlow, session: FakeSession, fields: Fields) -> Judgement:
    identity = session.identity
    if _is_true(fields, "totp_unlink"):
        identity.remove_factor("totp")
        return None
    code = fields.get("totp_code", "")
    if not code:
        return missing("totp_code"), "totp_code"
    if "totp" in identity.second_factors or not totp_matches(flow.totp_secret, code, ory.now()):
        return error(4000008, "The provided authentication code is invalid, please try again."), "totp_code"
    identity.totp_secret, flow.totp_secret = flow.totp_secret, ""
    session.enrol("totp")
    return None


def _lookup_secret(ory: FakeState, flow: FakeFlow, session: FakeSession, fields: Fields) -> Judgement:
    identity = session.identity
    if _is_true(fields, "lookup_secret_disable"):
        identity.remove_factor("lookup_secret")
    elif _is_true(fields, "lookup_secret_reveal"):
        return _shown(ory, flow, session, revealed_nodes(identity.lookup_secrets))
    elif _is_true(fields, "lookup_secret_regenerate"):
        flow.lookup_secrets = new_lookup_secrets()
        return _shown(ory, flow, session, regenerated_nodes(flow.lookup_secrets))
    elif not _is_true(fields, "lookup_secret_confirm"):
        return _no_way(ory, flow, session, fields)
    elif not flow.lookup_secrets:
        return error(4000001, _NO_CODES, reason=_NO_CODES), ""
    else:
        identity.lookup_secrets, flow.lookup_secrets = dict.fromkeys(flow.lookup_secrets), []
        session.enrol("lookup_secret")
    return None


def _security_key(ory: FakeState, flow: FakeFlow, session: FakeSession, fields: Fields) -> Judgement:
    identity, name, answer = session.identity, fields.get("webauthn_register_displayname", ""), fields.get(_ADD_KEY)
    if answer and "webauthn" in flow.challenges:
        if not name:
            return missing("webauthn_register_displayname"), "webauthn_register_displayname"
        try:
            identity.security_keys.append(new_key(ory, flow, "webauthn", answer, name))
        except UnreadableAnswerError:
            return unreadable_answer(_OF_A_NEW_KEY), ""
        session.enrol("webauthn")
        return None
    if not fields.get("webauthn_remove"):
        return _no_way(ory, flow, session, fields)
    if not _removed(identity.security_keys, fields["webauthn_remove"]):
        text = "You tried to remove a WebAuthn credential which does not exist."
        return error(4000001, text, reason=text), ""
    if not identity.security_keys:
        identity.remove_factor("webauthn")
    return None


def _passkey(ory: FakeState, flow: FakeFlow, session: FakeSession, fields: Fields) -> Judgement:
    identity, answer, wanted = session.identity, fields.get(_ADD_PASSKEY), fields.get("passkey_remove")
    if wanted:
        return _passkey_removed(flow, session, wanted)
    if not (answer and "passkey" in flow.challenges):
        return _no_way(ory, flow, session, fields)
    try:
        identity.passkeys.append(new_key(ory, flow, "passkey", answer))
    except UnreadableAnswerError:
        return unreadable_answer(_OF_A_NEW_KEY), ""
    session.set_up("passkey")
    return None


def _passkey_removed(flow: FakeFlow, session: FakeSession, wanted: str) -> Judgement:
    passkeys = session.identity.passkeys
    held = {key.id.hex() for key in passkeys}
    if wanted not in held:
        text = "You tried to remove a passkey which does not exist."
        text = text if held else "You tried to remove a WebAuthn but you have no WebAuthn set up."
        return error(4000001, text, reason=text), ""
    if is_last_way_in(session.identity):
        text = "unable to remove this security key because it would lock you out of your account"
        # Ory says it beside an input of another name, which it adds to the form.
        place = [name_of(each) for each in flow.nodes].index("csrf_token")
        if "webauthn_remove" not in map(name_of, flow.nodes):
            flow.nodes.insert(place, input_node("default", "webauthn_remove", "text", None))
        return error(4000001, text, reason=text), "webauthn_remove"
    _removed(passkeys, wanted)
    return None


def _removed(keys: list[FakeKey], wanted: str) -> bool:
    """Take the key of this id away, if it is there."""
    before = len(keys)
    keys[:] = [key for key in keys if key.id.hex() != wanted]
    return len(keys) < before


def _shown(ory: FakeState, flow: FakeFlow, session: FakeSession, nodes: list[Json]) -> Judgement:
    flow.messages = []
    with_lookup_secrets(ory, flow, session.identity, nodes)
    return _SHOWN


def _no_way(ory: FakeState, flow: FakeFlow, session: FakeSession, fields: Fields) -> Judgement:
    text = "Could not find a strategy to update your settings. Did you fill out the form correctly?"
    return error(4010004, text), ""


_METHODS: dict[str, Callable[[FakeState, FakeFlow, FakeSession, Fields], Judgement]] = {
    "password": _password,
    "profile": _profile,
    "totp": _totp,
    "lookup_secret": _lookup_secret,
    "webauthn": _security_key,
    "passkey": _passkey,
}


_BUTTONS = {
    "totp_unlink": "totp",
    "lookup_secret_regenerate": "lookup_secret",
    "lookup_secret_reveal": "lookup_secret",
    "lookup_secret_confirm": "lookup_secret",
    "lookup_secret_disable": "lookup_secret",
}
_ANSWERS = {
    "webauthn_register": "webauthn",
    "webauthn_remove": "webauthn",
    "passkey_settings_register": "passkey",
    "passkey_remove": "passkey",
}


def _is_true(fields: Fields, name: str) -> bool:
    return fields.get(name) == "true"
