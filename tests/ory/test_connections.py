"""Connections on a bad day: names, addresses, handshakes, and connections that were good a moment ago."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from django_ory_mfa.core.answer import LATE
from django_ory_mfa.core.credentials import Credential, CredentialKind
from django_ory_mfa.metrics import Event, listen
from django_ory_mfa.ory import connections
from django_ory_mfa.ory.client import OryClient
from django_ory_mfa.ory.connections import LOOKUPS_AT_ONCE
from django_ory_mfa.ory.lanes import Caller
from tests.ory.test_client import Script, Wire, answering, dripping, sending

COOKIE = Credential(CredentialKind.COOKIE, "ory_kratos_session=c00kie")
# Far more than the time-outs of these tests, and far less than what the servers of these tests would take.
SOON = 10


@pytest.fixture
def wire() -> Iterator[Wire]:
    server = Wire()
    yield server
    server.close()


@pytest.fixture
def client(wire: Wire) -> Iterator[OryClient]:
    client = OryClient(wire.url)
    yield client
    client._adapter.close()


@pytest.fixture
def events() -> Iterator[list[Event]]:
    heard: list[Event] = []
    stop = listen(lambda event, value: heard.append(event))
    yield heard
    stop()


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: str, after: threading.Event | None = None) -> None:
    """Has the name ory.test stand for these addresses, and its look-up end ``after`` that."""
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "ory.test":
            return real(host, port, *args, **kwargs)
        if after is not None:
            after.wait(2 * SOON)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def port_of(wire: Wire) -> str:
    return wire.url.rpartition(":")[2]


class DeafServer:
    """Listens, and never accepts: once its queue is full, connecting to it takes for ever."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(0)
        self.port = self._socket.getsockname()[1]
        self._callers = []
        for _ in range(8):
            caller = socket.socket()
            caller.settimeout(0)
            caller.connect_ex(("127.0.0.1", self.port))
            self._callers.append(caller)

    def close(self) -> None:
        for caller in self._callers:
            caller.close()
        self._socket.close()


@pytest.fixture
def deaf() -> Iterator[DeafServer]:
    server = DeafServer()
    yield server
    server.close()


def timed(client: OryClient) -> tuple[Any, float]:
    started = time.monotonic()
    answer = client.whoami(COOKIE, Caller())
    client._adapter.close()
    return answer, time.monotonic() - started


