"""The memory of workers that serve many sessions: ``python -m tools.chaos.memory``.

A stand-in plays Ory, since a real one would take most of the machine and would have to hold as many sessions.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tools.chaos.servers import APP_SERVERS, RedisServer, SiteServer, memory_of

SAMPLES = 10
CONNECTIONS = 8
# By how much a worker may have grown since it had seen every session, in KiB.
GROWTH = 3 * 1024
WHO = re.compile(rb"ory_kratos_session=session-(\d+)")


class StandIn(asyncio.Protocol):
    """Answers whoami for any session whose cookie names its number."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called with every connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        """Called with what arrives."""
        self._data += data
        while b"\r\n\r\n" in self._data:
            request, _, self._data = self._data.partition(b"\r\n\r\n")
            found = WHO.search(request)
            body = session(int(found[1])) if found else b"{}"
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def session(number: int) -> bytes:
    """What Ory says of a session with both factors."""
    now = datetime.now(UTC)
    times = {"authenticated_at": now.isoformat(), "issued_at": now.isoformat()}
    methods = [
        {"method": method, "aal": aal, "completed_at": now.isoformat()}
        for method, aal in (("password", "aal1"), ("totp", "aal2"))
    ]
    identity = {
        "id": f"identity-{number}",
        "schema_id": "default",
        "state": "active",
        "traits": {"email": f"{number}@example.test", "name": {"first": "a" * 20, "last": "b" * 20}},
    }
    answer = {
        "id": f"session-{number}",
        "active": True,
        "expires_at": (now + timedelta(hours=1)).isoformat(),
        "authenticator_assurance_level": "aal2",
        "authentication_methods": methods,
        "identity": identity,
        **times,
    }
    return json.dumps(answer).encode()


class Load:
    """Visits of random sessions; ``wrong`` are those that were not shown the page of their own person."""

    def __init__(self, port: int, sessions: int, requests: int) -> None:
        self.wrong = 0
        self.done = 0
        self._port = port
        self._sessions = sessions
        self._requests = requests
        self._left = iter(range(requests))

    async def run(self, sample: Callable[[], None]) -> None:
        """Makes all visits, and takes samples at regular intervals."""

        async def visit_all() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            for _ in self._left:
                await self._visit(reader, writer)
                self.done += 1
                if self.done % (self._requests // SAMPLES) == 0:
                    sample()
            writer.close()
            await writer.wait_closed()

        await asyncio.gather(*(visit_all() for _ in range(CONNECTIONS)))

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = random.randrange(self._sessions)
        cookie = f"ory_kratos_session=session-{number}"
        writer.write(f"GET /aal2/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        assert length is not None, head
        body = await reader.readexactly(int(length[1]))
        self.wrong += body != f"aal2 of identity-{number}".encode()


async def measure(app_server: str, cache: str, *, requests: int, sessions: int) -> tuple[list[list[int]], int]:
    """The memory of all workers in KiB, before and at regular intervals, and how many pages were wrong."""
    ory = await asyncio.get_running_loop().create_server(StandIn, "127.0.0.1", 0)
    ory_port = ory.sockets[0].getsockname()[1]
    samples: list[list[int]] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ory-mfa-memory-")))
        redis = stack.enter_context(closing(RedisServer(folder))) if cache == "redis" else None
        variables = {
            "CHAOS_ORY_URL": f"http://127.0.0.1:{ory_port}",
            "CHAOS_BROWSER_URL": f"http://127.0.0.1:{ory_port}",
            "CHAOS_CACHE_TTL": "300" if redis else "0",
            "CHAOS_REDIS_URL": redis.url if redis else "",
        }
        site = stack.enter_context(closing(SiteServer(app_server, folder, **variables)))
        load = Load(site.port, sessions, requests)

        def sample() -> None:
            samples.append([memory_of(pid) for pid in site.workers])
            done = (len(samples) - 1) * requests // SAMPLES
            print(f"{done:>9} requests  " + "  ".join(f"{size / 1024:6.1f}" for size in samples[-1]), flush=True)

        sample()
        await load.run(sample)
    ory.close()
    return samples, load.wrong


def main() -> int:
    """Measures, prints the table and says whether it is flat."""
    parser = argparse.ArgumentParser(prog="python -m tools.chaos.memory", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--server", choices=APP_SERVERS, default="gunicorn")
    parser.add_argument("--cache", choices=("none", "redis"), default="none")
    options = parser.parse_args()
    # Ends like an interrupt: with the programs that were started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(f"{options.server}, cache {options.cache}, {options.sessions} sessions; MiB of each worker\n")
    measured = measure(options.server, options.cache, requests=options.requests, sessions=options.sessions)
    samples, wrong = asyncio.run(measured)
    # By then every session was seen a few times, and every buffer has its size.
    half, end = samples[SAMPLES // 2], samples[-1]
    growth = max(after - before for before, after in zip(half, end, strict=True))
    is_flat = growth <= GROWTH
    print(f"\ngrowth in the second half: {growth / 1024:.1f} MiB; {wrong} wrong pages")
    return 0 if is_flat and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
