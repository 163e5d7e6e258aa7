"""What Ory answers at each path."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable
from http import HTTPStatus

from django_ory_mfa.testing._bodies import server_error
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, json_answer, plain, redirect
from django_ory_mfa.testing._logout import logout_api, logout_init, logout_submit
from django_ory_mfa.testing._sessions import delete_session, delete_sessions, list_sessions, whoami
from django_ory_mfa.testing._state import FakeState

Endpoint = Callable[..., FakeResponse]

_READS = ("GET", "HEAD")
_ANY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE")
_MAX_HEADER_BYTES = 1 << 20
_EMULATOR = "django_ory_mfa.testing.emulator"


def alive(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Whether the process runs."""
    return json_answer(ory, request, 200, {"status": "ok"})


def ready(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Whether the database answers too."""
    if ory.database_down:
        text = "error may contain sensitive information and was obfuscated"
        return json_answer(ory, request, 503, server_error(text))
    return json_answer(ory, request, 200, {"status": "ok"})


# An endpoint that is a text lies in the emulator, which the tests of most sites never need.
_ROUTES: tuple[tuple[tuple[str, ...], str, Endpoint | str], ...] = (
    (_ANY, "/sessions/whoami", whoami),
    (_READS, "/sessions", list_sessions),
    (("DELETE",), "/sessions", delete_sessions),
    (("DELETE",), "/sessions/{}", delete_session),
    (_READS, "/self-service/login/browser", "_login:login_browser"),
    (_READS, "/self-service/login/api", "_login:login_api"),
    (_READS, "/self-service/login/flows", "_login:login_fetch"),
    (("GET", "POST"), "/self-service/login", "_login_submit:login_submit"),
    (_READS, "/self-service/settings/browser", "_settings:settings_browser"),
    (_READS, "/self-service/settings/api", "_settings:settings_api"),
    (_READS, "/self-service/settings/flows", "_settings:settings_fetch"),
    (("GET",), "/self-service/settings", "_settings_submit:settings_resume"),
    (("POST",), "/self-service/settings", "_settings_submit:settings_submit"),
    (_READS, "/self-service/registration/browser", "_registration:registration_browser"),
    (_READS, "/self-service/registration/api", "_registration:registration_api"),
    (_READS, "/self-service/registration/flows", "_registration:registration_fetch"),
    (("POST",), "/self-service/registration", "_registration:registration_submit"),
    (_READS, "/self-service/recovery/browser", "_recovery:recovery_browser"),
    (_READS, "/self-service/recovery/flows", "_recovery:recovery_fetch"),
    (("POST",), "/self-service/recovery", "_recovery:recovery_submit"),
    (_READS, "/self-service/verification/browser", "_verification:verification_browser"),
    (_READS, "/self-service/verification/flows", "_verification:verification_fetch"),
    (("POST",), "/self-service/verification", "_verification:verification_submit"),
    (_READS, "/self-service/errors", "_show_error:show_error"),
    (_READS, "/.well-known/ory/webauthn.js", "_key_script:key_script"),
    (_READS, "/self-service/logout/browser", logout_init),
    (_READS, "/self-service/logout", logout_submit),
    (("DELETE",), "/self-service/logout/api", logout_api),
    (_READS, "/health/alive", alive),
    (_READS, "/health/ready", ready),
    (_READS, "/admin/health/alive", alive),
    (_READS, "/admin/health/ready", ready),
    (_READS, "/admin/version", "_admin:version"),
    (_READS, "/admin/courier/messages", "_admin:courier_messages"),
    (_READS, "/admin/identities", "_admin:list_identities"),
    (("POST",), "/admin/identities", "_admin:create_identity"),
    (_READS, "/admin/identities/{}", "_admin:get_identity"),
    (("PUT",), "/admin/identities/{}", "_admin:put_identity"),
    (("PATCH",), "/admin/identities/{}", "_admin:patch_identity"),
    (("DELETE",), "/admin/identities/{}", "_admin:delete_identity"),
    (("DELETE",), "/admin/identities/{}/credentials/{}", "_admin:delete_credential"),
    (_READS, "/admin/identities/{}/sessions", "_admin:identity_sessions"),
    (("DELETE",), "/admin/identities/{}/sessions", "_admin:delete_identity_sessions"),
    (_READS, "/admin/sessions/{}", "_admin:get_session"),
    (("DELETE",), "/admin/sessions/{}", "_admin:delete_session_by_admin"),
    (("PATCH",), "/admin/sessions/{}/extend", "_admin:extend_session"),
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
            return _loaded(endpoint)(ory, request, *ids)
    return plain(ory, HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed\n")


def _loaded(endpoint: Endpoint | str) -> Endpoint:
    if not isinstance(endpoint, str):
        return endpoint
    found: Endpoint = pkgutil.resolve_name(f"{_EMULATOR}.{endpoint}")
    return found


def _endpoints_at(path: str) -> list[tuple[tuple[str, ...], Endpoint | str, tuple[str, ...]]]:
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
