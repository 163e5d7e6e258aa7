"""The e-mails that a fake Ory would send."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FakeMessage:
    """An e-mail with a one-time code; nothing is ever sent."""

    recipient: str
    code: str = field(repr=False)
    created_at: datetime
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    subject: str = "Login to your account"

    @property
    def body(self) -> str:
        """The text of the e-mail."""
        return f"Hi,\n\nplease login to your account by entering the following code:\n\n{self.code}\n"


def new_code() -> str:
    """Six digits."""
    return f"{secrets.randbelow(10**6):06}"
