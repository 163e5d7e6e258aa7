"""Ory's sessions API: the session of a request, and the others of the same person."""

from __future__ import annotations

import base64
import json
import uuid
from http import HTTPStatus

from django_ory_mfa.testing import _bodies as bodies
from django_ory_mfa.testing._answers import step_up_url
from django_ory_mfa.testing._credentials import (
    has_credential,
    readable_cookie,
    securecookie_error,
    session_cookie,
    session_of,
)
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, Header, Json, answer, json_answer
from django_ory_mfa.testing._people import FakeSession
from django_ory_mfa.testing._state import FakeState

_NO_COOKIE = "No valid session cookie found."


def whoami(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Return the session of the credential of the request."""
    session = session_of(ory, request)
    if session is None:
        return json_answer(ory, request, 401, bodies.unauthorized(), _cache_headers(ory, request, None))
    if not ory.satisfies(session, ory.required_aal):
        return json_answer(ory, request, 403, bodies.aal2_required(step_up_url(ory)))
    if template := request.param("tokenize_as"):
        reason = f'Unable to find tokenizer template "{template}".'
        return json_answer(ory, request, 400, bodies.bad_request(reason))
    return _session_found(ory, request, session)


def list_sessions(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """The other live sessions of the same person, newest first."""
    session = session_of(ory, request)
    if session is None:
        return json_answer(ory, request, 401, bodies.unauthorized(_NO_COOKIE))
    if ory.is_newer and not ory.satisfies(session, ory.required_aal):
        return json_answer(ory, request, 403, bodies.aal2_required(step_up_url(ory)))
    listed = [_listed(ory, other) for other in reversed(_others(ory, session))]
    return json_answer(ory, request, 200, listed, page_headers(request.path, len(listed)))


def delete_sessions(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """End the other sessions of the same person."""
    session = session_of(ory, request)
    if session is None:
        return json_answer(ory, request, 401, bodies.unauthorized(_NO_COOKIE))
    others = _others(ory, session)
    for other in others:
        other.revoke()
    return json_answer(ory, request, 200, {"count": len(others)})


def delete_session(ory: FakeState, request: FakeRequest, session_id: str) -> FakeResponse:
    """End one other session; the id of no session, or of another person's, is no error."""
    session = session_of(ory, request)
    if session is None:
        return json_answer(ory, request, 401, bodies.unauthorized(_NO_COOKIE))
    if not _is_uuid(session_id):
        text = f'uuid: incorrect UUID length {len(session_id)} in string "{session_id}"'
        return json_answer(ory, request, 400, bodies.error_body(HTTPStatus.BAD_REQUEST, text))
    if session_id == session.id:
        text = "cannot revoke current session"
        return json_answer(ory, request, 400, bodies.error_body(HTTPStatus.BAD_REQUEST, text))
    for other in _others(ory, session):
        if other.id == session_id:
            other.revoke()
    return answer(ory, request, 204, [("Content-Type", "application/json; charset=utf-8")])


def page_headers(path: str, count: int) -> list[Header]:
    """How Ory numbers the pages of a list; here there is always one."""
    token = base64.urlsafe_b64encode(json.dumps({"offset": "0", "v": 2}, separators=(",", ":")).encode())
    page = f"page=0&page_size={count}&page_token={token.decode().rstrip('=')}&per_page={count}"
    return [("Link", f'<{path}?{page}>; rel="first"'), ("X-Total-Count", str(count))]


def _listed(ory: FakeState, session: FakeSession) -> Json:
    body = bodies.session_body(ory, session)
    return body | {"identity": bodies.brief_identity(body["identity"])}


def _others(ory: FakeState, session: FakeSession) -> list[FakeSession]:
    return [other for other in ory.sessions_of(session.identity) if other is not session and other.active]


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _cache_headers(ory: FakeState, request: FakeRequest, session: FakeSession | None) -> list[Header]:
    if ory.cache_for is None or (session is None and has_credential(ory, request)):
        return []
    if session is None:
        return [("Ory-Session-Cache-For", "60")]
    left = round((session.expires_at - ory.now()).total_seconds())
    return [("Ory-Session-Cache-For", str(min(left, ory.cache_for) if ory.cache_for else left))]


def _session_found(ory: FakeState, request: FakeRequest, session: FakeSession) -> FakeResponse:
    headers: list[Header] = [("X-Kratos-Authenticated-Identity-Id", session.identity.id)]
    sent = request.cookies(ory.cookie_name)
    held = readable_cookie(ory, request)
    # Ory renews the cookie whatever the credential was, and fails if it cannot decode the cookie.
    if sent and held is None:
        return json_answer(ory, request, 500, bodies.server_error(securecookie_error(sent[0])), headers)
    if held and held.expires_at < session.expires_at:
        headers.append(session_cookie(ory, session))
    headers += _cache_headers(ory, request, session)
    return json_answer(ory, request, 200, bodies.session_body(ory, session), headers)
