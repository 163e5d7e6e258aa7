"""Connections to Ory that keep to a total time and read final answers only."""

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
    """The server had closed a kept-alive connection before it answered; a new one may do better."""


class FinalResponse(http.client.HTTPResponse):
    """The final answer to a request; ``http.client`` itself knows no interim answer but 100, and takes odd headers."""

    def begin(self) -> None:
        """Reads the status and the headers."""
        super().begin()
        try:
            assert_header_parsing(self.msg)
        except urllib3.exceptions.HeaderParsingError:
            # SECURITY: urllib3 would write the lines that it cannot read, a Set-Cookie maybe, to the log, and go on.
            raise http.client.HTTPException("headers that cannot be read") from None

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]  # not in typeshed
            if not 102 <= status < 200:
                return version, status, reason
            # 103 Early Hints and the like (RFC 9110, section 15.2) come before the answer.
            http.client.parse_headers(self.fp)


class Covered:
    """A connection that is made, and whose answer has to come, within the deadline of the thread."""

    sock: Any
    response_class: Any = FinalResponse
    _answers = 0

    def getresponse(self) -> Any:
        """Waits for the final answer."""
        cover(self.sock)
        was_good = self._answers > 0
        try:
            response = super().getresponse()  # type: ignore[misc]  # the connection stands to the right
        except (http.client.RemoteDisconnected, ConnectionResetError) as error:
            if was_good:
                raise StaleConnection("kept-alive connection closed", error) from error
            raise
        if response.status < 200:
            # SECURITY: what follows on this connection would be read as the answer to somebody else's request.
            self.close()
            raise urllib3.exceptions.ProtocolError("no final answer")
        self._answers += 1
        return response

    def close(self) -> None:
        """Called when the connection is given up, too; it may be opened again."""
        self._answers = 0
        super().close()  # type: ignore[misc]  # likewise

    def _new_conn(self) -> socket.socket:
        deadline = current_deadline()
        if deadline is None:
            return super()._new_conn()  # type: ignore[misc, no-any-return]  # likewise
        return _connect(self, deadline)


def _connect(connection: Any, deadline: Deadline) -> socket.socket:
    """A socket within the total time; urllib3 would give every address the whole time, and the look-up any."""
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
            # From here on, since a TLS handshake can drip too; it takes the descriptor away from this object.
            deadline.cover(sock.dup(), is_duplicate=True)
            return sock
    raise failure


def _addresses(connection: Any, deadline: Deadline) -> list[str]:
    # Nothing ends a look-up, so that another thread waits for the one that takes too long.
    arguments = (connection._dns_host.strip("[]"), connection.port, 0, socket.SOCK_STREAM)
    lookup = _lookups().submit(socket.getaddrinfo, *arguments)
    try:
        found = lookup.result(deadline.seconds_left)
    except TimeoutError as error:
        # One that waits behind others would stay in line, and the line has no end while none comes back.
        lookup.cancel()
        raise urllib3.exceptions.ConnectTimeoutError(connection, "the look-up of its name takes too long") from error
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
    """Connections to one host, kept alive but for those whose deadline wants a new one."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]  # the pool stands to the right
        deadline = current_deadline()
        if deadline is not None and deadline.wants_new_connection:
            # Whoever uses it opens it again.
            connection.close()
        return connection

    def _put_conn(self, conn: Any) -> None:
        """Called by urllib3, whose own writes a warning for every connection more than the pool keeps."""
        try:
            self.pool.put(conn, block=False)  # type: ignore[attr-defined]  # likewise
        except (AttributeError, queue.Full):
            # There is no pool any more, or no room in it.
            if conn is not None:
                conn.close()


class CoveredHTTPPool(CoveredPool, urllib3.HTTPConnectionPool):
    """Connections to one host, by plain HTTP."""

    ConnectionCls = CoveredHTTPConnection


class CoveredHTTPSPool(CoveredPool, urllib3.HTTPSConnectionPool):
    """Connections to one host, over TLS."""

    ConnectionCls = CoveredHTTPSConnection


POOLS = {"http": CoveredHTTPPool, "https": CoveredHTTPSPool}


class DeadlineAdapter(HTTPAdapter):
    """The network to one host, with connections that keep to the deadline of the calling thread."""

    _pool: Any = None

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Called by requests for every request; looking for the pool anew costs a seventh of a call."""
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **kwargs)
        return self._pool

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Called by requests; its own would copy the headers, and fill a jar of cookies for every answer."""
        response = requests.Response()
        response.request, response.status_code, response.raw = req, resp.status, resp
        return response

    def close(self) -> None:
        """Called by whoever closes the client; urllib3 alone leaves the connections of a pool that somebody holds."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None
        super().close()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Called by requests for direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> urllib3.ProxyManager:
        """Called by requests for connections through a proxy; a SOCKS proxy brings pools of its own."""
        manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        if type(manager) is urllib3.ProxyManager:
            manager.pool_classes_by_scheme = POOLS
        return manager
