"""Decide whether a session cookie that Ory renewed may be passed on to the browser."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from django_ory_mfa.core.credentials import is_sound

RELAYED_FOR = 1.0  # seconds
PRINTABLE = re.compile(r"[ -~]+")


@dataclass(frozen=True, slots=True)
class IssuedCookie:
    """A ``Set-Cookie`` header of Ory, kept unchanged."""

    name: str
    value: str = field(repr=False)
    header: str = field(repr=False)
    domain: str | None


def issued_cookie(set_cookies: tuple[str, ...], name: str) -> IssuedCookie | None:
    """Return the cookie ``name`` from ``Set-Cookie`` header values; the last one, as browsers do. None if absent."""
    found = [cookie for cookie in map(_read, set_cookies) if cookie is not None and cookie.name == name]
    return found[-1] if found else None


def reaches(cookie: IssuedCookie, host: str, *, browser_host: str) -> bool:
    """Whether browsers would send ``cookie``, set by Ory at ``browser_host``, to ``host`` too (both without a port)."""
    if cookie.domain is None:
        return host == browser_host
    return host == cookie.domain or (host.endswith(f".{cookie.domain}") and not _is_address(host))


def is_timely(age: float, *, is_navigation: bool) -> bool:
    """Whether a renewed cookie may be relayed ``age`` seconds after Ory's answer.

    SECURITY: the browser may have signed in again meanwhile, even as somebody else, and an older session must not
    replace the new one. A navigation is always in time, because the person is waiting for it.
    """
    return is_navigation or age <= RELAYED_FOR


def _read(header: str) -> IssuedCookie | None:
    # RFC 6265, section 5.2; http.cookies drops unknown attributes.
    pair, *attributes = header.split(";")
    # PRINTABLE allows no other white space than blanks.
    name, _, value = pair.strip().partition("=")
    if not is_sound(value) or PRINTABLE.fullmatch(header) is None:
        return None
    domains = [_value(attribute) for attribute in attributes if _name(attribute) == "domain"]
    return IssuedCookie(name, value, header, domains[-1] if domains and domains[-1] else None)


def _name(attribute: str) -> str:
    return attribute.partition("=")[0].strip().lower()


def _value(attribute: str) -> str:
    return attribute.partition("=")[2].strip().removeprefix(".").lower()


def _is_address(host: str) -> bool:
    return ":" in host or host.rpartition(".")[2].isdigit()
