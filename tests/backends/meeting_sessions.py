"""Django sessions that requests at the same time load at the same moment, before either of them goes on."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.backends import plain_sessions


class SessionStore(plain_sessions.SessionStore):
    """Waits in every load until two requests have read what is stored."""

    meeting: asyncio.Barrier

    async def aload(self) -> dict[str, Any]:
        data = plain_sessions.SessionStore.load(self)
        await self.meeting.wait()
        return data
