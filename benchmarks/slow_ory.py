"""An Ory that answers late, or never, and counts: ``python -m benchmarks.slow_ory`` prints its URL.

``POST /delay`` takes the seconds as JSON, null is never; it also forgets the counts and whoever waits. ``GET /counts``.
"""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress

from benchmarks.static_ory import StaticOry

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Server:
    """The state of the server."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._delay: float | None = 0
        self._calls = self._under_way = self._peak = 0
        self._waiting: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = LENGTH.search(head)
                sent = await reader.readexactly(int(length[1])) if length else b""
                body = await self._answer(head.split(b" ", 2)[1], sent)
                writer.write(HEAD % len(body) + body)
                await writer.drain()
        writer.close()

    async def _answer(self, path: bytes, sent: bytes) -> bytes:
        if path == b"/counts":
            return json.dumps({"calls": self._calls, "peak": self._peak}).encode()
        if path == b"/delay":
            self._start_anew(json.loads(sent))
            return b"null"
        return await self._be_slow(path)

    def _start_anew(self, delay: float | None) -> None:
        self._delay = delay
        for task in self._waiting:
            task.cancel()
        self._waiting.clear()
        self._calls = self._under_way = self._peak = 0

    async def _be_slow(self, path: bytes) -> bytes:
        task = asyncio.current_task()
        assert task is not None
        self._waiting.add(task)
        self._calls += path.startswith(b"/sessions/whoami")
        self._under_way += 1
        self._peak = max(self._peak, self._under_way)
        # Without a delay nothing ever wakes it.
        await (asyncio.Event().wait() if self._delay is None else asyncio.sleep(self._delay))
        self._under_way -= 1
        self._waiting.discard(task)
        return self._body


async def main() -> None:
    """Serves until the process is ended."""
    server = await asyncio.start_server(Server(StaticOry().body).serve, "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
