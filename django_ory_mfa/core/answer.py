"""An HTTP answer of Ory as plain data, or the failure to get one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names in lower case) and body; status 0 and a ``failure`` if no usable answer arrived.

    ``set_cookies``: the values of the ``Set-Cookie`` headers. ``is_outage``: the failure points to an outage of Ory.
    ``is_broken``: the connection was open, and closed before the answer was complete. ``retry_after``: seconds, None if
    unknown.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    failure: str | None = None
    set_cookies: tuple[str, ...] = field(default=(), repr=False)
    is_outage: bool = False
    is_broken: bool = False
    retry_after: float | None = None

    @classmethod
    def failed(
        cls, reason: str, *, is_outage: bool = False, is_broken: bool = False, retry_after: float | None = None
    ) -> Answer:
        """Return an ``Answer`` for a call without a usable answer: connection refused, time-out, body too large."""
        return cls(0, failure=reason, is_outage=is_outage, is_broken=is_broken, retry_after=retry_after)

    @property
    def may_have_arrived(self) -> bool:
        """Whether the call may have reached Ory; False if it was never made."""
        return self.failure not in NEVER_MADE

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object; empty if it is anything else."""
        try:
            # Decoded here, because json.loads() would accept lone surrogates in bytes.
            value = json.loads(self.body.decode())
            if b"\\ud" in self.body.lower():
                # An escaped lone surrogate is valid JSON, but a page that shows it cannot be encoded as UTF-8.
                json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def at(self, *keys: str) -> Any:
        """Return the value below ``keys`` in the body, such as ``"error", "id"``; None if there is none."""
        return value_at(self.json_object(), *keys)


def value_at(value: Any, *keys: str) -> Any:
    """Return the value below ``keys`` in JSON whose shape is not certain; None if there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def has_unreadable_identity(answer: Answer) -> bool:
    """Whether the answer was not readable for what it says of a person, as far as that shows.

    SECURITY: a person writes their own traits: bytes that are no UTF-8, lone surrogates, deep nesting, long numbers.
    """
    try:
        value = json.loads(answer.body.decode(errors="replace"), parse_int=str)
    except RecursionError:
        return True
    except ValueError:
        return False
    return isinstance(value_at(value, "identity"), dict)


LATE = Answer.failed("timeout", is_outage=True)
# No thread was free in time; Ory was not called.
QUEUED = Answer.failed("queue")
# The failures of other calls that were not made: the circuit breaker is open; a stranger is held back after a 429.
BREAKER, HELD_BACK = "breaker", "rate limit"
NEVER_MADE = frozenset({QUEUED.failure, BREAKER, HELD_BACK})


def may_be_provoked(answer: Answer) -> bool:
    """Whether the content of the request may have caused the failure.

    SECURITY: a visitor whose flow, session or cookie makes Ory, or a proxy in front of it, fail must not mark Ory as
    down for everybody. A call that failed before anything was sent cannot have been provoked.
    """
    return answer.status >= 400 or answer.is_broken or answer is LATE