def test_look_up_of_the_name_is_part_of_the_total_time(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.ORY_MFA_TIMEOUT = 0.2
    found = threading.Event()
    resolving_to(monkeypatch, "127.0.0.1", after=found)

    answer, seconds = timed(OryClient("http://ory.test:9"))
    found.set()

    assert answer is LATE
    assert seconds < SOON


def test_look_up_that_was_waited_for_in_vain_leaves_the_line(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """While no look-up came back, every call left another one to be done."""
    settings.ORY_MFA_TIMEOUT = 30
    asked, busy, release = [], threading.Semaphore(0), threading.Event()

    def getaddrinfo(host: str, *args: Any) -> Any:
        asked.append(host)
        busy.release()
        release.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    lookups = connections._lookups()
    with ThreadPoolExecutor(LOOKUPS_AT_ONCE) as threads:
        for _ in range(LOOKUPS_AT_ONCE):
            threads.submit(OryClient("http://slow.test").whoami, COOKIE, Caller())
            assert busy.acquire(timeout=10)
        settings.ORY_MFA_TIMEOUT = 0.1
        OryClient("http://late.test").whoami(COOKIE, Caller())
        release.set()
    for _ in range(LOOKUPS_AT_ONCE):
        lookups.submit(int).result(10)

    assert asked == ["slow.test"] * LOOKUPS_AT_ONCE


def test_name_that_nobody_knows_is_no_usable_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "nobody")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    answer = OryClient("http://ory.test").whoami(COOKIE)

    assert (answer.status, answer.failure, answer.is_outage) == (0, "ConnectionError", True)


def test_addresses_share_the_total_time(deaf: DeafServer, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.ORY_MFA_TIMEOUT = (0.2, 0.5)
    resolving_to(monkeypatch, *["127.0.0.1"] * 100)

    answer, seconds = timed(OryClient(f"http://ory.test:{deaf.port}"))

    assert answer is LATE
    assert seconds < SOON


def test_next_address_is_tried_after_one_that_is_dead(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, "127.0.0.77", "127.0.0.1")

    answer, _ = timed(OryClient(f"http://ory.test:{port_of(wire)}"))

    assert (answer.status, wire.headers()["host"]) == (200, f"ory.test:{port_of(wire)}")


def test_time_that_is_over_before_an_address_is_tried(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.ORY_MFA_TIMEOUT = 0.2

    def addresses(*args: Any) -> list[str]:
        time.sleep(0.3)
        return ["127.0.0.1"]

    monkeypatch.setattr(connections, "_addresses", addresses)

    answer, _ = timed(OryClient("http://127.0.0.1:9"))

    assert answer is LATE


def test_connection_outside_a_deadline_is_as_urllib3_makes_it(wire: Wire) -> None:
    with connections.CoveredHTTPPool("127.0.0.1", int(port_of(wire))) as pool:
        assert pool.request("GET", "/").status == 200


def drip_a_handshake(connection: socket.socket, stop: threading.Event) -> None:
    """The beginning of a TLS record that is said to be long, byte by byte."""
    for byte in b"\x16\x03\x03\x3f\xff" + b"\x02" * 400:
        if stop.wait(0.05):
            return
        connection.sendall(bytes([byte]))


class TlsWire(Wire):
    """Speaks before it hears a whole HTTP request."""

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.recv(65536)
            self.script(connection, self._stop)
            # Closing with bytes unread would reset the connection, and the client might not see what was sent.
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
        except OSError:
            pass
        finally:
            connection.close()


def test_handshake_that_drips_is_part_of_the_total_time(settings: Any) -> None:
    settings.ORY_MFA_TIMEOUT = (0.5, 0.5)
    wire = TlsWire()
    wire.script = drip_a_handshake
    try:
        answer, seconds = timed(OryClient(wire.url.replace("http", "https")))
    finally:
        wire.close()

    assert answer is LATE
    assert seconds < SOON


def test_no_tls_is_no_usable_answer() -> None:
    wire = TlsWire()
    wire.script = sending(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    try:
        answer, _ = timed(OryClient(wire.url.replace("http", "https")))
    finally:
        wire.close()

    assert (answer.status, answer.failure, answer.is_outage) == (0, "SSLError", True)


# Kept-alive connections.


def closing_after(answers: int) -> Script:
    """So many sound answers on each connection, then its end at the next request."""
    served: Counter[socket.socket] = Counter()

    def script(connection: socket.socket, stop: threading.Event) -> None:
        served[connection] += 1
        if served[connection] > answers:
            connection.shutdown(socket.SHUT_RDWR)
            return
        answering(b"{}")(connection, stop)

    return script


def test_connection_that_ended_in_silence_is_replaced_once(wire: Wire, client: OryClient, events: list[Event]) -> None:
    wire.script = closing_after(1)

    answers = [client.whoami(COOKIE).status for _ in range(3)]

    assert answers == [200, 200, 200]
    assert (len(wire.requests), events.count(Event.RETRY)) == (5, 2)


def test_new_connection_that_ends_in_silence_is_a_failure(wire: Wire, client: OryClient, events: list[Event]) -> None:
    wire.script = closing_after(0)

    answer = client.whoami(COOKIE)

    assert (answer.failure, answer.is_outage, len(wire.requests)) == ("ConnectionError", True, 1)
    assert Event.RETRY not in events


def test_replacement_is_not_another_connection_that_was_kept_alive(wire: Wire, client: OryClient) -> None:
    """A server that restarts ends every connection, and the retry went out on another one that had ended likewise."""
    wire.script = closing_after(1)

    def keep_another_alive(event: Event, value: float) -> None:
        if event is Event.RETRY:
            other = threading.Thread(target=client.whoami, args=(COOKIE,))
            other.start()
            other.join()

    client.whoami(COOKIE)
    stop = listen(keep_another_alive)
    answer = client.whoami(COOKIE)
    stop()

    assert (answer.status, len(wire.requests)) == (200, 4)


def test_second_failure_is_final(wire: Wire, client: OryClient) -> None:
    wire.script = closing_after(1)
    client.whoami(COOKIE)
    wire.script = closing_after(0)

    answer = client.whoami(COOKIE)

    assert (answer.failure, len(wire.requests)) == ("ConnectionError", 3)


@pytest.mark.parametrize("begun", [b"H", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"])
def test_answer_that_broke_off_is_a_failure(wire: Wire, client: OryClient, begun: bytes) -> None:
    client.whoami(COOKIE)
    wire.script = sending(begun)

    assert client.whoami(COOKIE).status == 0
    assert len(wire.requests) == 2


def test_retry_has_what_is_left_of_the_total_time(wire: Wire, client: OryClient, settings: Any) -> None:
    client.whoami(COOKIE)
    settings.ORY_MFA_TIMEOUT = 6
    drip = dripping(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n")

    def script(connection: socket.socket, stop: threading.Event) -> None:
        if len(wire.requests) == 2:
            stop.wait(4)
            connection.shutdown(socket.SHUT_RDWR)
        else:
            drip(connection, stop)

    wire.script = script
    answer, seconds = timed(client)

    assert (answer, len(wire.requests)) == (LATE, 3)
    # With all of it again it would take 10 seconds.
    assert seconds < 9.5


def test_connection_more_than_the_pool_keeps_is_closed_without_a_line_in_the_log(wire: Wire, caplog: Any) -> None:
    """Where a server has more threads than that, every request of many at once wrote a warning."""
    both = threading.Barrier(2)
    answer = answering(b"{}")

    def script(connection: socket.socket, stop: threading.Event) -> None:
        if len(wire.requests) <= 2:
            both.wait(10)
        answer(connection, stop)

    wire.script = script
    adapter = connections.DeadlineAdapter(pool_maxsize=1)
    client = OryClient(wire.url, adapter)
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(client.whoami, [COOKIE, COOKIE]))
    answers.append(client.whoami(COOKIE))
    pool: Any = adapter._pool
    adapter.close()
    pool._put_conn(connections.CoveredHTTPConnection("127.0.0.1", 9))
    pool._put_conn(None)

    assert [answer.status for answer in answers] == [200] * 3
    assert caplog.messages == []


def test_connection_that_was_opened_again_is_a_new_one() -> None:
    connection = connections.CoveredHTTPConnection("127.0.0.1", 9)
    connection._answers = 3
    connection.close()

    assert connection._answers == 0


def test_lines_that_are_no_headers_are_no_usable_answer_and_stay_out_of_the_log(
    wire: Wire, client: OryClient, caplog: pytest.LogCaptureFixture
) -> None:
    """urllib3 wrote them to the log, cookies and all, and took the answer."""
    cookie = b"Set-Cookie: ory_kratos_session=s3cret"
    wire.script = sending(b"HTTP/1.1 200 OK\r\nwithout a colon\r\n" + cookie + b"\r\nContent-Length: 2\r\n\r\n{}")

    answer = client.whoami(COOKIE)

    assert (answer.status, answer.failure, answer.is_outage) == (0, "ConnectionError", True)
    assert caplog.messages == []


def test_closing_the_client_closes_its_connections(wire: Wire, client: OryClient) -> None:
    ended = threading.Event()

    def script(connection: socket.socket, stop: threading.Event) -> None:
        answering(b"{}")(connection, stop)
        if connection.recv(1) == b"":
            ended.set()

    wire.script = script
    client.whoami(COOKIE)
    client._adapter.close()

    assert ended.wait(60)
