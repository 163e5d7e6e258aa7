"""Where Ory's configuration is wrong, or does not fit what this site was told about it. Pure."""

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
class Claims:
    """What the settings of this site say about Ory, and where the site is."""

    whoami_required_aal: str | None = None
    settings_required_aal: str | None = None
    site_url: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (``error``) or that somebody should look at (``warning``)."""

    level: Literal["error", "warning"]
    key: str
    text: str


def findings(config: Mapping[str, Any], claims: Claims) -> list[Finding]:
    """Everything that is wrong, the keys in the order of the table."""
    found = [*_unfit(config), *_broken(config), *_claims(config, claims), *_return_urls(config, claims), *_odd(config)]
    order = list(KEYS)
    return sorted(found, key=lambda finding: order.index(finding.key))


def _unfit(config: Mapping[str, Any]) -> Iterator[Finding]:
    for name, key in KEYS.items():
        value = value_at(config, key.path)
        if value is not MISSING and not _is_fit(name, value):
            yield Finding("error", name, f"is {shown(value)}, but must be {key.kind.allowed}.")


def _is_fit(name: str, value: object) -> bool:
    is_network_value = name == WHOAMI_AAL and value == "aal2"
    return KEYS[name].is_valid(value) or is_network_value


def _broken(config: Mapping[str, Any]) -> Iterator[Finding]:
    for keys, text in problems(config):
        yield Finding("error", min(keys, key=list(KEYS).index), text)


def _claims(config: Mapping[str, Any], claims: Claims) -> Iterator[Finding]:
    for name, setting, claim in (
        (WHOAMI_AAL, "ORY_MFA_WHOAMI_REQUIRED_AAL", claims.whoami_required_aal),
        (SETTINGS_AAL, "ORY_MFA_SETTINGS_REQUIRED_AAL", claims.settings_required_aal),
    ):
        actual = effective(config, name)
        if not _is_fit(name, actual):
            continue  # _unfit says so, and hides what may not be shown
        if claim is None:
            yield Finding("warning", name, f'is {actual} at Ory; {setting} does not say so. Set it to "{actual}".')
        elif claim != actual:
            text = (
                f'is {actual} at Ory, but {setting} is "{claim}". A false claim weakens highest_available: correct one.'
            )
            yield Finding("error", name, text)
    if effective(config, SETTINGS_AAL) == "aal1":
        yield Finding("error", SETTINGS_AAL, f"is aal1. {SETTINGS_LAX}")


def _return_urls(config: Mapping[str, Any], claims: Claims) -> Iterator[Finding]:
    urls = return_urls(config)
    if claims.site_url is None:
        yield Finding("warning", RETURN_URLS, "could not be compared with this site: ORY_MFA_SITE_URL is not set.")
    elif not is_allowed(f"{claims.site_url}/", urls):
        text = f"does not list {claims.site_url}/, so Ory sends nobody back to this site: ory_mfa allow-return-url."
        yield Finding("error", RETURN_URLS, text)
    for url in urls:
        if has_open_end(url):
            yield Finding("warning", RETURN_URLS, f"lists {shown(url)}. {OPEN_END}")


def _odd(config: Mapping[str, Any]) -> Iterator[Finding]:
    if not any(effective(config, name) is True for name in (CODE_MFA, TOTP, LOOKUP_SECRET, WEBAUTHN)):
        yield Finding("error", CODE_MFA, "is false, and so is every other second factor: nobody can reach aal2.")
    if effective(config, WEBAUTHN) is True and effective(config, WEBAUTHN_PASSWORDLESS) is True:
        yield Finding("warning", WEBAUTHN_PASSWORDLESS, FIRST_FACTOR)
    age = effective(config, PRIVILEGED_AGE)
    if isinstance(age, str) and DURATION.fullmatch(age) and nanoseconds(age) > HOUR:
        text = (
            f"is {age}: for so long after sign-in, whoever sits there can change password and second factors unasked."
        )
        yield Finding("warning", PRIVILEGED_AGE, text)
    codes = value_at(config, KEYS[CODE_MFA].path[:-1])
    unknown = [name for name in codes if name not in KNOWN_OF_CODE] if isinstance(codes, Mapping) else []
    for name in unknown:
        # SECURITY: of what we do not know, not even the name is shown.
        for near in get_close_matches(str(name), KNOWN_OF_CODE, n=1):
            text = f"has a neighbour that looks like a misspelt {near}. Ory accepts such a key and ignores it."
            yield Finding("warning", CODE_MFA, text)


def is_allowed(url: str, entries: list[str]) -> bool:
    """Whether Ory sends people back to ``url``: same scheme, host and port, and the path of an entry as a prefix."""
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
