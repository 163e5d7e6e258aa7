"""What administrators see, key by key as Ory spells it."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Collection
from datetime import datetime

from django_ory_mfa.testing._bodies import brief_identity, identity_body, microseconds, nanoseconds, session_body
from django_ory_mfa.testing._config import FakeConfig
from django_ory_mfa.testing._http import Json
from django_ory_mfa.testing._identity import FakeIdentity, FakeKey
from django_ory_mfa.testing._people import FakeSession
from django_ory_mfa.testing.emulator._courier import FakeMessage
from django_ory_mfa.testing.emulator._totp import totp_url

CREDENTIALS = ("code", "lookup_secret", "passkey", "password", "totp", "webauthn")


def admin_identity(config: FakeConfig, identity: FakeIdentity, include: Collection[str] = ()) -> Json:
    """An identity with its credentials; with their content for those that are asked for."""
    body = identity_body(config, identity)
    credentials = {kind: _credential(config, identity, kind, include) for kind in credentials_of(identity)}
    return _with_admin_metadata({"id": body.pop("id"), "credentials": credentials} | body)


def credentials_of(identity: FakeIdentity) -> list[str]:
    """What a person can sign in with; ``code`` is listed whether codes are switched on or not."""
    first = {"password": identity.password is not None, "passkey": bool(identity.passkeys)}
    return [kind for kind in CREDENTIALS if kind in identity.second_factors or first.get(kind)]


def admin_session(config: FakeConfig, session: FakeSession, *, is_brief: bool) -> Json:
    """A session as administrators see it in a list (``is_brief``) or by itself."""
    body = session_body(config, session)
    identity = brief_identity(body.pop("identity")) if is_brief else body.pop("identity")
    devices = body.pop("devices")
    if config.is_newer:
        return body | {"devices": devices, "identity": _with_admin_metadata(identity)}
    return body | {"identity": identity, "devices": devices}


def message_body(message: FakeMessage) -> Json:
    """An e-mail that waits to be sent."""
    created = microseconds(message.created_at)
    return {
        "id": message.id,
        "status": "queued",
        "type": "email",
        "recipient": message.recipient,
        "body": message.body,
        "subject": message.subject,
        "template_type": f"{message.kind}_code_valid",
        "channel": "email",
        "send_count": 0,
        "created_at": created,
        "updated_at": created,
    }


def _credential(config: FakeConfig, identity: FakeIdentity, kind: str, include: Collection[str]) -> Json:
    created = microseconds(identity.created_at)
    shown = {"config": _content(config, identity, kind)} if kind in include else {}
    return {
        "type": kind,
        "identifiers": _identifiers(identity, kind),
        **shown,
        "version": 1 if kind in {"code", "passkey", "webauthn"} or (kind == "password" and config.is_newer) else 0,
        "created_at": created,
        "updated_at": created,
    }


def _identifiers(identity: FakeIdentity, kind: str) -> list[str | None]:
    if kind == "passkey":
        return [_decoded(key.user_handle).decode() for key in identity.passkeys]
    return [identity.email if kind in {"code", "password", "webauthn"} else identity.id]


def _content(config: FakeConfig, identity: FakeIdentity, kind: str) -> Json:
    match kind:
        case "code":
            return {"addresses": [{"channel": "email", "address": identity.email}]}
        case "totp":
            account = identity.email or identity.id
            return {"totp_url": totp_url(identity.totp_secret or "", account, config.totp_issuer)}
        case "lookup_secret":
            codes = identity.lookup_secrets.items()
            return {"recovery_codes": [{"code": code, "used_at": _time(used_at)} for code, used_at in codes]}
        case "passkey" | "webauthn":
            is_passkey = kind == "passkey"
            keys = identity.passkeys if is_passkey else identity.security_keys
            handle = _decoded(keys[-1].user_handle) if is_passkey else uuid.UUID(identity.id).bytes
            return {"credentials": [_key(key, is_passkey=is_passkey) for key in keys], "user_handle": _base64(handle)}
    return {"hashed_password": "$2a$04$" + "." * 53}


def _key(key: FakeKey, *, is_passkey: bool) -> Json:
    # Before the public key are sixteen bytes of the model, two of a length, and the id.
    public = key.credential[18 + len(key.id) :]
    return {
        "id": _base64(key.id),
        "public_key": _base64(public),
        "attestation_type": "none",
        "display_name": key.name,
        "added_at": nanoseconds(key.added_at.replace(microsecond=0)),
        "is_passwordless": is_passkey,
    }


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decoded(handle: str) -> bytes:
    return base64.urlsafe_b64decode(handle + "=" * (-len(handle) % 4))


def _time(at: datetime | None) -> str | None:
    return nanoseconds(at) if at else None


def _with_admin_metadata(identity: Json) -> Json:
    """``identity`` with one key more, after ``metadata_public``."""
    body: Json = {}
    for name, value in identity.items():
        body[name] = value
        if name == "metadata_public":
            body["metadata_admin"] = None
    return body
