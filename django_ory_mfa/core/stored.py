"""A session as stored in a cache: the values needed for decisions, and Ory's answer for everything else."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, cast

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.session import AAL, OrySession, active_session
from django_ory_mfa.core.whoami import read_part

VERSION = 2


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

    Its lines are the seal, the level, when the session ends, until when the entry may be used, and the unchanged
    answer, which is parsed only if needed.
    """
    expires_at, until = cast("datetime", session.expires_at), now + timedelta(seconds=seconds)
    kept = "\n".join((session.aal, expires_at.isoformat(), until.isoformat(), answer.body.decode()))
    return f"{_seal(name, kept, key)}\n{kept}"


def from_store(stored: object, *, now: datetime, name: str, key: bytes) -> OrySession | None:
    """Return the session stored under ``name``; None if the entry is missing, expired, or not written by this site."""
    if not isinstance(stored, str):
        return None
    seal, _, kept = stored.partition("\n")
    # SECURITY: others may be able to write to the cache; an entry that this site did not write is ignored.
    if not (seal.isascii() and compare_digest(seal, _seal(name, kept, key))):
        return None
    aal, *times, body = kept.split("\n", 3)
    expires_at, until = map(datetime.fromisoformat, times)
    if now >= expires_at or now >= until:
        return None
    return active_session(AAL.of(aal), expires_at, _Kept(body).read)


class _Kept:
    """The answer in an entry; it is decoded once, when it is first needed."""

    def __init__(self, body: str) -> None:
        self._body = body

    @cached_property
    def _answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._body)
        return answer

    def read(self, name: str) -> Any:
        """Return the attribute ``name`` of the session."""
        return read_part(self._answer, name)


def _seal(name: str, kept: str, key: bytes) -> str:
    # The name has no line breaks, so no text can be shifted between the name and the data under the same seal.
    sealed = f"{VERSION}\n{name}\n{kept}".encode(errors="surrogatepass")
    return blake2b(sealed, key=key, digest_size=16, person=b"session").hexdigest()
