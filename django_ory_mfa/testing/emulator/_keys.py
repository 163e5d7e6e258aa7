"""Security keys and passkeys: what they are asked to do, and whether what they answer is right.

The library fido2 checks it. It is loaded at the first use.
"""

from __future__ import annotations

import base64
import json
import secrets
import string
import uuid
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal
from urllib.parse import urlsplit

from django_ory_mfa.testing._config import FakeConfig
from django_ory_mfa.testing._http import Json
from django_ory_mfa.testing._identity import FakeIdentity, FakeKey
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator._flows import FakeFlow

KeyKind = Literal["webauthn", "passkey"]

_ALPHANUMERIC = string.ascii_letters + string.digits
# A passkey is kept in the machine of its owner, a security key may be anywhere.
_SELECTION: dict[KeyKind, dict[str, str]] = {
    "webauthn": {"user_verification": "discouraged"},
    "passkey": {
        "authenticator_attachment": "platform",
        "resident_key_requirement": "required",
        "user_verification": "preferred",
    },
}


class UnreadableAnswerError(ValueError):
    """An answer that no security key or passkey gives."""


class WrongAnswerError(ValueError):
    """An answer to something else, or by somebody else, with the reason."""


class NothingAskedError(ValueError):
    """An answer to a question that was not asked, or was answered before."""


def can_check_keys() -> bool:
    """Whether fido2 is installed."""
    return find_spec("fido2") is not None


def creation_options(ory: FakeConfig, flow: FakeFlow, kind: KeyKind, identity: FakeIdentity | None = None) -> Json:
    """Return what a browser is asked to make; it stays the same until it is answered."""
    if kind not in flow.challenges:
        handle = uuid.UUID(identity.id).bytes if identity and kind == "webauthn" else _new_handle()
        name = identity.email if identity and identity.email and kind == "passkey" else ory.totp_issuer
        user = _fido("PublicKeyCredentialUserEntity")(name=name, id=handle, display_name=name)
        options, state = _server(ory).register_begin(user, **_SELECTION[kind])
        flow.challenges[kind] = dict(options), state
    return flow.challenges[kind][0]


def request_options(ory: FakeConfig, flow: FakeFlow, kind: KeyKind, keys: Iterable[FakeKey] = ()) -> Json:
    """Return which of ``keys`` a browser is asked to use; without any, it may be any passkey of this site."""
    descriptors = [_fido("PublicKeyCredentialDescriptor")(type="public-key", id=key.id) for key in keys]
    wanted = _SELECTION[kind]["user_verification"]
    options, state = _server(ory).authenticate_begin(descriptors or None, user_verification=wanted)
    flow.challenges[kind] = dict(options), state
    return flow.challenges[kind][0]


def new_key(ory: FakeState, flow: FakeFlow, kind: KeyKind, answer: str, name: str = "") -> FakeKey:
    """Return the key that a browser has made as it was asked to."""
    response = _read("RegistrationResponse", answer)
    options, state = _challenge(flow, kind)
    made = _checked(_server(ory).register_complete, state, response).credential_data
    del flow.challenges[kind]
    handle: str = options["publicKey"]["user"]["id"]
    return FakeKey(made.credential_id, ory.now(), name, bytes(made), handle)


def prove_key(ory: FakeState, flow: FakeFlow, kind: KeyKind, answer: str, keys: Iterable[FakeKey]) -> None:
    """Return if one of ``keys`` gave ``answer``, and if it is the answer to what was asked; else raise the reason."""
    response = _read("AuthenticationResponse", answer)
    known = [_fido("AttestedCredentialData")(key.credential) for key in keys if key.credential]
    _, state = _challenge(flow, kind)
    _checked(_server(ory).authenticate_complete, state, known, response)
    del flow.challenges[kind]


def owner_of_passkey(ory: FakeState, answer: str) -> FakeIdentity | None:
    """Return the person whom a passkey names in ``answer``."""
    handle = _read("AuthenticationResponse", answer).response.user_handle or b""
    named = base64.urlsafe_b64encode(handle).decode().rstrip("=")
    return next((each for each in ory.identities if any(key.user_handle == named for key in each.passkeys)), None)


def _read(kind: str, answer: str) -> Any:
    try:
        read = _fido(kind).from_dict(json.loads(answer))
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise UnreadableAnswerError(str(error)) from error
    if read is None:
        raise UnreadableAnswerError("null")
    return read


def _challenge(flow: FakeFlow, kind: KeyKind) -> tuple[Json, Any]:
    if kind not in flow.challenges:
        raise NothingAskedError
    return flow.challenges[kind]


def _checked(check: Any, *arguments: Any) -> Any:
    try:
        return check(*arguments)
    except (AssertionError, NotImplementedError, ValueError) as error:
        raise WrongAnswerError(str(error)) from error


def _server(ory: FakeConfig) -> Any:
    """Return the site that keys are made for, which is that of the pages."""
    pages = urlsplit(ory.ui_url)
    site = _fido("PublicKeyCredentialRpEntity")(name=ory.totp_issuer, id=pages.hostname)
    origin = f"{pages.scheme}://{pages.netloc}"
    return import_module("fido2.server").Fido2Server(site, verify_origin=lambda other: other == origin)


def _fido(name: str) -> Any:
    return getattr(import_module("fido2.webauthn"), name)


def _new_handle() -> bytes:
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(64)).encode()
