"""Connections to Ory that obey a total time-out and return final responses only."""

from __future__ import annotations

import http.client
import queue
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util.response import assert_header_parsing

from django_ory_mfa.ory.deadline import Deadline, cover, current_deadline
from django_ory_mfa.runtime.per_process import once_per_process

LOOKUPS_AT_ONCE = 4


class StaleConnection(urllib3.exceptions.ProtocolError):
    """The server closed a kept-alive connection before it answered; the call may work on a new connection."""


class FinalResponse(http.client.HTTPResponse):
    """The final response to a request; ``http.client`` skips only status 100, and accepts malformed headers."""

    def begin(self) -> None:
        """Read the status and the headers; raises ``HTTPException`` if the headers are malformed."""
        super().begin()
        try:
            assert_header_parsing(self.msg)
        except urllib3.exceptions.HeaderParsingError:
            # SECURITY: urllib3 would log the lines that it cannot parse, which may hold a Set-Cookie, and continue.
            raise http.client.HTTPException("headers that cannot be read") from None

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]  # not in typeshed
            if not 102 <= status < 200:
                return version, status, reason
            # Interim responses such as 103 Early Hints (RFC 9110, section 15.2) come before the final one.
            http.client.parse_headers(self.fp)


class Covered:
    """A connection that has to be opened, and to receive its response, within the deadline of the thread."""

    sock: Any
    response_class: Any = FinalResponse
    _answers = 0

    def getresponse(self) -> Any:
        """Wait for the final response.

        Raises ``StaleConnection`` if the server had closed the kept-alive connection.
        """
        cover(self.sock)
        was_good = self._answers > 0
        try:
            response = super().getresponse()  # type: ignore[misc]  # the connection stands to the right
        except (http.client.RemoteDisconnected, ConnectionResetError) as error:
            if was_good:
                raise StaleConnection("kept-alive connection closed", error) from error
            raise
        if response.status < 200:
            # SECURITY: the rest of this connection would be read as the response to another visitor's request.
            self.close()
            raise urllib3.exceptions.ProtocolError("no final answer")
        self._answers += 1
        return response

    def close(self) -> None:
        """Close the connection, which may be opened again later."""
        self._answers = 0
        super().close()  # type: ignore[misc]  # likewise

    def _new_conn(self) -> socket.socket:
        deadline = current_deadline()
        if deadline is None:
            return super()._new_conn()  # type: ignore[misc, no-any-return]  # likewise
        return _connect(self, deadline)


def _connect(connection: Any, deadline: Deadline) -> socket.socket:
    """Return a connected socket within the deadline.

    urllib3 would allow the whole time for each address, and any time for the DNS lookup.
    """
    failure: Exception = urllib3.exceptions.ConnectTimeoutError(connection, "the time is over")
    for address in _addresses(connection, deadline):
        seconds = min(connection.timeout, deadline.seconds_left)
        if seconds <= 0:
            break
        try:
            sock = urllib3.util.connection.create_connection(
                (address, connection.port), seconds, connection.source_address, connection.socket_options
            )
        except TimeoutError as error:
            failure = urllib3.exceptions.ConnectTimeoutError(connection, str(error))
        except OSError as error:
            failure = urllib3.exceptions.NewConnectionError(connection, str(error))
        else:
            # Covered from here on, because a TLS handshake can be slow too. A duplicate, because wrapping the socket in
            # TLS detaches its descriptor.
            deadline.cover(sock.dup(), is_duplicate=True)
            return sock
    raise failure


def _addresses(connection: Any, deadline: Deadline) -> list[str]:
    # A DNS lookup cannot be interrupted, so it runs in another thread.
    arguments = (connection._dns_host.strip("[]"), connection.port, 0, socket.SOCK_STREAM)
    lookup = _lookups().submit(socket.getaddrinfo, *arguments)
    try:
        found = lookup.result(deadline.seconds_left)
    except TimeoutError as error:
        # Cancel a lookup that has not started, or the queue would grow without limit while lookups hang.
        lookup.cancel()
        raise urllib3.exceptions.ConnectTimeoutError(connection, "the DNS lookup takes too long") from error
    except socket.gaierror as error:
        raise urllib3.exceptions.NameResolutionError(connection.host, connection, error) from error
    return [str(address[0]) for *_, address in found]


@once_per_process
def _lookups() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(LOOKUPS_AT_ONCE, thread_name_prefix="ory-mfa-lookup")


class CoveredHTTPConnection(Covered, urllib3.connection.HTTPConnection):
    """Plain HTTP."""


class CoveredHTTPSConnection(Covered, urllib3.connection.HTTPSConnection):
    """HTTP over TLS."""


class CoveredPool:
    """Kept-alive connections to one host; a deadline can demand a new connection."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]  # the pool stands to the right
        deadline = current_deadline()
        if deadline is not None and deadline.wants_new_connection:
            # It is opened again when it is used.
            connection.close()
        return connection

    def _put_conn(self, conn: Any) -> None:
        """Return a connection to the pool; urllib3's own method logs a warning if the pool is full."""
        try:
            self.pool.put(conn, block=False)  # type: ignore[attr-defined]  # likewise
        except (AttributeError, queue.Full):
            # The pool is closed or full.
            if conn is not None:
                conn.close()


class CoveredHTTPPool(CoveredPool, urllib3.HTTPConnectionPool):
    """Connections to one host over plain HTTP."""

    ConnectionCls = CoveredHTTPConnection


class CoveredHTTPSPool(CoveredPool, urllib3.HTTPSConnectionPool):
    """Connections to one host, over TLS."""

    ConnectionCls = CoveredHTTPSConnection


POOLS = {"http": CoveredHTTPPool, "https": CoveredHTTPSPool}


class DeadlineAdapter(HTTPAdapter):
    """Transport adapter for one host, whose connections obey the deadline of the calling thread."""

    _pool: Any = None

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pool, looked up once; looking it up for every request would cost a seventh of a call."""
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **kwargs)
        return self._pool

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Return a bare response; that of requests would copy the headers and fill a cookie jar for every call."""
        response = requests.Response()
        response.request, response.status_code, response.raw = req, resp.status, resp
        return response

    def close(self) -> None:
        """Close the adapter and the pool that it holds, which urllib3 alone would leave open."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None
        super().close()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use our connection pools for direct connections; called by requests."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> urllib3.ProxyManager:
        """Use our connection pools for connections through a proxy, unless it is a SOCKS proxy with its own pools."""
        manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        if type(manager) is urllib3.ProxyManager:
            manager.pool_classes_by_scheme = POOLS
        return manager
