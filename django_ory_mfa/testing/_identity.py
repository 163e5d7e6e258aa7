"""Persons as a fake Ory knows them, and what they can prove."""

from __future__ import annotations

import base64
import secrets
import string
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django_ory_mfa.testing._config import SECOND_FACTORS

_LOOKUP_SECRETS = 12


@dataclass(frozen=True, slots=True)
class FakeProof:
    """One entry of ``authentication_methods``; a ``completed_at`` that is a text is sent as it is."""

    method: str
    aal: str
    completed_at: datetime | str
    provider: str | None = None
    upstream_acr: str | None = None
    upstream_amr: tuple[str, ...] = ()


Proof = str | tuple[str, float | timedelta] | FakeProof


@dataclass(frozen=True, slots=True)
class FakeKey:
    """A security key or a passkey; one without a ``credential`` is held by nobody."""

    id: bytes
    added_at: datetime
    name: str = ""
    #: Its id and public key, as the authenticator that made it wrote them.
    credential: bytes = field(default=b"", repr=False)
    #: What a passkey knows its owner by.
    user_handle: str = field(default="", repr=False)


@dataclass(eq=False, slots=True)
class FakeIdentity:
    """A person as Ory knows them; every attribute may be set at any time."""

    id: str
    email: str | None
    traits: dict[str, object] = field(repr=False)
    second_factors: set[str]
    state: str
    schema_id: str
    created_at: datetime
    verified: bool = True
    external_id: str | None = None
    metadata_public: dict[str, object] | None = field(default=None, repr=False)
    organization_id: str | None = None
    address_id: str = field(default_factory=lambda: str(uuid.uuid4()), repr=False)
    recovery_address_id: str = field(default_factory=lambda: str(uuid.uuid4()), repr=False)
    #: None: nobody can sign in with a password.
    password: str | None = field(default=None, repr=False)
    #: The seed of the authenticator app, as base32.
    totp_secret: str | None = field(default=None, repr=False)
    #: The recovery codes, each with the time it was used at, or None.
    lookup_secrets: dict[str, datetime | None] = field(default_factory=dict, repr=False)
    security_keys: list[FakeKey] = field(default_factory=list, repr=False)
    passkeys: list[FakeKey] = field(default_factory=list, repr=False)

    def enrol(self, method: str) -> None:
        """Adds a second factor, as if enrolled in another browser, with secrets of its own unless it has some."""
        self.second_factors |= checked_factors([method])
        if method == "totp" and self.totp_secret is None:
            self.totp_secret = new_totp_secret()
        if method == "lookup_secret" and not self.lookup_secrets:
            self.lookup_secrets = dict.fromkeys(new_lookup_secrets())
        if method == "webauthn" and not self.security_keys:
            self.security_keys = [FakeKey(secrets.token_bytes(16), self.created_at)]

    def remove_factor(self, method: str) -> None:
        """Takes a second factor away, as an administrator does; live sessions keep their level."""
        self.second_factors.discard(method)
        if method == "totp":
            self.totp_secret = None
        if method == "lookup_secret":
            self.lookup_secrets = {}
        if method == "webauthn":
            self.security_keys = []


def checked_factors(methods: Iterable[str]) -> set[str]:
    """``methods`` as a set, if all of them can be second factors."""
    factors = set(methods)
    if unknown := sorted(factors - set(SECOND_FACTORS)):
        raise ValueError(f"not a second factor: {', '.join(unknown)}; give some of {', '.join(SECOND_FACTORS)}")
    return factors


def new_totp_secret() -> str:
    """A new seed of 160 bits, as base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def new_lookup_secrets() -> list[str]:
    """A new set of recovery codes, spelled as Ory spells them."""
    return [
        "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))
        for _ in range(_LOOKUP_SECRETS)
    ]
