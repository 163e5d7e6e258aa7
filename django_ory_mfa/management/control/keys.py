"""The MFA keys: those of Ory's identity configuration that affect multi-factor authentication.

The names are those of a Kratos configuration file; a project of Ory Network has the same tree at
``services.identity.config``. Values and defaults are from Kratos' ``embedx/config.schema.json``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

Value = bool | str | list[str]
UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
REQUIRED_AAL = ("aal1", "highest_available")  # values of required_aal in Ory's schema
DURATION = re.compile(r"(?:[0-9]{1,12}(?:ns|us|ms|s|m|h))+")
# The printable ASCII characters that RFC 3986 allows.
URI_SIGNS = re.compile(r"[!#-;=?-\[\]_a-z~]+", re.IGNORECASE)


class UnfitValueError(ValueError):
    """The key cannot have this value; the text says which it can have."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The values that a key can have; ``normal`` makes two spellings of one value equal."""

    allowed: str
    is_valid: Callable[[object], bool]
    parse: Callable[[str], Value] = str
    normal: Callable[[Any], object] = lambda value: value


def nanoseconds(duration: str) -> int:
    """Return the nanoseconds of a duration in the notation of Go, such as ``15m`` or ``1h30m0s``."""
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"([0-9]+)(ns|us|ms|s|m|h)", duration))


def _is_duration(value: object) -> bool:
    return isinstance(value, str) and DURATION.fullmatch(value) is not None


def _is_uri_reference(value: object) -> bool:
    if not isinstance(value, str) or not value.isascii() or not URI_SIGNS.fullmatch(value):
        return False
    try:
        # User information may be a password, and does not belong into a URL that browsers are redirected to.
        return "@" not in urlsplit(value).netloc
    except ValueError:
        return False


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != "" and value.isprintable()


def _parse_bool(text: str) -> Value:
    # In YAML 1.2, which Kratos reads, "yes" is a text.
    values: dict[str, bool] = {"true": True, "false": False}
    return values.get(text, text)


BOOL = Kind("true or false", lambda value: isinstance(value, bool), _parse_bool)
LEVEL = Kind(" or ".join(REQUIRED_AAL), lambda value: value in REQUIRED_AAL)
DURATION_KIND = Kind("a duration such as 15m or 1h30m", _is_duration, normal=nanoseconds)
TEXT = Kind("a text", _is_text)
URL = Kind("a URL without user information", _is_uri_reference)
URLS = Kind(
    "URLs without user information, separated by spaces",
    lambda value: isinstance(value, list) and all(_is_uri_reference(url) for url in value),
    str.split,
)


@dataclass(frozen=True, slots=True)
class Key:
    """One key; ``default`` is the value that Ory uses if it is not set, or None."""

    name: str
    kind: Kind
    default: Value | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The names of the objects from the root down, and of the key itself."""
        return tuple(self.name.split("."))

    def is_valid(self, value: object) -> bool:
        """Return whether Ory accepts this value."""
        return self.kind.is_valid(value)

    def parse(self, text: str) -> Value:
        """Return the value of ``text`` from a command line; raises ``UnfitValueError``."""
        value = self.kind.parse(text)
        if not self.is_valid(value):
            message = f"{self.name} must be {self.kind.allowed}"
            raise UnfitValueError(message)
        return value

    def is_same(self, one: object, other: object) -> bool:
        """Return whether both are the same to Ory, which writes ``15m`` as ``15m0s``."""
        if self.is_valid(one) and self.is_valid(other):
            return self.kind.normal(one) == self.kind.normal(other)
        return type(one) is type(other) and one == other


CODE = "selfservice.methods.code.enabled"
CODE_MFA = "selfservice.methods.code.mfa_enabled"
CODE_PASSWORDLESS = "selfservice.methods.code.passwordless_enabled"
TOTP = "selfservice.methods.totp.enabled"
LOOKUP_SECRET = "selfservice.methods.lookup_secret.enabled"  # noqa: S105 - no secret, a key
WEBAUTHN = "selfservice.methods.webauthn.enabled"
WEBAUTHN_PASSWORDLESS = "selfservice.methods.webauthn.config.passwordless"
WHOAMI_AAL = "session.whoami.required_aal"
SETTINGS_AAL = "selfservice.flows.settings.required_aal"
PRIVILEGED_AGE = "selfservice.flows.settings.privileged_session_max_age"
RETURN_URLS = "selfservice.allowed_return_urls"
DEFAULT_RETURN_URL = "selfservice.default_browser_return_url"

KEYS = {
    key.name: key
    for key in (
        Key(CODE, BOOL, default=True),
        Key(CODE_MFA, BOOL, default=False),
        Key(CODE_PASSWORDLESS, BOOL, default=False),
        Key(TOTP, BOOL, default=False),
        Key("selfservice.methods.totp.config.issuer", TEXT),
        Key(LOOKUP_SECRET, BOOL, default=False),
        Key(WEBAUTHN, BOOL, default=False),
        Key(WEBAUTHN_PASSWORDLESS, BOOL),
        Key(WHOAMI_AAL, LEVEL, "highest_available"),
        Key(SETTINGS_AAL, LEVEL, "highest_available"),
        Key(PRIVILEGED_AGE, DURATION_KIND, "1h"),
        Key(RETURN_URLS, URLS),
        Key(DEFAULT_RETURN_URL, URL),
        # These two have an effect only on Ory Network.
        Key("feature_flags.cacheable_sessions", BOOL, default=False),
        Key("feature_flags.cacheable_sessions_max_age", DURATION_KIND),
    )
}
METHODS = {"codes": (CODE, CODE_MFA), "totp": (TOTP,), "lookup-secret": (LOOKUP_SECRET,), "webauthn": (WEBAUTHN,)}


def names_before(path: tuple[str, ...]) -> list[str]:
    """Return the names that belong before the last one of ``path`` in its object, the nearest first."""
    depth = len(path) - 1
    inside = (key.path for key in KEYS.values() if len(key.path) > depth and key.path[:depth] == path[:-1])
    names = list(dict.fromkeys(known[depth] for known in inside))
    return names[: names.index(path[-1])][::-1] if path[-1] in names else []
