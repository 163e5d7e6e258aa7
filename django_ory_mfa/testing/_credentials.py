"""Read credentials from a request, and set cookies, as Ory does."""

from __future__ import annotations

import base64
import secrets
import string

from django_ory_mfa.testing._csrf import csrf_secret, new_csrf_secret
from django_ory_mfa.testing._http import FakeRequest, Header, http_date
from django_ory_mfa.testing._people import FakeCookie, FakePeople, FakeSession

CONTINUITY_COOKIE = "ory_kratos_continuity"
_BASE64 = string.ascii_letters + string.digits + "-_"


def session_of(ory: FakePeople, request: FakeRequest) -> FakeSession | None:
    """Return the session of the one credential that Ory uses."""
    if ory.database_down:
        return None
    if token := request.header("x-session-token"):
        session = ory.session_by_token(token)
    elif cookie := readable_cookie(ory, request):
        session = cookie.session
    else:
        session = ory.session_by_token(_bearer_token(request))
    return session if session and session.active else None


def readable_cookie(ory: FakePeople, request: FakeRequest) -> FakeCookie | None:
    """Return the first session cookie that Ory can decode."""
    found = (ory.cookie_named(value) for value in request.cookies(ory.cookie_name))
    return next((cookie for cookie in found if cookie), None)


def has_credential(ory: FakePeople, request: FakeRequest) -> bool:
    """Whether the request has a credential that Ory can read."""
    token = request.header("x-session-token") or _bearer_token(request)
    return bool(token) or readable_cookie(ory, request) is not None


def _bearer_token(request: FakeRequest) -> str:
    parts = request.header("authorization").split(" ")
    return parts[1] if len(parts) == 2 and parts[0].lower() == "bearer" else ""


def securecookie_error(value: str) -> str:
    """Return the message of Ory's cookie library for a cookie that it cannot decode."""
    text = value.rstrip("=")
    legal = len(text) - len(text.lstrip(_BASE64))
    if legal == len(text) and len(value) % 4 == 0:
        return "securecookie: the value is not valid"
    at = legal if legal < len(text) else len(value) // 4 * 4
    return f"securecookie: base64 decode failed - caused by: illegal base64 data at input byte {at}"


def session_cookie(ory: FakePeople, session: FakeSession, value: str = "") -> Header:
    """Return the header that sets the session cookie to ``value``, or to a new value."""
    seconds = int((session.expires_at - ory.now()).total_seconds())
    life = f"{http_date(ory, seconds)}; Max-Age={seconds}"
    return _set_cookie(ory, ory.cookie_name, value or ory.new_cookie(session), life)


def cleared_session_cookie(ory: FakePeople) -> Header:
    """Return the header that deletes the session cookie."""
    return _set_cookie(ory, ory.cookie_name, secrets.token_urlsafe(321), "Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0")


def held_csrf(ory: FakePeople, request: FakeRequest) -> tuple[bytes, list[Header]]:
    """The browser's CSRF secret, and the cookie to set if the browser holds none that can be read."""
    if secret := csrf_secret(ory, request):
        return secret, []
    secret = new_csrf_secret()
    return secret, [_csrf_cookie(ory, secret)]


def csrf_cookie(ory: FakePeople, secret: bytes | None = None) -> Header:
    """A CSRF cookie with ``secret``, or with a new one."""
    return _csrf_cookie(ory, secret or new_csrf_secret())


def continuity_cookie(ory: FakePeople, value: str) -> Header:
    """Names what was submitted before a fresh proof was asked for."""
    days = 30 * 24 * 3600
    return _set_cookie(ory, CONTINUITY_COOKIE, value, f"{http_date(ory, days)}; Max-Age={days}")


def _csrf_cookie(ory: FakePeople, secret: bytes) -> Header:
    return _set_cookie(ory, ory.csrf_cookie_name, base64.b64encode(secret).decode(), "")


def _set_cookie(ory: FakePeople, name: str, value: str, expires: str) -> Header:
    domain = f"; Domain={ory.cookie_domain}" if ory.cookie_domain else ""
    life = f"Expires={expires}" if expires else "Max-Age=31536000"
    secure = "; Secure" if ory.public_url.startswith("https:") else ""
    return "Set-Cookie", f"{name}={value}; Path=/{domain}; {life}; HttpOnly{secure}; SameSite=Lax"
