from __future__ import annotations

import contextlib
import gzip
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import responses
from django.test import Client
from django.views.debug import ExceptionReporter

from django_ory_mfa.core.answer import LATE, Answer
from django_ory_mfa.core.credentials import Credential, CredentialKind
from django_ory_mfa.ory.client import LARGEST_BODY, STRANGER, OryClient
from django_ory_mfa.ory.connections import POOLS, DeadlineAdapter, StaleConnection
from django_ory_mfa.ory.lanes import Caller
from django_ory_mfa.ory.recent_answer import THREAD
from django_ory_mfa.ory.service import get_ory
from django_ory_mfa.testing import installed
from tests.clock import PassingTime

COOKIE = Credential(CredentialKind.COOKIE, "ory_kratos_session=c00kie")
TOKEN = Credential(CredentialKind.TOKEN, "ory_st_t0ken")
# Far more than any of the time-outs below, and far less than a call without a deadline would take here.
# Far more than the time-outs of these tests, and far less than what the servers of these tests would take.
SOON = 10

Script = Callable[[socket.socket, threading.Event], None]


class Wire:
    """A server on loopback that plays scripts byte for byte, one per connection, the last one for all that follow."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.script: Script = answering(b"{}")
        self._stop = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def headers(self, index: int = -1) -> dict[str, str]:
        """The headers of one request, names in lower case."""
        lines = self.requests[index].partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def first_line(self, index: int = -1) -> str:
        return self.requests[index].partition(b"\r\n")[0].decode("latin-1")

    def body(self, index: int = -1) -> bytes:
        return self.requests[index].partition(b"\r\n\r\n")[2]

    def close(self) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self._socket.getsockname()).close()
        for thread in self._threads:
            thread.join()
        self._socket.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            connection, _ = self._socket.accept()
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            while request := _read_request(connection):
                self.requests.append(request)
                self.script(connection, self._stop)


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answering(body: bytes = b"", status: str = "200 OK", *headers: str) -> Script:
    """A sound answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return sending("\r\n".join(lines).encode() + body, close=False)


