"""The configurations that Ory refuses or that lock people out, and the effects of a change on people. Pure."""

from __future__ import annotations

import re
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
    f"{CODE_MFA} and {CODE_PASSWORDLESS} cannot both be true: Ory refuses such a configuration. Turn the one off that "
    f"you do not want: set {CODE_MFA}=false, or set {CODE_PASSWORDLESS}=false."
)
LOCK_OUT = (
    f"{CODE_MFA} is true and {CODE} is false: Ory asks for a code that it never sends, so people are locked out. "
    "Turn both on (enable codes) or mfa_enabled off (disable codes)."
)
PASSWORDLESS_WITHOUT_CODES = f"{CODE_PASSWORDLESS} is true and {CODE} is false: Ory refuses the one without the other."
WEBAUTHN_WITHOUT_SITE = (
    f"{WEBAUTHN} needs selfservice.methods.webauthn.config.rp.id (the host that people sign in on) and "
    "config.rp.display_name. Add them to the configuration first."
)
CODES_ON = (
    "Everybody whose account has an address for codes has a second factor from now on. Where whoami requires "
    "highest_available, their sessions get 403 from the next request on, until they enter a code."
)
CODES_ON_OLD = (
    "Kratos v1.3 and older only: every account then counts as having a second factor, so people without an address for "
    "codes are locked out."
)
CODES_OFF = (
    "This does not take effect for everybody at once: a session that waits for a code gets 403 until that person signs "
    "in again, or until the identity is updated through Ory's admin API."
)
METHOD_ON = "People can set up {name} on Ory's settings page from now on."
METHOD_OFF = "People whose only second factor is {name} can no longer pass a step-up: Ory's page has no field for it."
FIRST_FACTOR = f"{WEBAUTHN_PASSWORDLESS} is true, so security keys are a first factor, not a second one."
WHOAMI_STRICT = "Sessions of people who have a second factor and have not used it get 403 from the next request on."
WHOAMI_LAX = (
    "Ory also returns aal1 sessions of people who have a second factor. Only the guards of this site then require aal2."
)
SETTINGS_STRICT = "People who have a second factor have to use it before Ory opens its settings page."
SETTINGS_LAX = (
    "Somebody who knows only the password of a person with a second factor can open Ory's settings page, set up "
    "another second factor, and reach aal2 with it. Keep highest_available unless you know why not."
)
FEWER_URLS = "Ory no longer redirects to the URLs that are removed: signing in from there fails."
OPEN_END = (
    "A URL whose path does not end with a slash also allows every path that starts with it: /app also allows /apple."
)
BAD_AAL2 = "aal2 is not in the schema that Ory publishes for this key: the API may refuse or ignore it."
NAMES = {TOTP: "an authenticator app", LOOKUP_SECRET: "recovery codes", WEBAUTHN: "a security key"}
EFFECTS_OF_LEVELS = {WHOAMI_AAL: (WHOAMI_LAX, WHOAMI_STRICT), SETTINGS_AAL: (SETTINGS_LAX, SETTINGS_STRICT)}
VERSION = re.compile(r"v?([0-9]{1,4})\.([0-9]{1,4})\b")
LAST_OLD_VERSION = (1, 3)


def problems(config: Mapping[str, Any]) -> Iterator[tuple[set[str], str]]:
    """Yield each problem of ``config``, after the keys that cause it."""
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
    """Yield the effects of a change of the keys ``names``, for people to read."""
    now = {name: effective(after, name) for name in names if name in KEYS}
    changed = {name: value for name, value in now.items() if effective(before, name) != value}
    if CODE_MFA in changed:
        yield from _of_codes(is_on=changed[CODE_MFA] is True, may_be_old=not is_network and _may_be_old(after))
    for name in sorted(changed.keys() & NAMES.keys()):
        yield (METHOD_ON if changed[name] is True else METHOD_OFF).format(name=NAMES[name])
    if changed.get(WEBAUTHN) is True and effective(after, WEBAUTHN_PASSWORDLESS) is True:
        yield FIRST_FACTOR
    levels = ((changed[name], *texts) for name, texts in EFFECTS_OF_LEVELS.items() if name in changed)
    yield from (lax if level == "aal1" else strict for level, lax, strict in levels)
    if changed.get(WHOAMI_AAL) == "aal2":
        yield BAD_AAL2
    if set(return_urls(before)) - set(return_urls(after)):
        yield FEWER_URLS
    if any(map(has_open_end, set(return_urls(after)) - set(return_urls(before)))):
        yield OPEN_END


def has_open_end(url: str) -> bool:
    """Return whether ``url``, as an allowed URL, also allows other paths that start like its own."""
    _, _, path = url.partition("://")[2].partition("/")
    return path != "" and not path.endswith("/")


def _of_codes(*, is_on: bool, may_be_old: bool) -> Iterator[str]:
    yield CODES_ON if is_on else CODES_OFF
    if is_on and may_be_old:
        yield CODES_ON_OLD


def _may_be_old(config: Mapping[str, Any]) -> bool:
    """Whether the file does not name a newer version of Kratos that it is written for."""
    named = VERSION.match(str(value_at(config, ("version",))))
    return named is None or (int(named[1]), int(named[2])) <= LAST_OLD_VERSION
