"""A session as stored in a cache: the fields needed for decisions, and Ory's answer for everything else."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, cast

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.session import AAL, OrySession, SessionState, postpone_rest
from django_ory_mfa.core.whoami import read_part

VERSION = 1
KEPT = {"id", "aal", "expires_at", "until", "body"}


def seconds_to_keep(session: OrySession, answer: Answer, *, ttl: float, now: datetime) -> float:
    """Return how many seconds ``session``, read from ``answer``, may be stored: at most ``ttl``; 0 if not at all."""
    if not session or session.expires_at is None:
        return 0
    allowed = answer.headers.get("ory-session-cache-for")
    # SECURITY: a value that cannot be parsed allows no caching.
    limit = ttl if allowed is None else float(allowed[:9]) if allowed.isascii() and allowed.isdigit() else 0
    return max(0.0, min(ttl, limit, (session.expires_at - now).total_seconds()))


def to_store(session: OrySession, answer: Answer, *, seconds: float, now: datetime, name: str, key: bytes) -> str:
    """Return the cache entry ``name`` for an active ``session``, read from ``answer``, sealed with ``key`` (32 bytes).

    It is JSON: the fields needed for decisions, and the unchanged answer in base64, which is parsed only if needed.
    """
    expires_at, until = cast("datetime", session.expires_at), now + timedelta(seconds=seconds)
    kept = {
        "id": str(session.id),
        "aal": str(session.aal),
        "expires_at": expires_at.isoformat(),
        "until": until.isoformat(),
        "body": b64encode(answer.body).decode(),
    }
    return json.dumps({"version": VERSION, "seal": _seal(name, kept, key), **kept})


def from_store(stored: object, *, now: datetime, name: str, key: bytes) -> OrySession | None:
    """Return the session stored under ``name``; None if the entry is missing, expired, or not written by this site."""
    kept = _loads(stored)
    version, seal = kept.pop("version", None), kept.pop("seal", None)
    # SECURITY: others may be able to write to the cache; an entry that this site did not write is ignored.
    if version != VERSION or kept.keys() != KEPT or not all(isinstance(value, str) for value in (seal, *kept.values())):
        return None
    if not _is_same(seal, _seal(name, kept, key)):
        return None
    expires_at, until = datetime.fromisoformat(kept["expires_at"]), datetime.fromisoformat(kept["until"])
    if now >= min(expires_at, until):
        return None
    session = OrySession(SessionState.ACTIVE, id=kept["id"], aal=AAL.of(kept["aal"]), expires_at=expires_at)
    return postpone_rest(session, _Kept(kept["body"]).read)


class _Kept:
    """The answer in an entry; it is decoded once, when it is first needed."""

    def __init__(self, body: str) -> None:
        self._body = body

    @cached_property
    def _answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(b64decode(self._body).decode())
        return answer

    def read(self, name: str) -> Any:
        """Return the attribute ``name`` of the session."""
        return read_part(self._answer, name)


def _loads(stored: object) -> dict[str, Any]:
    try:
        kept = json.loads(stored) if isinstance(stored, str) else None
    except (ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _is_same(seal: str, expected: str) -> bool:
    return compare_digest(seal.encode(errors="replace"), expected.encode())


def _seal(name: str, kept: dict[str, str], key: bytes) -> str:
    # Names and values in order, so that no value can be moved to another field.
    parts = (name, *(part for pair in kept.items() for part in pair))
    sealed = "\0".join(parts).encode(errors="surrogatepass")
    return blake2b(sealed, key=key, digest_size=16, person=b"session").hexdigest()
