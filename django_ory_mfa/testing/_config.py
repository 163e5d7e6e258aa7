"""What an operator of Ory sets, and the rules that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import RLock

V1_3_1 = "v1.3.1"
V2026_07_29 = "2026-07-29"

# In this order FakeOry proves several methods: first factors, then second factors.
METHOD_AAL = {
    "password": "aal1",
    "passkey": "aal1",
    "oidc": "aal1",
    "saml": "aal1",
    "code_recovery": "aal1",
    "link_recovery": "aal1",
    "code": "aal1",
    "totp": "aal2",
    "webauthn": "aal2",
    "lookup_secret": "aal2",
}
SECOND_FACTORS = ("totp", "webauthn", "lookup_secret", "code")

# v1.3.1 reads entries without a level, which old sessions have, by their method.
_LEGACY_AAL = {
    "password": "aal1",
    "oidc": "aal1",
    "code_recovery": "aal1",
    "v0.6_legacy_session": "aal1",
    "totp": "aal2",
    "webauthn": "aal2",
    "lookup_secret": "aal2",
}
_CHOICES = {
    "version": (V1_3_1, V2026_07_29),
    "required_aal": ("aal1", "highest_available"),
    "settings_required_aal": ("aal1", "highest_available"),
    "default_schema_id": ("default", "with_code"),
}


class FakeConfig:
    """The configuration of a fake Ory; every attribute may be set at any time."""

    version: str
    public_url: str
    required_aal: str
    settings_required_aal: str
    code_mfa: bool
    cookie_name: str
    now: Callable[[], datetime]
    _lock: RLock
    cookie_domain: str | None = None
    #: None: sessions are not cacheable; 0: for as long as they live; else at most so many seconds.
    cache_for: int | None = None
    ui_url: str = "http://127.0.0.1:8000/ory-ui"
    default_return_url: str = "http://127.0.0.1:8000/"
    #: Where browsers may be sent back to; None: anywhere, so that a test need not list its pages.
    allowed_return_urls: Sequence[str] | None = None
    #: How many seconds after a proof the settings may be changed; 0: always.
    privileged_session_max_age: float = 3600
    flow_lifespan: float = 3600
    #: The identity schema of people who sign up: "default", or "with_code" for codes as a second factor.
    default_schema_id: str = "default"
    totp_issuer: str = "LocalDev"
    #: Whether people can use security keys (``webauthn``) and passkeys; both need the package fido2.
    webauthn: bool = False
    passkey: bool = False
    database_down: bool = False

    def __setattr__(self, name: str, value: object) -> None:
        # A misspelt level would silently be the weaker one.
        if name in _CHOICES and value not in _CHOICES[name]:
            raise ValueError(f"{name} must be one of {', '.join(_CHOICES[name])}, not {value!r}")
        is_base = name in {"public_url", "ui_url"} and isinstance(value, str)
        super().__setattr__(name, value.rstrip("/") if is_base and isinstance(value, str) else value)

    @property
    def is_newer(self) -> bool:
        """Whether this server behaves like the newer of the two recorded versions."""
        return self.version == V2026_07_29

    @property
    def csrf_cookie_name(self) -> str:
        """The name of Ory's CSRF cookie, which depends on the public URL."""
        return "csrf_token_" + sha256(f"{self.public_url}/".encode()).hexdigest()

    def aal_of(self, method: str) -> str:
        """The level that Ory writes on an entry of ``method``."""
        if method == "code" and self.code_mfa:
            return "aal2"
        try:
            return METHOD_AAL[method]
        except KeyError:
            raise ValueError(
                f"unknown method {method!r}; give one of {', '.join(METHOD_AAL)}, or a FakeProof"
            ) from None

    def level_of(self, entries: Iterable[tuple[str, str]]) -> str:
        """The level of a session with ``entries`` of method and level."""
        entries = list(entries)
        if not entries:
            return "aal0"
        if self.is_newer:
            levels = {aal for _, aal in entries}
            alone = any(method in {"oidc", "saml"} and aal == "aal2" for method, aal in entries)
        else:
            levels = {aal or _LEGACY_AAL.get(method, "") for method, aal in entries}
            alone = False
        return "aal2" if alone or {"aal1", "aal2"} <= levels else "aal1"

    def counts_second_factor(self, factors: Iterable[str]) -> bool:
        """Whether ``factors`` make ``highest_available`` aal2."""
        # v1.3.1 counts e-mail codes for everyone as soon as they are switched on as a second factor.
        if self.code_mfa and not self.is_newer:
            return True
        return any(factor != "code" or self.code_mfa for factor in factors)
