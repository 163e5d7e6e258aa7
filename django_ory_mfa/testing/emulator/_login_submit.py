"""Ory's login flow: what becomes of a submitted form."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from http import HTTPStatus

from django_ory_mfa.testing._answers import either, failed, step_up_url
from django_ory_mfa.testing._bodies import bad_request
from django_ory_mfa.testing._credentials import csrf_cookie, session_cookie, session_of
from django_ory_mfa.testing._csrf import csrf_matches, csrf_secret
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, Header, json_answer, redirect
from django_ory_mfa.testing._identity import FakeIdentity, FakeKey
from django_ory_mfa.testing._people import FakeSession
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator import _errors as errors
from django_ory_mfa.testing.emulator._flow_bodies import flow_body, native_signed_in_body, signed_in_body
from django_ory_mfa.testing.emulator._flow_pages import csrf_failed, ui_page
from django_ory_mfa.testing.emulator._flows import FakeFlow, flow_of, has_expired
from django_ory_mfa.testing.emulator._keys import (
    KeyKind,
    NothingAskedError,
    UnreadableAnswerError,
    WrongAnswerError,
    owner_of_passkey,
    prove_key,
)
from django_ory_mfa.testing.emulator._login import renewed_flow
from django_ory_mfa.testing.emulator._login_nodes import code_refused, second_factors, send_code
from django_ory_mfa.testing.emulator._nodes import error, missing, too_late, with_message, with_value
from django_ory_mfa.testing.emulator._refused import MOST_CODES, refused, too_many_codes, unreadable_answer
from django_ory_mfa.testing.emulator._totp import totp_matches

Fields = dict[str, str]
_INVALID = (
    "The provided credentials are invalid, check for spelling mistakes in your password or username, email address, or"
    " phone number."
)
_WRONG_MAILED_CODE = error(4010008, "The login code is invalid or has already been used. Please try again.")
_WRONG_CODE = error(4000008, "The provided authentication code is invalid, please try again.")


def login_submit(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Proves a method."""
    if ory.database_down:
        return json_answer(ory, request, 500, errors.database_unreachable())
    flow = flow_of(ory, "login", request.param("flow"))
    if flow is None:
        return failed(ory, request, errors.flow_missing(), [])
    session = session_of(ory, request)
    if flow.requested_aal == "aal2" and session is None:
        return failed(ory, request, errors.aal1_required(), [])
    try:
        fields = request.fields()
    except ValueError:
        return failed(ory, request, bad_request("Unable to decode the request body."), [])
    # Native clients are scripts, whatever they accept.
    return _judged(ory, request.as_script() if flow.client == "api" else request, flow, session, fields)


def _judged(
    ory: FakeState, request: FakeRequest, flow: FakeFlow, session: FakeSession | None, fields: Fields
) -> FakeResponse:
    if session and not flow.refresh and session.aal >= flow.requested_aal:
        return _finished_before(ory, request, flow)
    if has_expired(ory, flow):
        return _too_late(ory, request, flow)
    is_browser = flow.client == "browser"
    if is_browser and not csrf_matches(csrf_secret(ory, request), fields.get("csrf_token", "")):
        return csrf_failed(ory, request, flow)
    method = fields.get("method") or _method_of_field(fields)
    if flow.requested_aal == "aal1":
        return _prove_first_factor(ory, request, flow, session, fields, method)
    assert session  # noqa: S101 (a flow for aal2 without one was refused)
    if method not in second_factors(ory, flow, session.identity):
        return _no_way(ory, request, flow)
    return _SECOND_FACTORS[method](ory, request, flow, session, fields)


def _method_of_field(fields: Fields) -> str:
    """Return the method that a field alone stands for: a button that sends a code, or the answer of a key."""
    return next((method for name, method in _FIELDS.items() if fields.get(name)), "")


_FIELDS = {"passkey_login": "passkey", "webauthn_login": "webauthn", "address": "code"}


def _prove_first_factor(
    ory: FakeState, request: FakeRequest, flow: FakeFlow, session: FakeSession | None, fields: Fields, method: str
) -> FakeResponse:
    if method == "password":
        return _prove_password(ory, request, flow, session, fields)
    if method == "passkey" and ory.passkey and flow.client == "browser":
        return _prove_passkey(ory, request, flow, session, fields)
    return _no_way(ory, request, flow)


