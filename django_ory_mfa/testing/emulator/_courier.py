"""The e-mails that a fake Ory would send."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from django_ory_mfa.testing._state import KEPT, FakeState
from django_ory_mfa.testing.emulator._flows import FakeFlow

_SUBJECTS = {
    "login": "Login to your account",
    "recovery": "Recover access to your account",
    "verification": "Please verify your email address",
}
_WHAT = {
    "login": "login to your account",
    "recovery": "recover access to your account",
    "verification": "verify your account",
}


@dataclass(frozen=True, slots=True)
class FakeMessage:
    """An e-mail with a one-time code; nothing is ever sent."""

    recipient: str
    code: str = field(repr=False)
    created_at: datetime
    kind: str = "login"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def subject(self) -> str:
        """The subject of the e-mail."""
        return _SUBJECTS[self.kind]

    @property
    def body(self) -> str:
        """The text of the e-mail."""
        return f"Hi,\n\nplease {_WHAT[self.kind]} by entering the following code:\n\n{self.code}\n"


def mail_code(ory: FakeState, flow: FakeFlow, address: str) -> None:
    """Mails a one-time code for ``flow``; an earlier one is worth nothing any more."""
    flow.code = f"{secrets.randbelow(10**6):06}"
    ory.messages.append(FakeMessage(address, flow.code, ory.now(), flow.kind))
    del ory.messages[:-KEPT]
