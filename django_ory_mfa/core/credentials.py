"""Which one credential of a request is shown to Ory."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b

LONGEST_VALUE = 4096
LONGEST_HEADER = 32768
# RFC 6265, section 4.1.1.
COOKIE_OCTETS = re.compile(r"[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]+")
SESSION_COOKIE_NAMES = re.compile(r"ory_(?:kratos_session|session_[0-9A-Za-z_.-]{1,100})")
# It begins with letters, not with what comes before a cookie: those are what a search jumps to.
COOKIE = r"({name})=([^;]*)"
LIKE_ORYS_OWN = re.compile(COOKIE.format(name=SESSION_COOKIE_NAMES.pattern))
TOKEN_PREFIX = "ory_st_"  # noqa: S105 - no password


class CredentialKind(StrEnum):
    """How a credential reached us."""

    COOKIE = "cookie"
    TOKEN = "token"  # noqa: S105 - no password


@dataclass(frozen=True, slots=True)
class Credential:
    """A session cookie (with all its duplicates) or a session token; the value stays out of its ``repr``."""

    kind: CredentialKind
    value: str = field(repr=False)

    @property
    def is_cookie(self) -> bool:
        """Whether browsers attach it by themselves, so that CSRF matters."""
        return self.kind is CredentialKind.COOKIE

    @property
    def cookie_name(self) -> str:
        """The name of the cookie, if it is one."""
        return self.value.partition("=")[0] if self.is_cookie else ""

    def headers(self) -> dict[str, str]:
        """The one header that shows it to Ory."""
        return {"Cookie" if self.is_cookie else "X-Session-Token": self.value}


def fingerprint(url: str, *secrets: str, key: bytes) -> str:
    """A name for ``secrets`` at the Ory of ``url`` that tells nobody without ``key`` (32 bytes) what they are."""
    return blake2b("\0".join((url, *secrets)).encode(), key=key, digest_size=16).hexdigest()


def choose_credential(*, session_token: str, cookies: str, authorization: str, name: str | None) -> Credential | None:
    """The one credential among the raw header values of a request, or None.

    ``name`` is the session cookie's name; None stands for a request that has no such cookie. A token that does not
    begin as Ory's do is another library's, whichever header it came in: it counts as absent.
    """
    if _is_orys_token(session_token):
        return Credential(CredentialKind.TOKEN, session_token)
    # SECURITY: every duplicate goes along, in order and byte for byte. Ory takes the first that it can decode; picking
    # one here could answer for another session than the one that Ory's own pages see.
    header = cookie_header([] if name is None else _sound_cookies(_called(name), cookies))
    return Credential(CredentialKind.COOKIE, header) if header else _bearer(authorization)


def session_cookie_names(cookies: str) -> set[str]:
    """The names in a raw ``Cookie`` header that look like Ory's session cookie and have a value that may be one."""
    return {name for name, _ in _sound_cookies(LIKE_ORYS_OWN, cookies)}


def read_cookies(header: str) -> list[tuple[str, str]]:
    """Names and values of a raw ``Cookie`` header, in order and untouched."""
    pairs = [pair.strip(" \t").partition("=") for pair in header.split(";")]
    return [(name, value) for name, _, value in pairs]


def cookie_header(pairs: Iterable[tuple[str, str]]) -> str:
    """The ``Cookie`` header for names and values, in their order; empty if it is longer than Ory should be sent."""
    header = "; ".join(f"{name}={value}" for name, value in pairs)
    # SECURITY: a visitor must not make a request that Ory, or a proxy before it, breaks off for its size.
    return header if len(header) <= LONGEST_HEADER else ""


def bearer_token(authorization: str) -> str:
    """The token in an ``Authorization`` header, whoever issued it (RFC 6750, section 2.1); empty if there is none."""
    scheme, _, token = authorization.partition(" ")
    return token if scheme.lower() == "bearer" else ""


def is_sound(value: str) -> bool:
    """Whether ``value`` is one that a cookie or a token of Ory's can have."""
    return len(value) <= LONGEST_VALUE and COOKIE_OCTETS.fullmatch(value) is not None


@lru_cache(maxsize=16)
def _called(name: str) -> re.Pattern[str]:
    return re.compile(COOKIE.format(name=re.escape(name)))


def _sound_cookies(pattern: re.Pattern[str], header: str) -> list[tuple[str, str]]:
    """As ``read_cookies`` reads them, without a pair for every cookie of the site."""
    found = []
    for cookie in pattern.finditer(header):
        name, value = cookie[1], cookie[2].rstrip(" \t")
        before = header[header.rfind(";", 0, cookie.start()) + 1 : cookie.start()]
        # What was found in the midst of a name or a value is no cookie.
        if not before.strip(" \t") and is_sound(value):
            found.append((name, value))
    return found


def _is_orys_token(value: str) -> bool:
    # SECURITY: live tokens of other libraries must not be shown to Ory.
    return value.startswith(TOKEN_PREFIX) and is_sound(value)


def _bearer(authorization: str) -> Credential | None:
    token = bearer_token(authorization)
    return Credential(CredentialKind.TOKEN, token) if _is_orys_token(token) else None
