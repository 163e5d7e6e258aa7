"""A session as it is kept in a cache: the fields that decide, beside the answer of Ory for those who ask for more."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from hmac import compare_digest
from typing import Any

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.session import AAL, Identity, OrySession, SessionState, postpone_rest
from django_ory_mfa.core.whoami import read_identity, read_method, read_time

VERSION = 1


def seconds_to_keep(session: OrySession, answer: Answer, *, ttl: float, now: datetime) -> float:
    """For how long ``session``, read from ``answer``, may be kept: at most ``ttl``; 0 if not at all."""
    if not session or session.expires_at is None:
        return 0
    allowed = answer.headers.get("ory-session-cache-for")
    # SECURITY: what cannot be read allows nothing.
    limit = ttl if allowed is None else float(allowed[:9]) if allowed.isascii() and allowed.isdigit() else 0
    return max(0.0, min(ttl, limit, (session.expires_at - now).total_seconds()))


def to_store(session: OrySession, answer: Answer, *, seconds: float, now: datetime, name: str, key: bytes) -> str:
    """An active ``session``, read from ``answer``, as JSON to keep under ``name``, sealed with ``key`` (32 bytes)."""
    facts = json.dumps(
        {
            "id": session.id,
            "authenticator_assurance_level": session.aal,
            "authentication_methods": [
                {
                    "method": entry.method,
                    "aal": entry.aal,
                    "completed_at": _text(entry.completed_at),
                    "provider": entry.provider,
                }
                for entry in session.authentication_methods
            ],
            "authenticated_at": _text(session.authenticated_at),
            "issued_at": _text(session.issued_at),
            "expires_at": _text(session.expires_at),
            "until": _text(now + timedelta(seconds=seconds)),
        }
    )
    body = answer.body.decode()
    return json.dumps({"version": VERSION, "facts": facts, "body": body, "seal": _seal(name, facts, body, key)})


def from_store(stored: object, *, now: datetime, name: str, key: bytes) -> OrySession | None:
    """The session that was kept under ``name``; None for whatever was not, is too old, or is not what was stored."""
    document = _loads(stored)
    facts, body, seal = (document.get(part) for part in ("facts", "body", "seal"))
    if document.get("version") != VERSION or not (isinstance(facts, str) and isinstance(body, str)):
        return None
    # SECURITY: others may write to the cache; what this site did not write says nothing.
    if not compare_digest(str(seal).encode(errors="replace"), _seal(name, facts, body, key).encode()):
        return None
    said = json.loads(facts)
    expires_at, until = read_time(said["expires_at"]), read_time(said["until"])
    if expires_at is None or until is None or now >= min(expires_at, until):
        return None
    session = OrySession(
        SessionState.ACTIVE,
        id=said["id"],
        aal=AAL.of(said["authenticator_assurance_level"]),
        authentication_methods=tuple(map(read_method, said["authentication_methods"])),
        authenticated_at=read_time(said["authenticated_at"]),
        issued_at=read_time(said["issued_at"]),
        expires_at=expires_at,
    )
    return postpone_rest(session, partial(_read_rest, body))


def _read_rest(body: str) -> tuple[Identity, Any]:
    raw = json.loads(body)
    return read_identity(raw["identity"]), raw


def _seal(name: str, facts: str, body: str, key: bytes) -> str:
    sealed = "\0".join((name, facts, body)).encode(errors="surrogatepass")
    return blake2b(sealed, key=key, digest_size=16, person=b"session").hexdigest()


def _loads(stored: object) -> dict[str, Any]:
    try:
        document = json.loads(stored) if isinstance(stored, str) else None
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
