"""Login and settings flows on their way, and what else a fake Ory keeps between two requests."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from django_ory_mfa.testing._identity import FakeIdentity
from django_ory_mfa.testing._people import FakePeople
from django_ory_mfa.testing.emulator._courier import FakeMessage, new_code
from django_ory_mfa.testing.emulator._nodes import Json

# An emulator may run for days, and every visit begins a flow.
_KEPT = 1000
FlowKind = Literal["login", "settings"]
ClientKind = Literal["browser", "api"]


@dataclass(eq=False, slots=True)
class FakeFlow:
    """One flow: what was asked for, and the form as it stands."""

    kind: FlowKind
    client: ClientKind
    request_url: str
    return_to: str
    issued_at: datetime
    expires_at: datetime
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    requested_aal: str = "aal1"
    refresh: bool = False
    state: str = "choose_method"
    active: str = ""
    nodes: list[Json] = field(default_factory=list, repr=False)
    messages: list[Json] = field(default_factory=list)
    #: The CSRF cookie of the browser that began it; None for native clients.
    csrf_secret: bytes | None = field(default=None, repr=False)
    #: Whose settings are changed.
    identity: FakeIdentity | None = None
    #: The code that was mailed for this flow and not used yet.
    code: str | None = field(default=None, repr=False)
    totp_secret: str = field(default="", repr=False)
    lookup_secrets: list[str] = field(default_factory=list, repr=False)


@dataclass(frozen=True, slots=True)
class FakeError:
    """An error that a browser is shown on a page of its own."""

    id: str
    error: Json
    created_at: datetime


class FakeState(FakePeople):
    """Everything that a fake Ory remembers."""

    messages: list[FakeMessage]
    flows: dict[str, FakeFlow]
    errors: dict[str, FakeError]
    #: What was submitted before a fresh proof was asked for, by the value of the continuity cookie.
    parked: dict[str, tuple[str, dict[str, str]]]

    def new_flow(
        self, kind: FlowKind, client: ClientKind, request_url: str, return_to: str, csrf_secret: bytes | None
    ) -> FakeFlow:
        """Begins a flow."""
        now = self.now()
        flow = FakeFlow(kind, client, request_url, return_to, now, now + timedelta(seconds=self.flow_lifespan))
        flow.csrf_secret = csrf_secret
        self.flows[flow.id] = flow
        _forget_oldest(self.flows)
        return flow

    def flow_of(self, kind: FlowKind, flow_id: str) -> FakeFlow | None:
        """The flow of this id, if it is of this kind."""
        flow = self.flows.get(flow_id)
        return flow if flow and flow.kind == kind else None

    def has_expired(self, flow: FakeFlow) -> bool:
        """Whether it is too late for ``flow``."""
        return self.now() >= flow.expires_at

    def new_error(self, error: Json) -> FakeError:
        """Keeps ``error`` for the error page."""
        kept = FakeError(str(uuid.uuid4()), error, self.now())
        self.errors[kept.id] = kept
        _forget_oldest(self.errors)
        return kept

    def park(self, flow: FakeFlow, fields: dict[str, str]) -> str:
        """Keeps what was submitted; returns the value of the cookie that names it."""
        value = secrets.token_urlsafe(210)
        self.parked[value] = flow.id, fields
        _forget_oldest(self.parked)
        return value

    def mail_code(self, flow: FakeFlow, address: str) -> None:
        """Mails a one-time code for ``flow``; an earlier one is worth nothing any more."""
        flow.code = new_code()
        self.messages.append(FakeMessage(address, flow.code, self.now()))
        del self.messages[:-_KEPT]


def _forget_oldest(table: dict[str, Any]) -> None:
    if len(table) > _KEPT:
        del table[next(iter(table))]
