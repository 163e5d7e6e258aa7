"""The session cookie in a configuration file: its name and domain against the settings of this site. Pure.

Ory Network sets both by itself, so this is for files only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django_ory_mfa.core.credentials import SESSION_COOKIE_NAMES
from django_ory_mfa.management.control.document import MISSING, is_presentable, value_at
from django_ory_mfa.management.control.findings import Finding
from django_ory_mfa.management.control.shown import shown
from django_ory_mfa.management.hosts import covers

NAME, DOMAIN, COMMON_DOMAIN = "session.cookie.name", "session.cookie.domain", "cookies.domain"
DEFAULT_NAME = "ory_kratos_session"


@dataclass(frozen=True, slots=True)
class ExpectedCookie:
    """What the settings of this site need the cookie to be.

    ``name`` is None if Django takes Ory's usual names from the request; a host is None if it is unknown.
    """

    name: str | None = None
    ory_host: str | None = None
    site_host: str | None = None


def cookie_findings(config: Mapping[str, Any], expected: ExpectedCookie) -> list[Finding]:
    """Return everything that keeps Ory's cookie from being found at this site."""
    return [*_of_name(config, expected), *_of_domain(config, expected)]


def cookie_rows(config: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return name, value and source of each key about the cookie that is set."""
    found = ((name, _value(config, name)) for name in (NAME, DOMAIN, COMMON_DOMAIN))
    return [(name, shown(value), "set, compared only") for name, value in found if value is not MISSING]


def _of_name(config: Mapping[str, Any], expected: ExpectedCookie) -> Iterator[Finding]:
    set_name = _value(config, NAME)
    name = DEFAULT_NAME if set_name is MISSING else set_name
    is_found = name == expected.name or (
        expected.name is None and isinstance(name, str) and SESSION_COOKIE_NAMES.fullmatch(name) is not None
    )
    if not is_found:
        wanted = f'the cookie "{expected.name}"' if expected.name else f"{DEFAULT_NAME} or ory_session_…"
        fix = f"ORY_MFA_SESSION_COOKIE = {shown(name)}" if is_presentable(name) else "ORY_MFA_SESSION_COOKIE"
        text = f"is {shown(name)}, but Django looks for {wanted}: to Django nobody is signed in. Set {fix}."
        yield Finding("error", NAME, text)


def _of_domain(config: Mapping[str, Any], expected: ExpectedCookie) -> Iterator[Finding]:
    own, common = _value(config, DOMAIN), _value(config, COMMON_DOMAIN)
    key, domain = (DOMAIN, own) if isinstance(own, str) and own else (COMMON_DOMAIN, common)
    ory, site = expected.ory_host, expected.site_host
    if isinstance(domain, str) and domain:
        bare = domain.lower().lstrip(".")
        for host, whose in ((ory, "Ory is at"), (site, "this site is at")):
            if host is not None and not covers(bare, host):
                text = f"is {shown(domain)}, but {whose} {host}: browsers do not use the cookie there."
                yield Finding("error", key, text)
    elif ory is not None and site is not None and ory != site:
        text = f"is not set, so the cookie is for {ory} only, and {site} never gets it: to Django nobody is signed in."
        yield Finding("error", COMMON_DOMAIN, text)


def _value(config: Mapping[str, Any], name: str) -> Any:
    return value_at(config, tuple(name.split(".")))
