"""What Ory answers at each path."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode

from . import _bodies as bodies
from ._credentials import (
    cleared_session_cookie,
    csrf_cookie,
    has_credential,
    missing_csrf_cookie,
    readable_cookie,
    securecookie_error,
    session_cookie,
    session_of,
)
from ._http import FakeRequest, FakeResponse, Header, answer, json_answer, plain, redirect
from ._people import FakePeople, FakeSession

_READS = ("GET", "HEAD")
_ANY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE")
_MAX_HEADER_BYTES = 1 << 20


def dispatch(ory: FakePeople, request: FakeRequest) -> FakeResponse:
    """The answer of the whole server."""
    # v1.3.1 does not mind a second slash in front.
    path = request.path if ory.is_newer else "/" + request.path.lstrip("/")
    methods, endpoint = ENDPOINTS.get(path, ((), None))
    if refusal := _refusal_of_go(ory, request):
        return refusal
    if endpoint is None:
        return _elsewhere(ory, request)
    if request.method not in methods:
        return plain(ory, HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed\n")
    return endpoint(ory, request)


def whoami(ory: FakePeople, request: FakeRequest) -> FakeResponse:
    """Who the credential of the request belongs to."""
    session = session_of(ory, request)
    if session is None:
        return json_answer(ory, request, 401, bodies.unauthorized(), _cache_headers(ory, request, None))
    if not ory.satisfies(session, ory.required_aal):
        return json_answer(ory, request, 403, bodies.aal2_required(_step_up_url(ory)))
    if template := request.param("tokenize_as"):
        reason = f'Unable to find tokenizer template "{template}".'
        return json_answer(ory, request, 400, bodies.bad_request(reason))
    return _session_found(ory, request, session)


def settings_browser(ory: FakePeople, request: FakeRequest) -> FakeResponse:
    """Opens a settings flow for a browser."""
    session = session_of(ory, request)
    cookies = missing_csrf_cookie(ory, request)
    if session is None:
        missing = {"CredentialsMissing": False} if ory.is_newer else {}
        url = _flow_url(ory, "login", {"return_to": request.param("return_to")})
        return _either(ory, request, 401, bodies.session_inactive() | missing, url, cookies)
    if not ory.satisfies(session, ory.settings_required_aal):
        url = _settings_step_up_url(ory, request)
        return _either(ory, request, 403, bodies.aal2_required(url), url, cookies)
    flow_id = str(uuid.uuid4())
    body = _settings_flow(ory, request, session, "browser", flow_id)
    return _either(ory, request, 200, body, f"{ory.ui_url}/settings?flow={flow_id}", cookies)


def settings_api(ory: FakePeople, request: FakeRequest) -> FakeResponse:
    """Opens a settings flow for a native client."""
    session = session_of(ory, request)
    if session is None:
        return json_answer(ory, request, 401, bodies.session_inactive())
    if not ory.satisfies(session, ory.settings_required_aal):
        return json_answer(ory, request, 403, bodies.aal2_required(_settings_step_up_url(ory, request)))
    return json_answer(ory, request, 200, _settings_flow(ory, request, session, "api", str(uuid.uuid4())))


def logout_init(ory: FakePeople, request: FakeRequest) -> FakeResponse:
    """Hands out the URL that signs the browser out; always JSON for those who have a session."""
    session = session_of(ory, request)
    cookies = missing_csrf_cookie(ory, request)
    if session is None:
        return _no_session(ory, request, cookies)
    return_to = request.param("return_to")
    params = {"return_to": return_to} if return_to else {}
    url = f"{ory.public_url}/self-service/logout?{urlencode(params | {'token': session.logout_token})}"
    payload = {"logout_url": url, "logout_token": session.logout_token}
    return json_answer(ory, request, 200, payload, cookies)


def logout_submit(ory: FakePeople, request: FakeRequest) -> FakeResponse:
    """Signs the browser out."""
    session = session_of(ory, request)
    token = request.param("token")
    cookies = missing_csrf_cookie(ory, request)
    if not token:
        return _failed(ory, request, 400, bodies.bad_request("Please include a token in the URL query."), cookies)
    if session is None:
        return _no_session(ory, request, cookies)
    if token != session.logout_token:
        reason = "Unable to log out because the logout token in the URL query does not match the session cookie."
        return _failed(ory, request, 403, bodies.forbidden(reason), cookies)
    session.revoke()
    cookies = [cleared_session_cookie(ory), csrf_cookie(ory)]
    if request.wants_json:
        return answer(ory, request, 204, cookies)
    url = request.param("return_to") or ory.default_return_url
    return redirect(ory, request, HTTPStatus.SEE_OTHER, url, cookies)


def logout_api(ory: FakePeople, request: FakeRequest) -> FakeResponse:
    """Ends the session of a native client."""
    try:
        token = json.loads(request.body)["session_token"]
        session = ory.session_by_token(token)
    except (ValueError, KeyError, TypeError):
        return json_answer(ory, request, 400, bodies.bad_request("Unable to decode the request body."))
    if session is None:
        reason = "The provided Ory Session Token could not be found, is invalid, or otherwise malformed."
        return json_answer(ory, request, 403, bodies.forbidden(reason))
    session.revoke()
    return answer(ory, request, 204, [])


def alive(ory: FakePeople, request: FakeRequest) -> FakeResponse:
    """Whether the process runs."""
    return json_answer(ory, request, 200, {"status": "ok"})


def ready(ory: FakePeople, request: FakeRequest) -> FakeResponse:
    """Whether the database answers too."""
    if ory.database_down:
        text = "error may contain sensitive information and was obfuscated"
        return json_answer(ory, request, 503, bodies.server_error(text))
    return json_answer(ory, request, 200, {"status": "ok"})


ENDPOINTS: dict[str, tuple[tuple[str, ...], Callable[[FakePeople, FakeRequest], FakeResponse]]] = {
    "/sessions/whoami": (_ANY, whoami),
    "/self-service/settings/browser": (_READS, settings_browser),
    "/self-service/settings/api": (_READS, settings_api),
    "/self-service/logout/browser": (_READS, logout_init),
    "/self-service/logout": (_READS, logout_submit),
    "/self-service/logout/api": (("DELETE",), logout_api),
    "/health/alive": (_READS, alive),
    "/health/ready": (_READS, ready),
}


def _refusal_of_go(ory: FakePeople, request: FakeRequest) -> FakeResponse | None:
    if sum(len(name) + len(value) + 4 for name, value in request.headers) > _MAX_HEADER_BYTES:
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        return plain(ory, status, f"{status:d} {status.phrase}")
    if any(re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value) for _, value in request.headers):
        return plain(ory, HTTPStatus.BAD_REQUEST, "400 Bad Request: invalid header value")
    return None


def _elsewhere(ory: FakePeople, request: FakeRequest) -> FakeResponse:
    if ory.is_newer:
        moved, status = request.path.startswith("//"), HTTPStatus.TEMPORARY_REDIRECT
    else:
        moved, status = request.path.endswith("/"), HTTPStatus.MOVED_PERMANENTLY
    clean = "/" + request.path.strip("/")
    if not moved or clean not in ENDPOINTS:
        return plain(ory, HTTPStatus.NOT_FOUND, "404 page not found\n")
    return redirect(ory, request, status, f"{clean}?{request.query}" if request.query else clean)


def _cache_headers(ory: FakePeople, request: FakeRequest, session: FakeSession | None) -> list[Header]:
    if ory.cache_for is None or (session is None and has_credential(ory, request)):
        return []
    if session is None:
        return [("Ory-Session-Cache-For", "60")]
    left = round((session.expires_at - ory.now()).total_seconds())
    return [("Ory-Session-Cache-For", str(min(left, ory.cache_for) if ory.cache_for else left))]


def _session_found(ory: FakePeople, request: FakeRequest, session: FakeSession) -> FakeResponse:
    headers: list[Header] = [("X-Kratos-Authenticated-Identity-Id", session.identity.id)]
    sent = request.cookies(ory.cookie_name)
    held = readable_cookie(ory, request)
    # Ory renews the cookie whatever the credential was, and stumbles over one that it cannot open.
    if sent and held is None:
        return json_answer(ory, request, 500, bodies.server_error(securecookie_error(sent[0])), headers)
    if held and held.expires_at < session.expires_at:
        headers.append(session_cookie(ory, session))
    headers += _cache_headers(ory, request, session)
    return json_answer(ory, request, 200, bodies.session_body(ory, session), headers)


def _settings_flow(ory: FakePeople, request: FakeRequest, session: FakeSession, kind: str, flow_id: str) -> bodies.Json:
    return_to = request.param("return_to")
    target = _target(request)
    return bodies.settings_body(ory, session.identity, flow_id=flow_id, kind=kind, target=target, return_to=return_to)


def _settings_step_up_url(ory: FakePeople, request: FakeRequest) -> str:
    # The settings page is returned to only if it was itself told where to go next.
    return _step_up_url(ory, f"{ory.public_url}{_target(request)}" if request.param("return_to") else "")


def _no_session(ory: FakePeople, request: FakeRequest, cookies: list[Header]) -> FakeResponse:
    return _failed(ory, request, 401, bodies.session_inactive(), cookies)


def _failed(
    ory: FakePeople, request: FakeRequest, status: int, body: bodies.Json, cookies: list[Header]
) -> FakeResponse:
    return _either(ory, request, status, body, f"{ory.ui_url}/error?id={uuid.uuid4()}", cookies)


def _either(
    ory: FakePeople, request: FakeRequest, status: int, body: bodies.Json, url: str, cookies: list[Header]
) -> FakeResponse:
    """``body`` for a script, ``url`` for a browser."""
    if request.wants_json:
        return json_answer(ory, request, status, body, cookies)
    return redirect(ory, request, HTTPStatus.SEE_OTHER, url, cookies)


def _target(request: FakeRequest) -> str:
    return f"{request.path}?{request.query}" if request.query else request.path


def _flow_url(ory: FakePeople, flow: str, params: dict[str, str]) -> str:
    query = urlencode({name: value for name, value in params.items() if value})
    return f"{ory.public_url}/self-service/{flow}/browser{'?' if query else ''}{query}"


def _step_up_url(ory: FakePeople, return_to: str = "") -> str:
    return _flow_url(ory, "login", {"aal": "aal2", "return_to": return_to})