def _prove_passkey(
    ory: FakeState, request: FakeRequest, flow: FakeFlow, session: FakeSession | None, fields: Fields
) -> FakeResponse:
    answer = fields.get("passkey_login", "")
    try:
        identity = owner_of_passkey(ory, answer)
    except UnreadableAnswerError:
        refused(flow, unreadable_answer("."))
        return _again(ory, request, flow)
    if identity is None:
        refused(flow, error(4000015, "This account does not exist or has no security key set up."))
        return _again(ory, request, flow)
    if refusal := _key_refused(ory, request, flow, "passkey", answer, identity.passkeys):
        return refusal
    if identity.state != "active":
        return _disabled(ory, request, flow, identity, "passkey")
    return _first_factor_proved(ory, request, flow, session, identity, "passkey")


def _prove_security_key(
    ory: FakeState, request: FakeRequest, flow: FakeFlow, session: FakeSession, fields: Fields
) -> FakeResponse:
    if not fields.get("identifier"):
        refused(flow, missing("identifier"), beside="identifier")
        return _again(ory, request, flow)
    answer, keys = fields.get("webauthn_login", ""), session.identity.security_keys
    if refusal := _key_refused(ory, request, flow, "webauthn", answer, keys):
        return refusal
    return _second_factor_proved(ory, request, flow, session, "webauthn")


def _key_refused(
    ory: FakeState, request: FakeRequest, flow: FakeFlow, kind: KeyKind, answer: str, keys: list[FakeKey]
) -> FakeResponse | None:
    try:
        prove_key(ory, flow, kind, answer, keys)
    except NothingAskedError:
        return failed(ory, request, errors.nothing_asked(), [])
    except UnreadableAnswerError:
        refused(flow, unreadable_answer("."))
    except WrongAnswerError:
        # Ory says the same of a wrong key as of the wrong code of an app.
        refused(flow, _WRONG_CODE)
    else:
        return None
    return _again(ory, request, flow)


def _prove_password(
    ory: FakeState, request: FakeRequest, flow: FakeFlow, session: FakeSession | None, fields: Fields
) -> FakeResponse:
    identifier, password = fields.get("identifier", ""), fields.get("password", "")
    refused(flow, {}, beside="none")
    flow.nodes = with_value(flow.nodes, "identifier", identifier)
    if not identifier or not password:
        for name in ("identifier", "password"):
            flow.nodes = flow.nodes if fields.get(name) else with_message(flow.nodes, name, missing(name))
        return _again(ory, request, flow)
    identity = ory.identity_by_email(identifier)
    known = identity.password if identity else None
    if identity is None or known is None or not hmac.compare_digest(known.encode(), password.encode()):
        flow.messages = [error(4000006, _INVALID)]
        return _again(ory, request, flow)
    if identity.state != "active":
        return _disabled(ory, request, flow, identity, "password")
    return _first_factor_proved(ory, request, flow, session, identity, "password")


def _disabled(
    ory: FakeState, request: FakeRequest, flow: FakeFlow, identity: FakeIdentity, method: str
) -> FakeResponse:
    if not ory.is_newer:
        return failed(ory, request, errors.identity_disabled(identity.id), [])
    flow.active = method
    flow.nodes = with_value(flow.nodes, "identifier", "")
    flow.messages = [error(4010011, "This account has been disabled. Please contact support for assistance.")]
    return _again(ory, request, flow)


def _first_factor_proved(
    ory: FakeState,
    request: FakeRequest,
    flow: FakeFlow,
    session: FakeSession | None,
    identity: FakeIdentity,
    method: str,
) -> FakeResponse:
    if session and session.identity is identity:
        session.prove(method)
        return _signed_in(ory, request, flow, session, [], is_step_up=True)
    # Ory lets another person sign in at a refresh: that person gets a session, and the first one stays valid.
    new = ory.add_session(identity, method)
    return _signed_in(ory, request, flow, new, [csrf_cookie(ory)], is_step_up=False)


def _prove_totp(
    ory: FakeState, request: FakeRequest, flow: FakeFlow, session: FakeSession, fields: Fields
) -> FakeResponse:
    code = fields.get("totp_code", "")
    if not code:
        refused(flow, missing("totp_code"), forget="totp_code", beside="totp_code")
    elif totp_matches(session.identity.totp_secret or "", code, ory.now()):
        return _second_factor_proved(ory, request, flow, session, "totp")
    else:
        refused(flow, _WRONG_CODE, forget="totp_code")
    return _again(ory, request, flow)


