"""Flows on their way."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from django_ory_mfa.testing._http import Json
from django_ory_mfa.testing._identity import FakeIdentity
from django_ory_mfa.testing._state import FakeState, forget_oldest

FlowKind = Literal["login", "settings", "registration", "recovery", "verification"]
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
    #: The address of a recovery or verification.
    address: str = ""
    #: Where the form of a finished flow leads, if not to Ory.
    action: str = ""
    totp_secret: str = field(default="", repr=False)
    lookup_secrets: list[str] = field(default_factory=list, repr=False)
    #: What a security key or a passkey is asked to do, and what the answer is checked by.
    challenges: dict[str, tuple[Json, Any]] = field(default_factory=dict, repr=False)
    #: How often a code was submitted.
    submitted_codes: int = 0


def new_flow(
    ory: FakeState, kind: FlowKind, client: ClientKind, request_url: str, return_to: str, csrf_secret: bytes | None
) -> FakeFlow:
    """Begins a flow."""
    now = ory.now()
    flow = FakeFlow(kind, client, request_url, return_to, now, now + timedelta(seconds=ory.flow_lifespan))
    flow.csrf_secret = csrf_secret
    ory.flows[flow.id] = flow
    forget_oldest(ory.flows)
    return flow


def flow_of(ory: FakeState, kind: FlowKind, flow_id: str) -> FakeFlow | None:
    """The flow of this id, if it is of this kind."""
    flow = ory.flows.get(flow_id)
    return flow if flow and flow.kind == kind else None


def has_expired(ory: FakeState, flow: FakeFlow) -> bool:
    """Whether it is too late for ``flow``."""
    return ory.now() >= flow.expires_at


def park(ory: FakeState, flow: FakeFlow, fields: dict[str, str]) -> str:
    """Keeps what was submitted; returns the value of the cookie that names it."""
    value = secrets.token_urlsafe(210)
    ory.parked[value] = flow.id, fields
    forget_oldest(ory.parked)
    return value
