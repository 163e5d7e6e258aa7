"""What Ory refuses or should never be told, and what a change does to the people who are signed in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django_ory_mfa.management.control.document import effective, return_urls, value_at
from django_ory_mfa.management.control.keys import (
    CODE,
    CODE_MFA,
    CODE_PASSWORDLESS,
    KEYS,
    LOOKUP_SECRET,
    SETTINGS_AAL,
    TOTP,
    WEBAUTHN,
    WEBAUTHN_PASSWORDLESS,
    WHOAMI_AAL,
)

BOTH_TRUE = (
    f"{CODE_MFA} and {CODE_PASSWORDLESS} cannot both be true: Ory refuses such a configuration. Decide which one you "
    f"want and turn the other off first: set {CODE_MFA}=false, or set {CODE_PASSWORDLESS}=false."
)
LOCK_OUT = (
    f"{CODE_MFA} is true and {CODE} is false: Ory asks for a code that it never sends, so people are locked out. "
    "Turn both on (enable codes) or mfa_enabled off (disable codes)."
)
PASSWORDLESS_WITHOUT_CODES = (
    f"{CODE_PASSWORDLESS} is true and {CODE} is false, which Ory refuses: the first needs the other."
)
WEBAUTHN_WITHOUT_SITE = (
    f"{WEBAUTHN} needs selfservice.methods.webauthn.config.rp.id (the host that people sign in on) and "
    "config.rp.display_name. Add them to the configuration first."
)
CODES_ON = (
    "People whose account has an address for codes have a second factor from now on. Where whoami requires "
    "highest_available, their sessions get 403 with the next request, until they enter a code."
)
CODES_ON_OLD = (
    "Kratos v1.3.1 then takes everybody for the owner of a second factor, and locks out people without an address."
)
CODES_OFF = (
    "This does not free people at once: sessions that are waiting for a code keep getting 403 until that person's next "
    "sign-in, or until the identity is updated through Ory's admin API."
)
METHOD_ON = "People can set {name} up on Ory's settings page; nobody has it yet."
METHOD_OFF = "People whose only second factor is {name} meet a step-up page without a field, and cannot pass it."
FIRST_FACTOR = f"{WEBAUTHN_PASSWORDLESS} is true, so security keys are a first factor and no second one."
WHOAMI_STRICT = "Sessions of people who have a second factor and did not use it get 403 with the next request."
WHOAMI_LAX = "Ory shows sessions at aal1 also of people who have a second factor; what needs aal2 is up to this site."
SETTINGS_STRICT = "Ory opens its settings page to people with a second factor only after they used it."
SETTINGS_LAX = (
    "Whoever knows only the password of somebody with a second factor can open Ory's settings, set up another one, and "
    "is at aal2 with it. Keep highest_available unless you know why not."
)
FEWER_URLS = "Ory refuses to send people back to URLs that are no longer allowed: sign-in from there fails."
OPEN_END = (
    "Without a slash at its end, Ory takes the path of an allowed URL as a prefix: what only begins like it is allowed "
    "as well."
)
BAD_AAL2 = "Ory's published schema does not know aal2 for this key; the API may refuse it or drop it."
NAMES = {TOTP: "an authenticator app", LOOKUP_SECRET: "recovery codes", WEBAUTHN: "a security key"}
LEVELS = {WHOAMI_AAL: (WHOAMI_LAX, WHOAMI_STRICT), SETTINGS_AAL: (SETTINGS_LAX, SETTINGS_STRICT)}


def problems(config: Mapping[str, Any]) -> Iterator[tuple[set[str], str]]:
    """What is wrong in ``config``, with the keys that it is about."""
    codes, mfa, passwordless = (effective(config, name) is True for name in (CODE, CODE_MFA, CODE_PASSWORDLESS))
    if mfa and passwordless:
        yield {CODE_MFA, CODE_PASSWORDLESS}, BOTH_TRUE
    if mfa and not codes:
        yield {CODE, CODE_MFA}, LOCK_OUT
    if passwordless and not codes:
        yield {CODE, CODE_PASSWORDLESS}, PASSWORDLESS_WITHOUT_CODES
    site = value_at(config, ("selfservice", "methods", "webauthn", "config", "rp"))
    has_site = isinstance(site, Mapping) and all(isinstance(site.get(name), str) for name in ("id", "display_name"))
    if effective(config, WEBAUTHN) is True and not has_site:
        yield {WEBAUTHN}, WEBAUTHN_WITHOUT_SITE


def effects(before: Mapping[str, Any], after: Mapping[str, Any], names: set[str], *, is_network: bool) -> Iterator[str]:
    """What the change of the keys ``names`` does, in plain words."""
    now = {name: effective(after, name) for name in names if name in KEYS}
    changed = {name: value for name, value in now.items() if effective(before, name) != value}
    if CODE_MFA in changed:
        yield from _of_codes(is_on=changed[CODE_MFA] is True, is_network=is_network)
    for name in sorted(changed.keys() & NAMES.keys()):
        yield (METHOD_ON if changed[name] is True else METHOD_OFF).format(name=NAMES[name])
    if changed.get(WEBAUTHN) is True and effective(after, WEBAUTHN_PASSWORDLESS) is True:
        yield FIRST_FACTOR
    yield from (lax if changed[name] == "aal1" else strict for name, (lax, strict) in LEVELS.items() if name in changed)
    if changed.get(WHOAMI_AAL) == "aal2":
        yield BAD_AAL2
    if set(return_urls(before)) - set(return_urls(after)):
        yield FEWER_URLS
    if any(map(has_open_end, set(return_urls(after)) - set(return_urls(before)))):
        yield OPEN_END


def has_open_end(url: str) -> bool:
    """Whether paths that only begin like that of ``url`` are allowed with it."""
    _, _, path = url.partition("://")[2].partition("/")
    return path != "" and not path.endswith("/")


def _of_codes(*, is_on: bool, is_network: bool) -> Iterator[str]:
    yield CODES_ON if is_on else CODES_OFF
    if is_on and not is_network:
        yield CODES_ON_OLD
