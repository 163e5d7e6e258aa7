"""The keys of Ory's identity configuration that decide about multi-factor authentication.

Named as in a configuration file of Kratos; in a project of Ory Network the same tree is ``services.identity.config``.
Values and defaults are those of Kratos' ``embedx/config.schema.json``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

Value = bool | str | list[str]
UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
LEVELS = ("aal1", "highest_available")
DURATION = re.compile(r"(?:[0-9]{1,12}(?:ns|us|ms|s|m|h))+")
# Printable ASCII but for what RFC 3986 does not know.
URI_SIGNS = re.compile(r"[!#-;=?-\[\]_a-z~]+", re.IGNORECASE)


class UnfitValueError(ValueError):
    """A value that the key cannot have; the text says which it can."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What values of a key look like; ``normal`` makes two spellings of one value equal."""

    allowed: str
    is_valid: Callable[[object], bool]
    parse: Callable[[str], Value] = str
    normal: Callable[[Any], object] = lambda value: value


def nanoseconds(duration: str) -> int:
    """A duration in Go's spelling, as Kratos writes them: ``15m``, ``1h30m0s``."""
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"([0-9]+)(ns|us|ms|s|m|h)", duration))


def _is_duration(value: object) -> bool:
    return isinstance(value, str) and DURATION.fullmatch(value) is not None


def _is_uri_reference(value: object) -> bool:
    if not isinstance(value, str) or not value.isascii() or not URI_SIGNS.fullmatch(value):
        return False
    try:
        # User information may be a password, and has no place where browsers are sent.
        return "@" not in urlsplit(value).netloc
    except ValueError:
        return False


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != "" and value.isprintable()


def _parse_bool(text: str) -> Value:
    # YAML 1.2, as Kratos reads it: "yes" is a text like any other.
    values: dict[str, bool] = {"true": True, "false": False}
    return values.get(text, text)


BOOL = Kind("true or false", lambda value: isinstance(value, bool), _parse_bool)
LEVEL = Kind(" or ".join(LEVELS), lambda value: value in LEVELS)
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
    """One key; ``default`` is what Ory takes if it is not set, None if there is nothing then."""

    name: str
    kind: Kind
    default: Value | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The names from the root of the configuration down."""
        return tuple(self.name.split("."))

    def is_valid(self, value: object) -> bool:
        """Whether Ory takes this value."""
        return self.kind.is_valid(value)

    def parse(self, text: str) -> Value:
        """The value that ``text`` stands for on a command line; raises ``UnfitValueError``."""
        value = self.kind.parse(text)
        if not self.is_valid(value):
            message = f"{self.name} must be {self.kind.allowed}"
            raise UnfitValueError(message)
        return value

    def is_same(self, one: object, other: object) -> bool:
        """Whether both are the same to Ory, which writes ``15m`` as ``15m0s``."""
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
        # These two have an effect on Ory Network only.
        Key("feature_flags.cacheable_sessions", BOOL, default=False),
        Key("feature_flags.cacheable_sessions_max_age", DURATION_KIND),
    )
}
METHODS = {"codes": (CODE, CODE_MFA), "totp": (TOTP,), "lookup-secret": (LOOKUP_SECRET,), "webauthn": (WEBAUTHN,)}
