"""The Ory session of a request, as frozen values; whether it is enough is decided in ``core/decision.py``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import ory_client

    ReadPart = Callable[[str], Any]

# How far the clocks of Ory and of this machine may differ.
CLOCK_SKEW = timedelta(seconds=60)
# Attributes of sessions that are not active; None in an active one.
OF_ERRORS = ("error_id", "redirect_browser_to", "retry_after")
# Attributes that a requirement of a level alone does not need; they are parsed when they are first read.
POSTPONED = ("id", "authentication_methods", "authenticated_at", "issued_at", "identity", "raw")


class AAL(StrEnum):
    """Authenticator assurance level (NIST SP 800-63B); ordered, and equal to the string that Ory uses."""

    AAL0 = "aal0"
    AAL1 = "aal1"
    AAL2 = "aal2"
    AAL3 = "aal3"

    @classmethod
    def of(cls, value: object) -> AAL:
        """Return the level named by ``value``; ``AAL0`` for anything unknown, missing or empty."""
        return KNOWN_LEVELS.get(value, cls.AAL0) if isinstance(value, str) else cls.AAL0


KNOWN_LEVELS = {level.value: level for level in AAL}


class SessionState(StrEnum):
    """What Ory answered about the session of a request."""

    ACTIVE = "active"
    ANONYMOUS = "anonymous"
    STEP_UP_REQUIRED = "step_up_required"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class AuthenticationMethod:
    """One proof given in a session (an AMR entry, RFC 8176), with Ory's name of the method."""

    method: str
    aal: AAL
    completed_at: datetime | None = None
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Ory's record of a person; personal data stays out of its ``repr``."""

    id: str
    external_id: str | None = None
    schema_id: str | None = None
    state: str | None = None
    traits: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)
    metadata_public: Any = field(default=None, repr=False, hash=False)
    verifiable_addresses: tuple[dict[str, Any], ...] = field(default=(), repr=False, hash=False)
    recovery_addresses: tuple[dict[str, Any], ...] = field(default=(), repr=False, hash=False)
    organization_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrySession:
    """The Ory session of one request. True only in the state ACTIVE; ``decide`` tells whether it meets a requirement.

    Times are aware and in UTC, ``retry_after`` is in seconds. ``error_id`` and ``redirect_browser_to`` are from Ory's
    answer if it was an error.
    """

    state: SessionState
    id: str | None = None
    aal: AAL = AAL.AAL0
    authentication_methods: tuple[AuthenticationMethod, ...] = ()
    authenticated_at: datetime | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    identity: Identity | None = None
    error_id: str | None = None
    redirect_browser_to: str | None = None
    retry_after: int | None = None
    raw: Any = field(default=None, repr=False, hash=False)

    # Parses one of the POSTPONED attributes when it is first read; most requests need only the level.
    _read_part: ReadPart | None = field(default=None, init=False, repr=False, compare=False)

    def __bool__(self) -> bool:
        return self.is_authenticated

    def __str__(self) -> str:
        """Return the id of the identity, which frameworks put into the keys of their throttles; else the state."""
        return self.state.value if self.identity is None else self.identity.id

    def __getattr__(self, name: str) -> Any:
        if self._read_part is None or name not in (*POSTPONED, *OF_ERRORS):
            raise AttributeError(name)
        value = self._read_part(name) if name in POSTPONED else None
        object.__setattr__(self, name, value)
        return value

    @property
    def is_authenticated(self) -> bool:
        """Whether the session is active, and Ory returned all of it."""
        return self.state is SessionState.ACTIVE

    @property
    def is_signed_in(self) -> bool:
        """Whether somebody is signed in, even if Ory hides the session until the second factor is given."""
        return self.state in (SessionState.ACTIVE, SessionState.STEP_UP_REQUIRED)

    def proof_at(self, aal: AAL | str) -> datetime | None:
        """Return when the newest proof at ``aal`` or above was given; None if there is none or ``aal`` is unknown."""
        level = AAL.of(aal)
        if level != aal:
            return None
        times = [entry.completed_at for entry in self.authentication_methods if entry.aal >= level]
        return max((time for time in times if time is not None), default=None)

    def to_ory_client(self) -> ory_client.Session:
        """Return the session as a model of Ory's SDK.

        Raises ``ValueError`` in any state but ACTIVE, and if the SDK does not know one of the session's methods.
        """
        if not self.is_authenticated or self.raw is None:
            message = f"a session in state {self.state} has no data from Ory to convert"
            raise ValueError(message)
        # Imported here because the import takes over a second and some 60 MB.
        from ory_client import Session

        try:
            return cast("ory_client.Session", Session.from_dict(self.raw))
        except (TypeError, ValueError):
            # SECURITY: the SDK's error quotes the values that it cannot parse, including traits.
            raise ValueError("ory_client cannot model this session") from None


def active_session(aal: AAL, expires_at: datetime | None, read_part: ReadPart) -> OrySession:
    """Return an active session whose ``POSTPONED`` attributes are read by ``read_part(name)`` at first access."""
    # Without __init__, which would give a value to the postponed attributes too.
    session = object.__new__(OrySession)
    for name, value in (("state", SessionState.ACTIVE), ("aal", aal), ("expires_at", expires_at)):
        object.__setattr__(session, name, value)
    object.__setattr__(session, "_read_part", read_part)
    return session


ANONYMOUS = OrySession(SessionState.ANONYMOUS)
