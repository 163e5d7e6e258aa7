"""One HTTP answer of Ory as plain data, or the fact that there was none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names in lower case) and body; status 0 and a ``failure`` if no usable answer arrived.

    ``set_cookies`` are the values of the ``Set-Cookie`` headers; ``is_outage`` says that Ory itself is out of order;
    ``is_broken``, that the connection was open and ended before the answer did; ``retry_after`` is in seconds, None if
    nobody knows.
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
        """No usable answer: connection refused, time-out, body too large."""
        return cls(0, failure=reason, is_outage=is_outage, is_broken=is_broken, retry_after=retry_after)

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is anything else."""
        try:
            # Decoded here, since json.loads() would let lone surrogates pass.
            value = json.loads(self.body.decode())
            if b"\\ud" in self.body.lower():
                # A lone surrogate is legal JSON, but no text: a template that shows it could not be encoded.
                json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


LATE = Answer.failed("timeout", is_outage=True)
# No thread was free in time, which says nothing about Ory.
QUEUED = Answer.failed("queue")
