"""An Ory in memory that knows one session, and gives it to everybody."""

from __future__ import annotations

from typing import Any

from django_ory_mfa.testing import FakeOry

COOKIE = "ory_kratos_session"
# What a browser sends along to a site: half a kilobyte of cookies in all, with Ory's.
OTHER_COOKIES = "csrftoken=cQJ9mJkEr0Kw2xFzX5yVtLhGnPs8aUbD; _ga=GA1.1.1234567890.1234567890"


class StaticOry(FakeOry):
    """Answers every whoami as the first, for sessions without number; keeps the last call only."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        person = self.add_identity(second_factors={"totp"})
        session = self.add_session(person, ("password", 0), ("totp", 0), lifespan=86400)
        self.cookie = session.cookie
        self._answer = super().handle("GET", "/sessions/whoami", [("Cookie", f"{self.cookie_name}={session.cookie}")])
        assert self._answer.status == 200

    @property
    def body(self) -> bytes:
        """The answer to whoami."""
        return self._answer.body

    def handle(self, method: str, target: str, headers: Any, body: bytes = b"") -> Any:
        """The one answer."""
        assert target.startswith("/sessions/whoami"), target
        self.last_headers = dict(headers)
        return self._answer
