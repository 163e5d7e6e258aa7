"""What the scenarios need of an Ory server, whichever server it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Mode = Literal["strict", "lax"]


@dataclass
class Person:
    """Somebody with a password and the second factors in ``factors``.

    ``factors`` maps a method to what the person holds for it: the TOTP secret, the list of recovery codes, the e-mail
    address that codes are sent to.
    """

    id: str
    email: str
    password: str
    factors: dict[str, Any] = field(default_factory=dict)


class Browser(Protocol):
    """One browser that talks to Ory as its owner does, and keeps Ory's cookies."""

    person: Person

    @property
    def session_cookie(self) -> tuple[str, str]:
        """Name and value of the session cookie as the browser holds it now."""

    def prove(self, method: str, *, refresh: bool = False) -> None:
        """Completes ``method`` in the session: a step-up, or with ``refresh`` a proof that is given once more."""

    def enrol(self, method: str) -> None:
        """Sets up ``totp`` or ``lookup_secret`` in Ory's settings flow; the session is aal2 after it."""

    def follow_logout(self, url: str) -> int:
        """Opens Ory's logout URL as the browser would and returns the status."""


class OryServer(Protocol):
    """A server that people can be made on. All of it works on FakeOry and on a real Kratos alike."""

    name: str
    version: str
    public_url: str

    def configure(self, mode: Mode, *, code_mfa: bool = False, settings_required_aal: str | None = None) -> None:
        """Switches the running server: both ``required_aal`` by mode (settings' own if given), e-mail codes."""

    def add_person(self, *factors: str) -> Person:
        """A new person with a password and ``factors`` out of ``totp``, ``lookup_secret``, ``code``."""

    def open_browser(self, person: Person, *methods: str) -> Browser:
        """A browser in which ``person`` completed ``methods`` in this order; the first is ``password``."""

    def session_token(self, person: Person, *methods: str) -> str:
        """A session token of a native client that completed ``methods`` in this order."""

    def let_time_pass(self, seconds: float) -> None:
        """Makes every proof so far that much older."""

    def set_identity_state(self, person: Person, state: Literal["active", "inactive"]) -> None: ...

    def revoke_sessions(self, person: Person) -> None: ...

    def remove_factor(self, person: Person, method: str) -> None:
        """An administrator deletes the factor; live sessions keep their level."""
