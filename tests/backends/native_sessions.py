"""Django sessions in a dict, by a backend with coroutines of its own, as Django's for databases has them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.utils.asyncio import async_unsafe

from tests.backends import plain_sessions


class SessionStore(plain_sessions.SessionStore):
    """Keeps sessions where the plain one does."""

    _aget_session: Any

    async def aload(self) -> dict[str, Any]:
        return plain_sessions.SessionStore.load(self)

    @async_unsafe
    def load(self) -> dict[str, Any]:
        """As one that needs a database, it may not be loaded by blocking code in an event loop."""
        return super().load()

    async def adelete(self, session_key: str | None = None) -> None:
        plain_sessions.STORED.pop(session_key or self.session_key or "", None)

    async def asave(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        if self.session_key is None:
            return self.create()
        data = await self._aget_session(no_load=must_create)
        if not must_create and self.session_key not in plain_sessions.STORED:
            raise UpdateError
        plain_sessions.STORED[self.session_key] = deepcopy(data)
        return None
