"""Choose the one credential of a request that is sent to Ory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b

LONGEST_VALUE = 4096
LONGEST_HEADER = 32768
MOST_COOKIES = 8
# RFC 6265, section 4.1.1.
COOKIE_OCTETS = re.compile(r"[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]+")
SESSION_COOKIE_NAMES = re.compile(r"ory_(?:kratos_session|session_[0-9A-Za-z_.-]{1,100})")
# It starts with the literal name and not with a separator, because the regex engine can search for a literal fast.
COOKIE = r"({name})=([^;]*)"
LIKE_ORYS_OWN = re.compile(COOKIE.format(name=SESSION_COOKIE_NAMES.pattern))
# Between cookies; no sound value has it.
SEPARATOR = "; "
TOKEN_PREFIX = "ory_st_"  # noqa: S105 - no password


class CredentialKind(StrEnum):
    """How the credential was sent."""

    COOKIE = "cookie"
    TOKEN = "token"  # noqa: S105 - no password


@dataclass(frozen=True, slots=True)
class Credential:
    """A session cookie (with all its duplicates) or a session token; the value stays out of its ``repr``."""

    kind: CredentialKind
    value: str = field(repr=False)

    @property
    def is_cookie(self) -> bool:
        """Whether browsers send it automatically, so that CSRF matters."""
        return self.kind is CredentialKind.COOKIE

    @property
    def cookie_name(self) -> str:
        """The name of the cookie; empty for a token."""
        return self.value.partition("=")[0] if self.is_cookie else ""

    @property
    def has_duplicates(self) -> bool:
        """Whether it is several cookies, of which Ory takes one."""
        return SEPARATOR in self.value

    def each(self) -> list[Credential]:
        """Return the credentials that it consists of: itself, or one for each of several cookies."""
        return [Credential(self.kind, value) for value in self.value.split(SEPARATOR)]

    def headers(self) -> dict[str, str]:
        """Return the one header that sends it to Ory."""
        return {"Cookie" if self.is_cookie else "X-Session-Token": self.value}


BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def canonical(value: str) -> str:
    """Return the canonical base64 spelling of ``value``, the same for all spellings that Ory decodes alike.

    Ory ignores the unused bits of the last character: two before ``=``, four before ``==`` (RFC 4648, section 3.5).
    """
    bare = value.rstrip("=")
    padding = len(value) - len(bare)
    at = BASE64.find(bare[-1:]) if padding in (1, 2) and bare else -1
    return value if at < 0 else f"{bare[:-1]}{BASE64[at >> 2 * padding << 2 * padding]}{'=' * padding}"


def fingerprint(url: str, *secrets: str, key: bytes) -> str:
    """Return a keyed hash of ``secrets`` and of ``url``, the Ory that they belong to; ``key`` has 32 bytes."""
    return blake2b("\0".join((url, *secrets)).encode(), key=key, digest_size=16).hexdigest()


def choose_credential(
    *, session_token: str, cookies: Sequence[tuple[str, str]], authorization: str
) -> Credential | None:
    """Return the one credential of a request; None if there is none.

    ``cookies`` are its session cookies, the others are raw header values. A token without Ory's prefix belongs to
    another library, in whichever header it came, and is ignored.
    """
    if _is_orys_token(session_token):
        return Credential(CredentialKind.TOKEN, session_token)
    # SECURITY: all duplicates are sent, in order and byte for byte. Ory uses the first that it can decode; choosing one
    # here could select a different session from the one that Ory's own pages use.
    # Signing out ends each of them in the cache, so that a visitor must not send hundreds.
    header = cookie_header(cookies) if len(cookies) <= MOST_COOKIES else ""
    return Credential(CredentialKind.COOKIE, header) if header else _bearer(authorization)


def session_cookies(header: str, name: str | None = None) -> list[tuple[str, str]]:
    """Return the cookies called ``name`` in a raw ``Cookie`` header, or else all that look like Ory's session cookie.

    They are in order and unchanged; those whose value is not possible are left out.
    """
    found = []
    for cookie in (LIKE_ORYS_OWN if name is None else _called(name)).finditer(header):
        value = cookie[2].rstrip(" \t")
        before = header[header.rfind(";", 0, cookie.start()) + 1 : cookie.start()]
        # A match in the middle of a name or a value is not a cookie. Reading all cookies would take longer.
        if not before.strip(" \t") and is_sound(value):
            found.append((cookie[1], value))
    return found


def read_cookies(header: str) -> list[tuple[str, str]]:
    """Return the names and values of a raw ``Cookie`` header, in order and unchanged."""
    pairs = [pair.strip(" \t").partition("=") for pair in header.split(";")]
    return [(name, value) for name, _, value in pairs]


def cookie_header(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the ``Cookie`` header for names and values, in order; empty if it is longer than ``LONGEST_HEADER``."""
    header = SEPARATOR.join(f"{name}={value}" for name, value in pairs)
    # SECURITY: a visitor must not cause a request that Ory, or a proxy in front of it, rejects for its size.
    return header if len(header) <= LONGEST_HEADER else ""


def bearer_token(authorization: str) -> str:
    """Return the bearer token in an ``Authorization`` header, of any issuer (RFC 6750, section 2.1); empty if none."""
    scheme, _, token = authorization.partition(" ")
    return token if scheme.lower() == "bearer" else ""


def is_sound(value: str) -> bool:
    """Whether ``value`` is a possible value of a cookie or token of Ory."""
    return len(value) <= LONGEST_VALUE and COOKIE_OCTETS.fullmatch(value) is not None


@lru_cache(maxsize=16)
def _called(name: str) -> re.Pattern[str]:
    return re.compile(COOKIE.format(name=re.escape(name)))


def _is_orys_token(value: str) -> bool:
    # SECURITY: valid tokens of other libraries must not be sent to Ory.
    return value.startswith(TOKEN_PREFIX) and is_sound(value)


def _bearer(authorization: str) -> Credential | None:
    token = bearer_token(authorization)
    return Credential(CredentialKind.TOKEN, token) if _is_orys_token(token) else None
