"""Problems of Ory's configuration, and mismatches with what the settings of this site declare about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

from django_ory_mfa.management.control.document import MISSING, effective, return_urls, value_at
from django_ory_mfa.management.control.keys import (
    CODE_MFA,
    DURATION,
    KEYS,
    LOOKUP_SECRET,
    PRIVILEGED_AGE,
    RETURN_URLS,
    SETTINGS_AAL,
    TOTP,
    WEBAUTHN,
    WEBAUTHN_PASSWORDLESS,
    WHOAMI_AAL,
    nanoseconds,
)
from django_ory_mfa.management.control.rules import FIRST_FACTOR, OPEN_END, SETTINGS_LAX, has_open_end, problems
from django_ory_mfa.management.control.shown import shown

HOUR = nanoseconds("1h")
KNOWN_OF_CODE = ("config", "enabled", "mfa_enabled", "passwordless_enabled", "passwordless_login_fallback_enabled")


@dataclass(frozen=True, slots=True)
class Declared:
    """What the settings of this site declare: the levels that Ory requires, and the URL of the site."""

    whoami_required_aal: str | None = None
    settings_required_aal: str | None = None
    site_url: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem (``error``), or something to look at (``warning``)."""

    level: Literal["error", "warning"]
    key: str
    text: str


def findings(config: Mapping[str, Any], declared: Declared) -> list[Finding]:
    """Return everything that was found, in the order of ``KEYS``."""
    found = [
        *_invalid(config),
        *_broken(config),
        *_mismatches(config, declared),
        *_return_urls(config, declared),
        *_odd(config),
    ]
    order = list(KEYS)
    return sorted(found, key=lambda finding: order.index(finding.key))


def _invalid(config: Mapping[str, Any]) -> Iterator[Finding]:
    for name, key in KEYS.items():
        value = value_at(config, key.path)
        if value is not MISSING and not _is_valid(name, value):
            yield Finding("error", name, f"is {shown(value)}, but must be {key.kind.allowed}.")


def _is_valid(name: str, value: object) -> bool:
    is_network_value = name == WHOAMI_AAL and value == "aal2"
    return KEYS[name].is_valid(value) or is_network_value


def _broken(config: Mapping[str, Any]) -> Iterator[Finding]:
    for keys, text in problems(config):
        yield Finding("error", min(keys, key=list(KEYS).index), text)


def _mismatches(config: Mapping[str, Any], declared: Declared) -> Iterator[Finding]:
    for name, setting, value in (
        (WHOAMI_AAL, "ORY_MFA_WHOAMI_REQUIRED_AAL", declared.whoami_required_aal),
        (SETTINGS_AAL, "ORY_MFA_SETTINGS_REQUIRED_AAL", declared.settings_required_aal),
    ):
        actual = effective(config, name)
        if not _is_valid(name, actual):
            continue  # _invalid reports it, and hides what must not be shown
        if value is None:
            yield Finding("warning", name, f'is {actual} at Ory; {setting} is not set. Set it to "{actual}".')
        elif value != actual:
            text = (
                f'is {actual} at Ory, but {setting} is "{value}". This weakens highest_available: correct one of them.'
            )
            yield Finding("error", name, text)
    if effective(config, SETTINGS_AAL) == "aal1":
        yield Finding("error", SETTINGS_AAL, f"is aal1. {SETTINGS_LAX}")


def _return_urls(config: Mapping[str, Any], declared: Declared) -> Iterator[Finding]:
    urls = return_urls(config)
    if declared.site_url is None:
        yield Finding("warning", RETURN_URLS, "could not be compared with this site: ORY_MFA_SITE_URL is not set.")
    elif not is_allowed(f"{declared.site_url}/", urls):
        text = (
            f"does not list {declared.site_url}/, so Ory does not redirect to this site. "
            "Add it: ory_mfa allow-return-url."
        )
        yield Finding("error", RETURN_URLS, text)
    for url in urls:
        if has_open_end(url):
            yield Finding("warning", RETURN_URLS, f"lists {shown(url)}. {OPEN_END}")


def _odd(config: Mapping[str, Any]) -> Iterator[Finding]:
    if not any(effective(config, name) is True for name in (CODE_MFA, TOTP, LOOKUP_SECRET, WEBAUTHN)):
        yield Finding("error", CODE_MFA, "is false, and no other second factor is on: nobody can reach aal2.")
    if effective(config, WEBAUTHN) is True and effective(config, WEBAUTHN_PASSWORDLESS) is True:
        yield Finding("warning", WEBAUTHN_PASSWORDLESS, FIRST_FACTOR)
    age = effective(config, PRIVILEGED_AGE)
    if isinstance(age, str) and DURATION.fullmatch(age) and nanoseconds(age) > HOUR:
        text = f"is {age}: for that long after sign-in, anybody at the device can change password and second factors."
        yield Finding("warning", PRIVILEGED_AGE, text)
    codes = value_at(config, KEYS[CODE_MFA].path[:-1])
    unknown = [name for name in codes if name not in KNOWN_OF_CODE] if isinstance(codes, Mapping) else []
    for name in unknown:
        # SECURITY: the name of an unknown key is not shown either.
        for near in get_close_matches(str(name), KNOWN_OF_CODE, n=1):
            text = f"has a key beside it that looks like a misspelled {near}. Ory ignores unknown keys there."
            yield Finding("warning", CODE_MFA, text)


def is_allowed(url: str, entries: list[str]) -> bool:
    """Return whether Ory redirects to ``url``: an entry has its scheme, host and port, and a start of its path."""
    wanted = _split(url)
    return any(
        entry.scheme == wanted.scheme
        and _is_host(wanted.netloc.lower(), entry.netloc.lower())
        and (wanted.path or "/").startswith(entry.path or "/")
        for entry in map(_split, entries)
    )


def _is_host(host: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
    return host == pattern != ""


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")
