"""Time-based one-time passwords (RFC 6238), as authenticator apps make them."""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from datetime import datetime
from urllib.parse import quote, urlencode

_PERIOD = 30


def totp_code(secret: str, at: datetime) -> str:
    """The six digits that an app shows at this moment."""
    return _code(_key(secret), int(at.timestamp()) // _PERIOD)


def totp_matches(secret: str, code: str, at: datetime) -> bool:
    """Whether an app may show ``code`` now, one period earlier or one later; the same code may be used again."""
    try:
        key = _key(secret)
    except binascii.Error:
        return False
    period = int(at.timestamp()) // _PERIOD
    given = code.strip().encode()
    return any(hmac.compare_digest(_code(key, period + drift).encode(), given) for drift in (-1, 0, 1))


def totp_url(secret: str, account: str, issuer: str) -> str:
    """What the QR code of an authenticator app says."""
    query = urlencode({"algorithm": "SHA1", "digits": 6, "issuer": issuer, "period": _PERIOD, "secret": secret})
    return f"otpauth://totp/{quote(issuer)}:{quote(account, safe='@')}?{query}"


def totp_secret_in(url: str) -> str:
    """The seed in a URL of ``totp_url``, or an empty text."""
    return next((part[7:] for part in url.partition("?")[2].split("&") if part.startswith("secret=")), "")


def _key(secret: str) -> bytes:
    return base64.b32decode(secret.upper() + "=" * (-len(secret) % 8))


def _code(key: bytes, period: int) -> str:
    digest = hmac.digest(key, struct.pack(">Q", period), "sha1")
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06}"
