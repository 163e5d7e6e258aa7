"""Ory's admin API, as far as people who test or try an application need it."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import parse_qs

from django_ory_mfa.testing._bodies import bad_request, error_body, session_body
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, Json, answer, json_answer
from django_ory_mfa.testing._identity import FakeIdentity
from django_ory_mfa.testing._people import FakeSession
from django_ory_mfa.testing._sessions import page_headers
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator._admin_bodies import (
    CREDENTIALS,
    admin_identity,
    admin_session,
    credentials_of,
    message_body,
)
from django_ory_mfa.testing.emulator._admin_import import imported, unsupported
from django_ory_mfa.testing.emulator._errors import not_found

_PATCH_FAILED = "An error occured when applying the JSON patch"
_KNOWN_CREDENTIALS = {*CREDENTIALS, "oidc", "saml", "link_recovery", "code_recovery", "profile"}


def version(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """The version of the server."""
    return json_answer(ory, request, 200, {"version": "master" if ory.is_newer else ory.version})


def courier_messages(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """The e-mails, newest first."""
    recipient = request.param("recipient")
    found = [message for message in reversed(ory.messages) if recipient in {"", message.recipient}]
    size = request.param("page_size")
    return json_answer(
        ory, request, 200, [message_body(each) for each in found[: int(size) if size.isdecimal() else 250]]
    )


def list_identities(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """List all identities."""
    listed = [admin_identity(ory, identity) for identity in ory.identities]
    return json_answer(ory, request, 200, listed, page_headers(request.path, len(listed)))


def create_identity(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Create an identity."""
    payload, refusal = _object(request)
    made = refusal or imported(ory, payload)
    if not isinstance(made, FakeIdentity):
        return json_answer(ory, request, made["error"]["code"], made)
    location = ("Location", f"{ory.public_url}/identities/{made.id}")
    return json_answer(ory, request, 201, admin_identity(ory, made), [location])


def get_identity(ory: FakeState, request: FakeRequest, identity_id: str) -> FakeResponse:
    """Return one identity."""
    include = parse_qs(request.query).get("include_credential", [])
    if not _KNOWN_CREDENTIALS.issuperset(include):
        reason = "Invalid value `[]` for parameter `include_credential`."
        return json_answer(ory, request, 400, bad_request(reason))
    identity = ory.identity_by_id(identity_id)
    return _identity_answer(ory, request, identity, include)


def put_identity(ory: FakeState, request: FakeRequest, identity_id: str) -> FakeResponse:
    """Change traits and state of an identity."""
    payload, refusal = _object(request)
    if refusal := refusal or unsupported(ory, payload):
        return json_answer(ory, request, 400, refusal)
    if identity := ory.identity_by_id(identity_id):
        identity.state = payload.get("state", "active")
        identity.traits = payload["traits"]
        identity.email = payload["traits"]["email"]
    return _identity_answer(ory, request, identity)


def patch_identity(ory: FakeState, request: FakeRequest, identity_id: str) -> FakeResponse:
    """Disables a person or enables the person again; other changes are not built."""
    identity = ory.identity_by_id(identity_id)
    state = _patched_state(request)
    if identity is None or state is None:
        body = error_body(HTTPStatus.BAD_REQUEST, "patch includes denied path", reason=_PATCH_FAILED)
        return _missing(ory, request) if identity is None else json_answer(ory, request, 400, body)
    identity.state = state
    return _identity_answer(ory, request, identity)


def delete_identity(ory: FakeState, request: FakeRequest, identity_id: str) -> FakeResponse:
    """Delete an identity."""
    identity = ory.identity_by_id(identity_id)
    if identity is None:
        return _missing(ory, request)
    ory.delete_identity(identity)
    return _no_content(ory, request)


def delete_credential(ory: FakeState, request: FakeRequest, identity_id: str, kind: str) -> FakeResponse:
    """Remove a second factor."""
    identity = ory.identity_by_id(identity_id)
    if identity is None:
        return _missing(ory, request)
    if kind in {"password", "code"}:
        return json_answer(ory, request, 400, bad_request("You cannot remove first factor credentials."))
    if kind == "passkey":
        return json_answer(ory, request, 400, bad_request("Unknown credentials type passkey."))
    if kind not in credentials_of(identity):
        reason = f"You tried to remove a {kind} but this user have no {kind} set up."
        return json_answer(ory, request, 404, not_found(reason))
    identity.remove_factor(kind)
    return _no_content(ory, request)


def identity_sessions(ory: FakeState, request: FakeRequest, identity_id: str) -> FakeResponse:
    """The sessions of a person, newest first, ended ones too."""
    found = ory.sessions_of_id(identity_id)
    listed = [admin_session(ory, session, is_brief=True) for session in reversed(found)]
    return json_answer(ory, request, 200, listed, page_headers(request.path, len(listed)))


def delete_identity_sessions(ory: FakeState, request: FakeRequest, identity_id: str) -> FakeResponse:
    """Deletes the sessions of a person; a second time there are none."""
    found = ory.sessions_of_id(identity_id)
    for session in found:
        session.revoke()
        ory.sessions.remove(session)
    return _no_content(ory, request) if found else _missing(ory, request)


def get_session(ory: FakeState, request: FakeRequest, session_id: str) -> FakeResponse:
    """Return one session."""
    session = _session(ory, session_id)
    if session is None:
        return _missing(ory, request)
    return json_answer(ory, request, 200, admin_session(ory, session, is_brief=False))


def delete_session_by_admin(ory: FakeState, request: FakeRequest, session_id: str) -> FakeResponse:
    """End one session."""
    session = _session(ory, session_id)
    if session is None:
        return _missing(ory, request)
    session.revoke()
    return answer(ory, request, 204, [("Content-Type", "application/json; charset=utf-8")])


def extend_session(ory: FakeState, request: FakeRequest, session_id: str) -> FakeResponse:
    """Lets a session live for a whole lifespan from now on."""
    session = _session(ory, session_id)
    if session is None:
        return _missing(ory, request)
    session.extend()
    return json_answer(ory, request, 200, session_body(ory, session) | {"devices": []})


def _identity_answer(
    ory: FakeState, request: FakeRequest, identity: FakeIdentity | None, include: list[str] | None = None
) -> FakeResponse:
    if identity is None:
        return _missing(ory, request)
    return json_answer(ory, request, 200, admin_identity(ory, identity, include or ()))


def _object(request: FakeRequest) -> tuple[Json, Json | None]:
    """The body, or why it is no object."""
    try:
        payload = request.json()
    except ValueError:
        payload = None
    if isinstance(payload, dict):
        return payload, None
    return {}, error_body(HTTPStatus.BAD_REQUEST, "unexpected EOF")


def _patched_state(request: FakeRequest) -> str | None:
    try:
        (change,) = request.json()
        wanted = change["op"], change["path"], change["value"]
    except (ValueError, TypeError, KeyError):
        return None
    state = str(wanted[2])
    return state if wanted[:2] == ("replace", "/state") and re.fullmatch("(in)?active", state) else None


def _session(ory: FakeState, session_id: str) -> FakeSession | None:
    return next((session for session in ory.sessions if session.id == session_id), None)


def _missing(ory: FakeState, request: FakeRequest) -> FakeResponse:
    return json_answer(ory, request, 404, not_found())


def _no_content(ory: FakeState, request: FakeRequest) -> FakeResponse:
    return answer(ory, request, 204, [])
