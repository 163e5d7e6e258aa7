"""What Ory answers at each path."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

from django_ory_mfa.testing._bodies import server_error
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, json_answer, plain, redirect
from django_ory_mfa.testing._logout import logout_api, logout_init, logout_submit
from django_ory_mfa.testing._sessions import delete_session, delete_sessions, list_sessions, whoami
from django_ory_mfa.testing.emulator import _admin as admin
from django_ory_mfa.testing.emulator._flows import FakeState
from django_ory_mfa.testing.emulator._login import login_api, login_browser, login_fetch
from django_ory_mfa.testing.emulator._login_submit import login_submit
from django_ory_mfa.testing.emulator._settings import settings_api, settings_browser, settings_fetch
from django_ory_mfa.testing.emulator._settings_submit import settings_resume, settings_submit
from django_ory_mfa.testing.emulator._show_error import show_error

Endpoint = Callable[..., FakeResponse]

_READS = ("GET", "HEAD")
_ANY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE")
_MAX_HEADER_BYTES = 1 << 20


def alive(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Whether the process runs."""
    return json_answer(ory, request, 200, {"status": "ok"})


def ready(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Whether the database answers too."""
    if ory.database_down:
        text = "error may contain sensitive information and was obfuscated"
        return json_answer(ory, request, 503, server_error(text))
    return json_answer(ory, request, 200, {"status": "ok"})


_ROUTES: tuple[tuple[tuple[str, ...], str, Endpoint], ...] = (
    (_ANY, "/sessions/whoami", whoami),
    (_READS, "/sessions", list_sessions),
    (("DELETE",), "/sessions", delete_sessions),
    (("DELETE",), "/sessions/{}", delete_session),
    (_READS, "/self-service/login/browser", login_browser),
    (_READS, "/self-service/login/api", login_api),
    (_READS, "/self-service/login/flows", login_fetch),
    (("GET", "POST"), "/self-service/login", login_submit),
    (_READS, "/self-service/settings/browser", settings_browser),
    (_READS, "/self-service/settings/api", settings_api),
    (_READS, "/self-service/settings/flows", settings_fetch),
    (("GET",), "/self-service/settings", settings_resume),
    (("POST",), "/self-service/settings", settings_submit),
    (_READS, "/self-service/errors", show_error),
    (_READS, "/self-service/logout/browser", logout_init),
    (_READS, "/self-service/logout", logout_submit),
    (("DELETE",), "/self-service/logout/api", logout_api),
    (_READS, "/health/alive", alive),
    (_READS, "/health/ready", ready),
    (_READS, "/admin/health/alive", alive),
    (_READS, "/admin/health/ready", ready),
    (_READS, "/admin/version", admin.version),
    (_READS, "/admin/courier/messages", admin.courier_messages),
    (_READS, "/admin/identities", admin.list_identities),
    (("POST",), "/admin/identities", admin.create_identity),
    (_READS, "/admin/identities/{}", admin.get_identity),
    (("PUT",), "/admin/identities/{}", admin.put_identity),
    (("PATCH",), "/admin/identities/{}", admin.patch_identity),
    (("DELETE",), "/admin/identities/{}", admin.delete_identity),
    (("DELETE",), "/admin/identities/{}/credentials/{}", admin.delete_credential),
    (_READS, "/admin/identities/{}/sessions", admin.identity_sessions),
    (("DELETE",), "/admin/identities/{}/sessions", admin.delete_identity_sessions),
    (_READS, "/admin/sessions/{}", admin.get_session),
    (("DELETE",), "/admin/sessions/{}", admin.delete_session_by_admin),
    (("PATCH",), "/admin/sessions/{}/extend", admin.extend_session),
)
_PATTERNS = [(methods, re.compile(path.replace("{}", "([^/]+)")), endpoint) for methods, path, endpoint in _ROUTES]


def dispatch(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """The answer of the whole server."""
    if refusal := _refusal_of_go(ory, request):
        return refusal
    # v1.3.1 does not mind a second slash in front.
    path = request.path if ory.is_newer else "/" + request.path.lstrip("/")
    found = _endpoints_at(path)
    if not found:
        return _elsewhere(ory, request)
    for methods, endpoint, ids in found:
        if request.method in methods:
            return endpoint(ory, request, *ids)
    return plain(ory, HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed\n")


def _endpoints_at(path: str) -> list[tuple[tuple[str, ...], Endpoint, tuple[str, ...]]]:
    matches = ((methods, pattern.fullmatch(path), endpoint) for methods, pattern, endpoint in _PATTERNS)
    return [(methods, endpoint, match.groups()) for methods, match, endpoint in matches if match]


def _refusal_of_go(ory: FakeState, request: FakeRequest) -> FakeResponse | None:
    if sum(len(name) + len(value) + 4 for name, value in request.headers) > _MAX_HEADER_BYTES:
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        return plain(ory, status, f"{status:d} {status.phrase}")
    if any(re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value) for _, value in request.headers):
        return plain(ory, HTTPStatus.BAD_REQUEST, "400 Bad Request: invalid header value")
    return None


def _elsewhere(ory: FakeState, request: FakeRequest) -> FakeResponse:
    if ory.is_newer:
        moved, status = request.path.startswith("//"), HTTPStatus.TEMPORARY_REDIRECT
    else:
        moved, status = request.path.endswith("/"), HTTPStatus.MOVED_PERMANENTLY
    clean = "/" + request.path.strip("/")
    if not moved or not _endpoints_at(clean):
        return plain(ory, HTTPStatus.NOT_FOUND, "404 page not found\n")
    return redirect(ory, request, status, f"{clean}?{request.query}" if request.query else clean)
