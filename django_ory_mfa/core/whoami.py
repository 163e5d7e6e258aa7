"""Read Ory's answer to ``GET /sessions/whoami`` into a session.

What the statuses and bodies mean: https://www.ory.sh/docs/reference/api#tag/frontend/operation/toSession
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from math import ceil
from typing import Any

from django_ory_mfa.core.answer import Answer, value_at
from django_ory_mfa.core.errors import ErrorId
from django_ory_mfa.core.flows import Flows
from django_ory_mfa.core.session import (
    AAL,
    ANONYMOUS,
    CLOCK_SKEW,
    AuthenticationMethod,
    Identity,
    OrySession,
    SessionState,
    active_session,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_YEAR = 9999
RETRY_AFTER = 5
LONGEST_RETRY_AFTER = 30
UNAVAILABLE = OrySession(SessionState.UNAVAILABLE, retry_after=RETRY_AFTER)


def read_whoami(answer: Answer, *, now: datetime, flows: Flows) -> OrySession:
    """Return the session in ``answer``; anything unknown, unreadable or expired gives less access, never more."""
    body = answer.json_object()
    if answer.status == 200:
        return _read_session(body, now)
    error_id = _text(value_at(body, "error", "id"))
    if answer.status == 401:
        return OrySession(SessionState.ANONYMOUS, error_id=error_id)
    if answer.status == 403:
        return _read_refusal(body, error_id, flows)
    return OrySession(SessionState.UNAVAILABLE, error_id=error_id, retry_after=retry_after(answer))


def _read_session(body: dict[str, Any], now: datetime) -> OrySession:
    identity = _object(body.get("identity"))
    if not _text(body.get("id")) or not _text(identity.get("id")):
        return UNAVAILABLE
    expires_at = read_time(body.get("expires_at"))
    if body.get("active") is not True or (expires_at is not None and now - expires_at > CLOCK_SKEW):
        return ANONYMOUS
    aal = AAL.of(body.get("authenticator_assurance_level"))
    return active_session(aal, expires_at, partial(read_part, body))


def read_part(body: dict[str, Any], name: str) -> Any:
    """Return the attribute ``name`` of a session, one of ``POSTPONED``.

    ``body`` must be one that ``read_whoami`` accepted as an active session.
    """
    match name:
        case "authentication_methods":
            return tuple(_read_method(entry) for entry in _objects(body.get(name)))
        case "id":
            return body[name]
        case "identity":
            return _read_identity(body[name])
        case "raw":
            return body
        case _:
            return read_time(body.get(name))


def _read_refusal(body: dict[str, Any], error_id: str | None, flows: Flows) -> OrySession:
    url = _text(body.get("redirect_browser_to"))
    if url is not None and not flows.contains(url):
        url = None
    if url is None and error_id not in (ErrorId.STEP_UP, ErrorId.ENROLL):
        return OrySession(SessionState.UNAVAILABLE, error_id=error_id, retry_after=RETRY_AFTER)
    return OrySession(SessionState.STEP_UP_REQUIRED, error_id=error_id, redirect_browser_to=url)


def retry_after(answer: Answer) -> int:
    """Return the whole seconds after which a call may be repeated."""
    reset = limit_reset(answer)
    if reset is not None:
        return reset
    return RETRY_AFTER if answer.retry_after is None else max(1, ceil(answer.retry_after))


def limit_reset(answer: Answer) -> int | None:
    """Return the whole seconds that Ory names until its rate limit resets; None if it names none."""
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.status != 429 or not (reset.isascii() and reset.isdigit()):
        return None
    return max(1, min(int(reset[:9]), LONGEST_RETRY_AFTER))


def _read_method(entry: dict[str, Any]) -> AuthenticationMethod:
    return AuthenticationMethod(
        method=_text(entry.get("method")) or "",
        aal=AAL.of(entry.get("aal")),
        completed_at=read_time(entry.get("completed_at")),
        provider=_text(entry.get("provider")),
    )


def _read_identity(body: dict[str, Any]) -> Identity:
    return Identity(
        id=body["id"],
        external_id=_text(body.get("external_id")),
        schema_id=_text(body.get("schema_id")),
        state=_text(body.get("state")),
        traits=_object(body.get("traits")),
        metadata_public=body.get("metadata_public"),
        verifiable_addresses=tuple(_objects(body.get("verifiable_addresses"))),
        recovery_addresses=tuple(_objects(body.get("recovery_addresses"))),
        organization_id=_text(body.get("organization_id")),
        created_at=read_time(body.get("created_at")),
        updated_at=read_time(body.get("updated_at")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def read_time(value: object) -> datetime | None:
    """Return a time from Ory as aware and in UTC; None if it cannot be parsed or has no offset."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if time is None or time.tzinfo is None or time.year >= LAST_YEAR:
        return None
    # astimezone() fails at the ends of the calendar, where Go's zero time is.
    return time.astimezone(UTC) if time.year > EPOCH.year else EPOCH
