"""Stands between a site and its Ory, over TLS, and spoils what passes."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

LARGEST_HEAD = 64 * 1024
UPSTREAM_TIMEOUT = 60.0  # seconds; longer than any phase in which an upstream is frozen
HOP_BY_HOP = (b"connection:", b"content-length:", b"transfer-encoding:", b"keep-alive:")
# Closing with this set sends a reset instead of the end of the stream.
RESET = struct.pack("ii", 1, 0)


class HangUpError(Exception):
    """The exchange ends here, and the connection with it."""


@dataclass(frozen=True)
class Reply:
    """An answer of Ory: status line, header lines without those about the connection, body."""

    status: bytes
    headers: tuple[bytes, ...]
    body: bytes

    def encoded(self, *, length: int | None = None) -> bytes:
        """The answer as it goes over the wire; ``length`` is what it says of its body, the truth if left out."""
        said = len(self.body) if length is None else length
        return b"\r\n".join([self.status, *self.headers, b"Content-Length: %d" % said, b"", self.body])


class Exchange:
    """One request of the site, and the connection that its answer goes to."""

    def __init__(self, request: bytes, connection: socket.socket, upstream_port: int, is_over: threading.Event) -> None:
        self.request = request
        self._connection = connection
        self._upstream_port = upstream_port
        self._is_over = is_over

    @property
    def path(self) -> str:
        """What is asked for."""
        return self.request.split(b" ", 2)[1].decode("ascii")

    def forward(self) -> Reply:
        """What Ory says to the request; hangs up if it says nothing."""
        try:
            with socket.create_connection(("127.0.0.1", self._upstream_port), UPSTREAM_TIMEOUT) as upstream:
                # HTTP/1.0 has neither chunks nor interim answers, and ends the answer by closing.
                upstream.sendall(self.request.replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", 1))
                answer = b"".join(iter(lambda: upstream.recv(65536), b""))
        except OSError as error:
            raise HangUpError from error
        head, found, body = answer.partition(b"\r\n\r\n")
        if not found:
            raise HangUpError
        status, *headers = head.split(b"\r\n")
        kept = (line for line in headers if not line.lower().startswith(HOP_BY_HOP))
        return Reply(status.replace(b"HTTP/1.0", b"HTTP/1.1", 1), tuple(kept), body)

    def send(self, data: bytes) -> None:
        """Sends ``data`` to the site as it is."""
        self._connection.sendall(data)

    def drip(self, data: bytes, *, every: float) -> None:
        """Sends ``data`` byte by byte."""
        for position in range(len(data)):
            self.send(data[position : position + 1])
            self.pause(every)

    def pause(self, seconds: float | None) -> None:
        """Waits, None is for ever; hangs up as soon as the fault is over."""
        if self._is_over.wait(seconds):
            raise HangUpError

    def hang_up(self) -> None:
        """Ends the connection after what was sent."""
        raise HangUpError

    def reset(self) -> None:
        """Ends the connection as a machine does that has forgotten it."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        # A socket over TLS would say good-bye first.
        with suppress(OSError):
            socket.socket(fileno=self._connection.detach()).close()
        raise HangUpError


@dataclass(frozen=True)
class Fault:
    """What happens to exchanges, and before them to connections; ``is_deaf`` proxies take no connection at all."""

    answer: Callable[[Exchange], None] | None = None
    greet: Callable[[Exchange], None] | None = None
    is_deaf: bool = False


def pass_on(exchange: Exchange) -> None:
    """No fault."""
    exchange.send(exchange.forward().encoded())


class Proxy:
    """Listens on loopback, with a certificate of its own making in ``folder``, until ``close``."""

    def __init__(self, upstream_port: int, certificate: Path) -> None:
        self._upstream_port = upstream_port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._fault = Fault()
        self._fault_is_over = threading.Event()
        self._listener: socket.socket | None = None
        self.port = 0
        self._listen()
        self.url = f"https://127.0.0.1:{self.port}"

    def use(self, fault: Fault, *, gently: bool = False) -> None:
        """From now on ``fault`` happens; unless ``gently``, what is under way ends, as when a proxy is replaced."""
        with self._lock:
            if gently:
                self._fault = fault
                return
            self._fault_is_over.set()
            self._fault, self._fault_is_over = fault, threading.Event()
            for connection in self._connections:
                with suppress(OSError):
                    # Not the method of SSLSocket, which another thread must not call while this one reads.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
        if fault.is_deaf:
            self._go_deaf()
        elif self._listener is None:
            self._listen()

    def close(self) -> None:
        """Ends the proxy and every connection."""
        self.use(Fault(is_deaf=True))

    def _listen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True, name="chaos-accept").start()

    def _go_deaf(self) -> None:
        if self._listener is not None:
            # Closing alone would leave the thread in accept.
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True, name="chaos-serve").start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(HangUpError, OSError), connection:
            self._greet(connection)
            with self._context.wrap_socket(connection, server_side=True) as secured:
                self._answer_all(secured)

    def _greet(self, connection: socket.socket) -> None:
        with self._known(connection) as (fault, is_over):
            if fault.greet is not None:
                fault.greet(Exchange(b"", connection, self._upstream_port, is_over))

    def _answer_all(self, connection: socket.socket) -> None:
        while True:
            with self._known(connection):
                request = read_request(connection)
            # Not the fault of when the connection was idle.
            with self._known(connection) as (fault, is_over):
                (fault.answer or pass_on)(Exchange(request, connection, self._upstream_port, is_over))

    @contextmanager
    def _known(self, connection: socket.socket) -> Iterator[tuple[Fault, threading.Event]]:
        """While this lasts, a new fault ends the connection."""
        with self._lock:
            self._connections.add(connection)
            now = self._fault, self._fault_is_over
        try:
            yield now
        finally:
            with self._lock:
                self._connections.discard(connection)


def read_request(connection: socket.socket) -> bytes:
    """One request with its body; hangs up at the end of the stream."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection, len(data))
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":", 1)[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = int(lengths[0]) - len(body) if lengths else 0
    while missing > 0:
        more = _some(connection, len(data))
        data, missing = data + more, missing - len(more)
    return data


def _some(connection: socket.socket, so_far: int) -> bytes:
    more = connection.recv(65536)
    if not more or so_far > LARGEST_HEAD:
        raise HangUpError
    return more