def _prove_lookup_secret(
    ory: FakeState, request: FakeRequest, flow: FakeFlow, session: FakeSession, fields: Fields
) -> FakeResponse:
    code = fields.get("lookup_secret", "").strip()
    codes = session.identity.lookup_secrets
    if not code:
        refused(flow, missing("lookup_secret"), forget="lookup_secret", beside="lookup_secret")
    elif code not in codes:
        refused(flow, error(4000016, "The backup recovery code is not valid."), forget="lookup_secret")
    elif codes[code]:
        refused(flow, error(4000012, "This backup recovery code has already been used."), forget="lookup_secret")
    else:
        codes[code] = ory.now()
        return _second_factor_proved(ory, request, flow, session, "lookup_secret")
    return _again(ory, request, flow)


def _prove_code(
    ory: FakeState, request: FakeRequest, flow: FakeFlow, session: FakeSession, fields: Fields
) -> FakeResponse:
    if code := fields.get("code"):
        flow.submitted_codes += 1
        if flow.submitted_codes > MOST_CODES:
            code_refused(ory, flow, fields.get("identifier", ""), too_many_codes())
            return _again(ory, request, flow)
        if flow.code and hmac.compare_digest(flow.code.encode(), code.strip().encode()):
            flow.code = None
            session.identity.verified = True
            return _second_factor_proved(ory, request, flow, session, "code")
        code_refused(ory, flow, fields.get("identifier", ""), _WRONG_MAILED_CODE)
        return _again(ory, request, flow)
    email = session.identity.email or ""
    wanted = fields.get("address") or fields.get("identifier") or (email if fields.get("resend") else "")
    if not wanted or wanted.lower() != email.lower():
        refused(flow, error(4000035, "This account does not exist or has not setup sign in with code."))
        return _again(ory, request, flow)
    send_code(ory, flow, email)
    return either(ory, request, 400, flow_body(ory, flow, submitted=True), ui_page(ory, flow), [])


_SECOND_FACTORS: dict[str, Callable[[FakeState, FakeRequest, FakeFlow, FakeSession, Fields], FakeResponse]] = {
    "webauthn": _prove_security_key,
    "totp": _prove_totp,
    "lookup_secret": _prove_lookup_secret,
    "code": _prove_code,
}


def _second_factor_proved(
    ory: FakeState, request: FakeRequest, flow: FakeFlow, session: FakeSession, method: str
) -> FakeResponse:
    session.prove(method)
    return _signed_in(ory, request, flow, session, [], is_step_up=True)


def _signed_in(
    ory: FakeState,
    request: FakeRequest,
    flow: FakeFlow,
    session: FakeSession,
    cookies: list[Header],
    *,
    is_step_up: bool,
) -> FakeResponse:
    is_due = not ory.satisfies(session, ory.required_aal)
    if flow.client == "api":
        body = native_signed_in_body(ory, session, is_step_up=is_step_up, second_factor_due=is_due)
        return json_answer(ory, request, 200, body)
    cookies = [*cookies, session_cookie(ory, session, session.cookie)]
    if is_due:
        url = step_up_url(ory, flow.return_to)
        return either(ory, request, 422, errors.location_change_required(url), url, cookies)
    url = flow.return_to or ory.default_return_url
    return either(ory, request, 200, signed_in_body(ory, session, url, is_step_up=is_step_up), url, cookies)


def _again(ory: FakeState, request: FakeRequest, flow: FakeFlow) -> FakeResponse:
    """The form once more, with what is wrong with it."""
    return either(ory, request, 400, flow_body(ory, flow), ui_page(ory, flow), [])


def _no_way(ory: FakeState, request: FakeRequest, flow: FakeFlow) -> FakeResponse:
    text = "Could not find a strategy to log you in with. Did you fill out the form correctly?"
    refused(flow, error(4010002, text))
    return _again(ory, request, flow)


def _finished_before(ory: FakeState, request: FakeRequest, flow: FakeFlow) -> FakeResponse:
    """A double click, or Back: the browser ends at the default URL, not where the flow wanted to go."""
    refused(flow, error(4000001, errors.ALREADY_SIGNED_IN, reason=errors.ALREADY_SIGNED_IN))
    if request.wants_json:
        return json_answer(ory, request, 400, flow_body(ory, flow))
    return redirect(ory, request, HTTPStatus.SEE_OTHER, ory.default_return_url)


def _too_late(ory: FakeState, request: FakeRequest, flow: FakeFlow) -> FakeResponse:
    new = renewed_flow(ory, request, flow)
    new.messages.append(too_late(flow.kind, flow.expires_at, ory.now()))
    body = errors.flow_expired(flow.expires_at, ory.now(), new.id)
    return either(ory, request, 410, body, ui_page(ory, new), [])
