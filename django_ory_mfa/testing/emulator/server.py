"""A fake Ory behind HTTP, on this machine only."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterable, Sequence
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any

from django.conf import settings

from django_ory_mfa.testing import FakeOry
from django_ory_mfa.testing.emulator._handler import Handler
from django_ory_mfa.testing.emulator._keys import can_check_keys
from django_ory_mfa.testing.emulator.people import DEMO_PEOPLE, DemoPerson

HOST = "127.0.0.1"
# To browsers it is another host, with cookies of its own, so a site has to be opened by the same name. Security keys
# and passkeys are made for a name, never for an IP address.
LOCALHOST = "localhost"
# v1.3.1 counts e-mail codes for everybody, so that people without a second factor could not go on.
VERSION = "2026-07-29"

logger = logging.getLogger("django_ory_mfa.emulator")


class Emulator:
    """Ory's API below ``url``, its pages below ``url``/ui/: from ``start()`` until ``close()``, or in a ``with``.

    ``host`` is 127.0.0.1 or localhost. As localhost, an emulator that makes its own ``ory`` has security keys and
    passkeys, if fido2 is installed.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        ory: FakeOry | None = None,
        people: Iterable[DemoPerson] = DEMO_PEOPLE,
        return_urls: Sequence[str] | None = None,
        ui_url: str | None = None,
        host: str = HOST,
    ) -> None:
        # Django completes a relative STATIC_URL at its first use, by the script name of that request: not by ours.
        self.static_url: str = settings.STATIC_URL or ""
        self.host = host
        self.ory = ory or _new_ory(host)
        return_urls = default_return_urls(host) if return_urls is None else return_urls
        self.people = tuple(people)
        self._server = _Server((HOST, port), self)
        self.url = f"http://{host}:{self._server.server_address[1]}"
        self.ory.public_url = self.url
        self.ory.ui_url = ui_url or f"{self.url}/ui"
        self.ory.allowed_return_urls = tuple(return_urls)
        self.ory.default_return_url = return_urls[0] if return_urls else f"{self.url}/"
        for person in self.people:
            person.join(self.ory)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="ory-emulator", daemon=True
        )

    def start(self) -> Emulator:
        """Begins to answer; returns at once."""
        self._thread.start()
        return self

    def wait(self) -> None:
        """Returns when the emulator has been closed."""
        self._thread.join()

    def close(self) -> None:
        """Ends the server and every connection to it."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def default_return_urls(host: str) -> tuple[str, ...]:
    """Return where browsers may be sent back to unless a site says so: to Django's development server."""
    return (f"http://{host}:8000/",)


def switch_keys_on(ory: FakeOry, host: str) -> None:
    """Switch security keys and passkeys on, where browsers accept them and fido2 can check them."""
    ory.webauthn = ory.passkey = host != HOST and can_check_keys()


def _new_ory(host: str) -> FakeOry:
    """An Ory that mails a code to whoever signs up, as ``ory_mfa init`` configures one."""
    ory = FakeOry(VERSION, code_mfa=True)
    ory.default_schema_id = "with_code"
    switch_keys_on(ory, host)
    return ory


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Newer Pythons let two servers share a port, which would hide that one is running already.
    allow_reuse_port = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], emulator: Emulator) -> None:
        self.emulator = emulator
        self._open: set[socket.socket] = set()
        super().__init__(address, Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """A new connection, which is remembered."""
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Ends a connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Ends the server; connections that browsers keep alive would outlive it."""
        super().server_close()
        for connection in self._open.copy():
            self.shutdown_request(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke ends alone, and without a traceback on the screen."""
        logger.debug("A connection ended early.", exc_info=True)
