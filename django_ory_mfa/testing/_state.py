"""The state of a fake Ory: its people, and the flows, errors and e-mails of the emulator."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django_ory_mfa.testing._http import Json
from django_ory_mfa.testing._people import FakePeople

if TYPE_CHECKING:
    from django_ory_mfa.testing.emulator._courier import FakeMessage
    from django_ory_mfa.testing.emulator._flows import FakeFlow

# An emulator may run for days, and every visit begins a flow.
KEPT = 1000


@dataclass(frozen=True, slots=True)
class FakeError:
    """An error that is shown on Ory's error page."""

    id: str
    error: Json
    created_at: datetime


class FakeState(FakePeople):
    """The whole state of a fake Ory."""

    messages: list[FakeMessage]
    flows: dict[str, FakeFlow]
    errors: dict[str, FakeError]
    #: What was submitted before a fresh proof was asked for, by the value of the continuity cookie.
    parked: dict[str, tuple[str, dict[str, str]]]

    def new_error(self, error: Json) -> FakeError:
        """Store ``error`` for the error page."""
        kept = FakeError(str(uuid.uuid4()), error, self.now())
        self.errors[kept.id] = kept
        forget_oldest(self.errors)
        return kept


def forget_oldest(table: dict[str, Any]) -> None:
    """Drop the oldest entry of a table that is too long."""
    if len(table) > KEPT:
        del table[next(iter(table))]
