"""Ory's CSRF protection: a secret in a cookie, and the same secret, masked anew, in each form."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets

from django_ory_mfa.testing._config import FakeConfig
from django_ory_mfa.testing._http import FakeRequest

_LENGTH = 32


def csrf_secret(config: FakeConfig, request: FakeRequest) -> bytes | None:
    """Return the secret in the CSRF cookie of the browser; None if there is none that can be read."""
    values = request.cookies(config.csrf_cookie_name)
    return _decoded(values[0], _LENGTH) if values else None


def new_csrf_secret() -> bytes:
    """Return the value of a new CSRF cookie."""
    return secrets.token_bytes(_LENGTH)


def csrf_token(secret: bytes) -> str:
    """Return ``secret`` with a new mask, for a form."""
    mask = secrets.token_bytes(_LENGTH)
    return base64.b64encode(mask + _masked(secret, mask)).decode()


def csrf_matches(secret: bytes | None, token: str) -> bool:
    """Whether a form's ``token`` belongs to the browser that holds ``secret``."""
    if secret is None or (raw := _decoded(token, 2 * _LENGTH)) is None:
        return False
    return hmac.compare_digest(_masked(raw[_LENGTH:], raw[:_LENGTH]), secret)


def _masked(value: bytes, mask: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(value, mask, strict=True))


def _decoded(text: str, length: int) -> bytes | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == length else None
