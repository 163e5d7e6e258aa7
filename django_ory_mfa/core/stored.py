"""A session as it is kept in a cache: the fields that decide, beside the answer of Ory for those who ask for more."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, cast

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.session import AAL, OrySession, SessionState, postpone_rest
from django_ory_mfa.core.whoami import read_rest

VERSION = "1"
PARTS = 4


def seconds_to_keep(session: OrySession, answer: Answer, *, ttl: float, now: datetime) -> float:
    """For how long ``session``, read from ``answer``, may be kept: at most ``ttl``; 0 if not at all."""
    if not session or session.expires_at is None:
        return 0
    allowed = answer.headers.get("ory-session-cache-for")
    # SECURITY: what cannot be read allows nothing.
    limit = ttl if allowed is None else float(allowed[:9]) if allowed.isascii() and allowed.isdigit() else 0
    return max(0.0, min(ttl, limit, (session.expires_at - now).total_seconds()))


def to_store(session: OrySession, answer: Answer, *, seconds: float, now: datetime, name: str, key: bytes) -> str:
    """An active ``session``, read from ``answer``, to keep under ``name``, sealed with ``key`` (32 bytes).

    Its lines: version, seal, what decides as JSON, and the answer as it came, for whoever asks for more.
    """
    expires_at, until = cast("datetime", session.expires_at), now + timedelta(seconds=seconds)
    facts = json.dumps(
        {"id": session.id, "aal": session.aal, "expires_at": expires_at.isoformat(), "until": until.isoformat()}
    )
    body = answer.body.decode()
    return "\n".join((VERSION, _seal(name, facts, body, key), facts, body))


def from_store(stored: object, *, now: datetime, name: str, key: bytes) -> OrySession | None:
    """The session that was kept under ``name``; None for whatever was not, is too old, or is not what was stored."""
    parts = stored.split("\n", PARTS - 1) if isinstance(stored, str) else []
    if len(parts) != PARTS:
        return None
    version, seal, facts, body = parts
    # SECURITY: others may write to the cache; what this site did not write says nothing.
    if version != VERSION or not _is_same(seal, _seal(name, facts, body, key)):
        return None
    said = json.loads(facts)
    expires_at, until = datetime.fromisoformat(said["expires_at"]), datetime.fromisoformat(said["until"])
    if now >= min(expires_at, until):
        return None
    session = OrySession(SessionState.ACTIVE, id=said["id"], aal=AAL.of(said["aal"]), expires_at=expires_at)
    return postpone_rest(session, partial(_read_rest, body))


def _read_rest(body: str) -> dict[str, Any]:
    return read_rest(json.loads(body))


def _is_same(seal: str, expected: str) -> bool:
    return compare_digest(seal.encode(errors="replace"), expected.encode())


def _seal(name: str, facts: str, body: str, key: bytes) -> str:
    sealed = "\0".join((name, facts, body)).encode(errors="surrogatepass")
    return blake2b(sealed, key=key, digest_size=16, person=b"session").hexdigest()