def sending(data: bytes, *, close: bool = True) -> Script:
    """These bytes, whatever they are."""

    def script(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(data)
        if close:
            connection.shutdown(socket.SHUT_RDWR)

    return script


def dripping(head: bytes, drop: bytes) -> Script:
    """``head``, then one drop after the other until the client has enough, or for twice as long as it may take."""

    def script(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(head)
        for _ in range(20 * 2 * SOON):
            if stop.wait(0.05):
                return
            connection.sendall(drop)
        connection.shutdown(socket.SHUT_RDWR)

    return script


def silent(connection: socket.socket, stop: threading.Event) -> None:
    """Nothing at all."""
    stop.wait(2 * SOON)


@pytest.fixture
def wire() -> Iterator[Wire]:
    server = Wire()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def client(wire: Wire) -> Iterator[OryClient]:
    made = OryClient(wire.url)
    yield made
    made._adapter.close()


def timed(call: Callable[[], Answer]) -> tuple[Answer, float]:
    start = time.monotonic()
    answer = call()
    return answer, time.monotonic() - start


# What is asked.


@pytest.mark.parametrize(
    ("ask", "line"),
    [
        (lambda client: client.whoami(COOKIE), "GET /sessions/whoami HTTP/1.1"),
        (lambda client: client.settings_flow(COOKIE), "GET /self-service/settings/browser HTTP/1.1"),
        (lambda client: client.settings_flow(TOKEN), "GET /self-service/settings/api HTTP/1.1"),
        (lambda client: client.logout_flow(COOKIE), "GET /self-service/logout/browser HTTP/1.1"),
        (lambda client: client.revoke_token(TOKEN), "DELETE /self-service/logout/api HTTP/1.1"),
    ],
    ids=["whoami", "settings by cookie", "settings by token", "logout", "revoke"],
)
def test_each_call_asks_for_its_own_path(wire: Wire, client: OryClient, ask: Any, line: str) -> None:
    ask(client)

    assert wire.first_line() == line


@pytest.mark.parametrize(
    ("credential", "name", "value"),
    [(COOKIE, "cookie", "ory_kratos_session=c00kie"), (TOKEN, "x-session-token", "ory_st_t0ken")],
    ids=["cookie", "token"],
)
def test_nothing_but_the_credential_is_sent(
    wire: Wire, client: OryClient, credential: Credential, name: str, value: str
) -> None:
    client.whoami(credential)

    headers = wire.headers()
    assert headers.pop(name) == value
    assert headers.pop("accept") == "application/json"
    assert set(headers) <= {"host", "user-agent", "accept-encoding", "connection"}


def test_credential_of_one_call_is_not_part_of_the_next(wire: Wire, client: OryClient) -> None:
    client.whoami(COOKIE)
    client.whoami(TOKEN, fresh=True)
    client.whoami(COOKIE)

    assert "x-session-token" not in wire.headers()
    assert "cache-control" not in wire.headers()
    assert "cookie" not in wire.headers(1)


def test_fresh_call_passes_by_the_edge(wire: Wire, client: OryClient) -> None:
    client.whoami(COOKIE, fresh=True)

    assert wire.headers()["cache-control"] == "max-age=0"


def test_revoked_token_is_in_the_body_alone(wire: Wire, client: OryClient) -> None:
    client.revoke_token(TOKEN)

    assert json.loads(wire.body()) == {"session_token": "ory_st_t0ken"}
    assert wire.headers()["content-type"] == "application/json"
    assert b"t0ken" not in wire.requests[0].partition(b"\r\n\r\n")[0]


def test_second_token_has_a_body_of_its_own(wire: Wire, client: OryClient) -> None:
    client.revoke_token(TOKEN)
    client.revoke_token(Credential(CredentialKind.TOKEN, "ory_st_another"))

    assert json.loads(wire.body()) == {"session_token": "ory_st_another"}


def test_path_of_the_url_is_kept(wire: Wire) -> None:
    client = OryClient(f"{wire.url}/.ory")

    client.whoami(COOKIE)
    client._adapter.close()

    assert wire.first_line() == "GET /.ory/sessions/whoami HTTP/1.1"


def test_answer_is_status_headers_and_body(wire: Wire, client: OryClient) -> None:
    wire.script = answering(b'{"id": 1}', "200 OK", "Ory-Session-Cache-For: 60")

    answer = client.whoami(COOKIE)

    assert (answer.status, answer.headers["ory-session-cache-for"], answer.json_object()) == (200, "60", {"id": 1})


def test_connection_is_used_again(wire: Wire, client: OryClient) -> None:
    ports = set()
    script = answering(b"{}")

    def noting(connection: socket.socket, stop: threading.Event) -> None:
        ports.add(connection.getpeername()[1])
        script(connection, stop)

    wire.script = noting
    for _ in range(3):
        client.whoami(COOKIE)

    assert (len(wire.requests), len(ports)) == (3, 1)


@responses.activate
def test_library_of_tests_can_stand_in_for_ory() -> None:
    call = responses.get("http://ory.example/sessions/whoami", json={"id": "x"}, headers={"Set-Cookie": "a=b"})

    answer = OryClient("http://ory.example").whoami(COOKIE)

    assert (answer.json_object(), call.call_count) == ({"id": "x"}, 1)
    assert responses.calls[0].request.headers["Accept"] == "application/json"


# Rule 3.


def test_cookie_of_an_answer_is_not_sent_by_the_next_caller(wire: Wire, client: OryClient) -> None:
    wire.script = answering(b"{}", "200 OK", "Set-Cookie: ory_kratos_session=of-another; Path=/", "Set-Cookie: a=b")
    client.whoami(COOKIE)

    client.whoami(TOKEN)
    client.whoami(COOKIE)

    assert "cookie" not in wire.headers(1)
    assert wire.headers(2)["cookie"] == "ory_kratos_session=c00kie"


def test_cookie_of_a_redirect_is_not_kept(wire: Wire, client: OryClient) -> None:
    wire.script = answering(b"", "302 Found", "Location: /elsewhere", "Set-Cookie: a=b; Path=/")
    client.whoami(COOKIE)
    client.whoami(TOKEN)

    assert "cookie" not in wire.headers()


def test_netrc_is_not_read(wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\ndefault login x password y\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    client = OryClient(wire.url)
    client.whoami(TOKEN)
    client._adapter.close()

    assert "authorization" not in wire.headers()
    assert requests.utils.get_netrc_auth(wire.url) == ("somebody", "secret")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("target", ["/elsewhere", "http://127.0.0.1:1/", "http://[", "", "\x00"])
def test_redirect_is_not_followed(wire: Wire, client: OryClient, status: str, target: str) -> None:
    wire.script = answering(b"moved", status, f"Location: {target}")

    answer = client.whoami(COOKIE)

    assert answer.status in (0, int(status[:3]))
    assert len(wire.requests) == 1


def test_redirect_with_an_endless_body_ends(wire: Wire, client: OryClient, settings: Any) -> None:
    """The cap and the deadline hold for every answer, not for those only that are no redirects."""
    settings.ORY_MFA_TIMEOUT = (0.2, 0.3)
    wire.script = dripping(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 60\r\n\r\n", b"x")

    answer, seconds = timed(lambda: client.whoami(COOKIE))

    assert answer.status in (0, 302)
    assert seconds < SOON


def test_redirect_with_a_large_body_is_capped(wire: Wire, client: OryClient) -> None:
    body = b"x" * (LARGEST_BODY * 2)
    sent = 0

    def counting(connection: socket.socket, stop: threading.Event) -> None:
        nonlocal sent
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(32):
                connection.sendall(body)
                sent += len(body)
        connection.shutdown(socket.SHUT_RDWR)

    wire.script = counting
    client.whoami(COOKIE)

    assert sent < 16 * LARGEST_BODY


@pytest.fixture
def proxied(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Wire:
    monkeypatch.setenv("HTTP_PROXY", wire.url)
    monkeypatch.setenv("http_proxy", wire.url)
    return wire


def test_proxy_of_the_environment_is_used(proxied: Wire) -> None:
    client = OryClient("http://ory.example")
    client.whoami(TOKEN)
    client._adapter.close()

    assert proxied.first_line() == "GET http://ory.example/sessions/whoami HTTP/1.1"
    assert proxied.headers()["x-session-token"] == "ory_st_t0ken"


def test_host_that_needs_no_proxy_is_asked_directly(proxied: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    client = OryClient(proxied.url)
    client.whoami(TOKEN)
    client._adapter.close()

    assert proxied.first_line() == "GET /sessions/whoami HTTP/1.1"


BUNDLES = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]


@pytest.mark.parametrize("names", [[], *([name] for name in BUNDLES), BUNDLES])
def test_certificate_is_checked_by_the_authorities_of_the_environment_or_those_of_requests(
    monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    seen: list[Any] = []

    class Noting(requests.adapters.HTTPAdapter):
        def send(self, *args: Any, **kwargs: Any) -> Any:
            seen.append(kwargs["verify"])
            raise requests.ConnectionError

    for name in BUNDLES:
        monkeypatch.delenv(name, raising=False)
    for name in names:
        monkeypatch.setenv(name, f"/{name}.pem")
    OryClient("https://ory.example", Noting()).whoami(COOKIE)

    assert seen == [f"/{names[0]}.pem" if names else True]


def test_failure_of_a_credential_that_nobody_knows_is_not_held_against_ory(wire: Wire, client: OryClient) -> None:
    wire.script = answering(b"", "500 Internal Server Error")

    unknown = [client.whoami(COOKIE).failure for _ in range(9)]
    known = [client.whoami(COOKIE, Caller()).failure for _ in range(9)]

    assert "breaker" not in unknown
    assert "breaker" in known


def test_host_that_nobody_can_connect_to_is_held_against_ory_whoever_asks() -> None:
    """Nothing was sent, so no visitor has caused it."""
    client = OryClient("http://127.0.0.1:1")

    failures = [client.whoami(COOKIE).failure for _ in range(9)]
    client._adapter.close()

    assert "breaker" in failures


def test_sound_answer_to_a_credential_that_nobody_knows_ends_a_row_of_failures(wire: Wire, client: OryClient) -> None:
    failures = []
    for status in ("500 Internal Server Error", "200 OK") * 5:
        wire.script = answering(b"{}", status)
        failures.append(client.whoami(COOKIE, STRANGER if status == "200 OK" else Caller()).failure)

    assert "breaker" not in failures


def test_bundle_that_does_not_exist_is_no_usable_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What requests raises for it is a plain OSError."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")

    assert OryClient("https://127.0.0.1:1").whoami(COOKIE).failure is not None


@pytest.mark.parametrize(("size", "status"), [(LARGEST_BODY, 200), (LARGEST_BODY + 1, 0), (LARGEST_BODY * 3, 0)])
def test_body_is_capped(wire: Wire, client: OryClient, size: int, status: int) -> None:
    wire.script = answering(b"x" * size)

    assert client.whoami(COOKIE).status == status


def test_body_that_is_compressed_although_nobody_asked_is_not_unpacked(wire: Wire, client: OryClient) -> None:
    """A small one may be large once it is unpacked."""
    packed = gzip.compress(b"x" * LARGEST_BODY * 2)
    wire.script = answering(packed, "200 OK", "Content-Encoding: gzip")

    assert client.whoami(COOKIE).body == packed


def test_call_after_a_capped_one_is_sound(wire: Wire, client: OryClient) -> None:
    wire.script = answering(b"x" * (LARGEST_BODY + 1))
    client.whoami(COOKIE)
    wire.script = answering(b"{}")

    assert client.whoami(COOKIE).body == b"{}"


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end


def test_chunked_body_is_read(wire: Wire, client: OryClient) -> None:
    wire.script = sending(chunked(b'{"a":', b" 1}"))

    assert client.whoami(COOKIE).json_object() == {"a": 1}


def test_body_without_a_length_is_read(wire: Wire, client: OryClient) -> None:
    wire.script = sending(b'HTTP/1.1 200 OK\r\n\r\n{"a": 1}')

    assert client.whoami(COOKIE).json_object() == {"a": 1}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        chunked(b"{}", end=b""),
        chunked(b"{}", end=b"zz\r\n"),
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70000 + b"\r\n\r\n",
        b"\x16\x03\x01\x00",
    ],
    ids=[
        "closed at once",
        "garbage",
        "odd status",
        "truncated body",
        "truncated headers",
        "two lengths",
        "truncated chunks",
        "odd chunk",
        "too many headers",
        "long header",
        "tls",
    ],
)
def test_broken_answer_is_no_usable_answer(wire: Wire, client: OryClient, data: bytes) -> None:
    wire.script = sending(data)

    answer = client.whoami(COOKIE)

    assert (answer.status, bool(answer.failure)) == (0, True)
    # So that the visitor may have brought it about.
    assert answer.is_broken or not answer.is_outage


def test_packed_body_is_not_unfolded(wire: Wire, client: OryClient) -> None:
    wire.script = answering(b"\x1f\x8b\x08\x00junk", "200 OK", "Content-Encoding: gzip")

    answer = client.whoami(COOKIE)

    assert (answer.json_object(), wire.headers()["accept-encoding"]) == ({}, "identity")


def test_refused_connection_is_no_usable_answer(wire: Wire) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    answer = OryClient(f"http://127.0.0.1:{port}").whoami(COOKIE)

    assert (answer.status, answer.failure, answer.is_broken) == (0, "ConnectionError", False)


@pytest.mark.parametrize(
    "url",
    ["http://" + "a" * 70 + ".example", "http://.example", "http://*.example", "http://a..b"],
    ids=["long label", "leading dot", "star", "empty label"],
)
def test_host_that_cannot_be_is_no_usable_answer(url: str) -> None:
    """requests raises UnicodeError, LocationParseError or InvalidURL for these, some while it prepares the request."""
    assert OryClient(url).whoami(COOKIE).failure is not None


class Raising(requests.adapters.HTTPAdapter):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def send(self, *args: Any, **kwargs: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (requests.ConnectTimeout("Cookie: c00kie"), "timeout"),
        (requests.ReadTimeout("c00kie"), "timeout"),
        (requests.exceptions.SSLError("c00kie"), "SSLError"),
        (requests.exceptions.ProxyError("c00kie"), "ProxyError"),
        (requests.exceptions.InvalidHeader("c00kie"), "InvalidHeader"),
        (UnicodeEncodeError("ascii", "c00kie", 0, 1, "x"), "UnicodeEncodeError"),
        (ValueError("c00kie"), "ValueError"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_failure_is_named_without_quoting(error: Exception, failure: str) -> None:
    answer = OryClient("http://ory.example", Raising(error)).whoami(COOKIE)

    assert (answer.status, answer.failure) == (0, failure)


class Ending(requests.adapters.HTTPAdapter):
    """Fails as a stale connection does; during the second attempt a server ends the worker that is too slow."""

    def __init__(self) -> None:
        super().__init__()
        self.errors = [requests.ConnectionError(StaleConnection("c00kie")), SystemExit(1)]

    def send(self, *args: Any, **kwargs: Any) -> Any:
        raise self.errors.pop(0)


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.whoami(COOKIE),
        lambda client: client.settings_flow(COOKIE),
        lambda client: client.logout_flow(COOKIE),
        lambda client: client.flow("login", "1", COOKIE.value),
        lambda client: client.flow_error("1", COOKIE.value),
        lambda client: client.revoke_token(Credential(CredentialKind.TOKEN, "c00kie")),
    ],
    ids=["whoami", "settings", "logout", "flow", "error", "revoke"],
)
def test_error_report_of_a_call_shows_no_credential(ask: Any) -> None:
    with pytest.raises(SystemExit) as caught:
        ask(OryClient("http://ory.example", Ending()))

    frames = ExceptionReporter(None, caught.type, caught.value, caught.tb).get_traceback_frames()
    shown = {frame["function"]: str(frame["vars"]) for frame in frames if frame["filename"].endswith("ory/client.py")}
    assert shown.keys() >= {"_call", "_counted", "_answer", "_send", "_send_once"}
    assert [function for function, values in shown.items() if "c00kie" in values] == []


class Failing(requests.adapters.HTTPAdapter):
    """Fails as the paths of ``errors`` say."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: dict[str, Exception] = {"/health/ready": requests.ConnectionError()}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        raise self.errors[request.path_url]


@pytest.mark.parametrize("error", [ValueError(), requests.ReadTimeout()], ids=["own-fault", "late-though-ory-is-ready"])
def test_probe_that_tells_nothing_about_ory_is_followed_by_another_at_once(
    clock: PassingTime, error: Exception
) -> None:
    adapter = Failing()
    client = OryClient("http://ory.example", adapter)
    for _ in range(3):
        client.ready()
    assert client.whoami(COOKIE).failure == "breaker"

    clock.passed += 2
    adapter.errors = {"/sessions/whoami": error, "/health/ready": ValueError()}
    first = client.whoami(COOKIE)
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(SOON)

    assert (first.failure, client.whoami(COOKIE).failure) == (first.failure, first.failure)
    assert first.failure in ("ValueError", "timeout")


# Time.


@pytest.mark.parametrize(
    "script",
    [
        silent,
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-Header: y\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nX-Header: ", b"y"),
        dripping(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silent", "slow body", "slow chunks", "slow headers", "slow header", "endless continue"],
)
def test_total_time_is_total(wire: Wire, client: OryClient, settings: Any, script: Script) -> None:
    settings.ORY_MFA_TIMEOUT = (0.2, 0.3)
    wire.script = script

    answer, seconds = timed(lambda: client.whoami(COOKIE))

    assert answer is LATE
    assert seconds < SOON


def test_total_time_is_total_on_a_connection_that_was_kept(wire: Wire, client: OryClient, settings: Any) -> None:
    wire.script = answering(b"{}")
    client.whoami(COOKIE)
    settings.ORY_MFA_TIMEOUT = (0.2, 0.3)
    wire.script = dripping(b"HTTP/1.1 200 OK\r\nX-Header: ", b"y")

    answer, seconds = timed(lambda: client.whoami(COOKIE))

    assert answer is LATE
    assert seconds < SOON


def test_time_for_headers_is_taken_from_that_for_the_body(wire: Wire, client: OryClient, settings: Any) -> None:
    settings.ORY_MFA_TIMEOUT = (0.2, 4)

    def script(connection: socket.socket, stop: threading.Event) -> None:
        stop.wait(3)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        stop.wait(2 * SOON)

    wire.script = script

    answer, seconds = timed(lambda: client.whoami(COOKIE))

    assert answer.failure == "timeout"
    # With as much time for the body again it would take 7 seconds.
    assert seconds < 6.7


def test_body_that_ends_in_time_is_read(wire: Wire, client: OryClient, settings: Any) -> None:
    settings.ORY_MFA_TIMEOUT = 60
    drops = iter(b"{}")

    def script(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        for drop in drops:
            stop.wait(0.02)
            connection.sendall(bytes([drop]))

    wire.script = script

    assert client.whoami(COOKIE).body == b"{}"


# One client per URL and process.


def test_client_is_kept(ory: Any) -> None:
    assert get_ory().client is get_ory().client


def test_client_follows_the_setting(ory: Any, settings: Any) -> None:
    first = get_ory().client
    settings.ORY_MFA_SDK_URL = "http://other.example"

    assert get_ory().client is not first


FORKED = """
import os
import signal
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
from django_ory_mfa.ory.singleflight import _pool
from django_ory_mfa.ory.service import get_ory
client, pool = get_ory().client, _pool(4)
pid = os.fork()
if pid == 0:
    signal.alarm(60)  # a child that hangs is killed, and its status says so
    now = get_ory().client
    os._exit(0 if now is not client and get_ory().client is now and _pool(4) is not pool else 1)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), get_ory().client is client, _pool(4) is pool)
"""


def test_forked_process_makes_client_and_threads_of_its_own() -> None:
    child = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, check=False)

    assert child.stdout == "0 True True\n", child.stderr


# Through a request.


def test_slow_ory_is_an_outage_for_the_request_only(wire: Wire, settings: Any, mode: str) -> None:
    from tests.site import Site

    settings.ORY_MFA_SDK_URL = wire.url
    settings.ORY_MFA_TIMEOUT = (0.2, 0.3)
    wire.script = silent
    site = Site(mode)
    site.set_cookie("ory_kratos_session", "c00kie")

    response = site.get("session")
    get_ory().client._adapter.close()

    assert response.json()["state"] == "unavailable"


def test_fake_ory_leaves_no_cookie_for_the_next_visitor() -> None:
    with installed() as ory:
        first, second = Client(), Client()
        ory.login(first).extend(7200)
        first.get("/sync/session")
        response = second.get("/sync/session", headers={"X-Session-Token": "ory_st_unknown"})

    assert response.json()["state"] == "anonymous"
    assert "cookie" not in ory.calls[-1].headers


def test_socks_proxy_keeps_the_pools_it_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    """They open other sockets; those of plain proxies are covered by the deadline like direct ones."""
    adapter = DeadlineAdapter()
    brought = object()
    monkeypatch.setitem(adapter.proxy_manager, "socks5://127.0.0.1:9", SimpleNamespace(pool_classes_by_scheme=brought))

    socks = adapter.proxy_manager_for("socks5://127.0.0.1:9")
    plain = adapter.proxy_manager_for("http://127.0.0.1:9")

    assert (socks.pool_classes_by_scheme, plain.pool_classes_by_scheme) == (brought, POOLS)
