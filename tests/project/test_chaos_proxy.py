"""The proxy of the chaos run spoils what it says it spoils, and the client makes nothing of it that is wrong."""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from django_ory_mfa.core.credentials import Credential, CredentialKind
from django_ory_mfa.core.flows import Flows
from django_ory_mfa.core.session import SessionState
from django_ory_mfa.core.whoami import read_whoami
from django_ory_mfa.ory.client import OryClient
from django_ory_mfa.runtime.clock import now
from tests.readiness import wait_for_readiness
from tools.chaos.faults import FAULTS, HARMLESS
from tools.chaos.proxy import Fault, Proxy
from tools.chaos.run import longest_pause
from tools.chaos.servers import make_certificate
from tools.chaos.visitors import Answer, Verdict, Visitor, Weather, judge

COOKIE = Credential(CredentialKind.COOKIE, "ory_kratos_session=c00kie")
SESSION = {
    "id": "s",
    "active": True,
    "authenticator_assurance_level": "aal2",
    "identity": {"id": "i", "traits": {"email": "totp@example.com"}},
}
# Longer than two bytes of a drip are apart, and time enough for an answer that is not followed by the end.
PATIENCE = 0.4  # seconds
# Far more than the time-out of a client here, and far less than the longest fault lasts.
SOON = 10
REQUEST = b"GET /sessions/whoami HTTP/1.1\r\nHost: ory\r\n\r\n"


class Ory(http.server.BaseHTTPRequestHandler):
    """Answers everything with one session."""

    def do_GET(self) -> None:
        body = json.dumps(SESSION).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by http.server
        """Nothing."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def upstream() -> Iterator[http.server.ThreadingHTTPServer]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ory)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def proxy(upstream: http.server.ThreadingHTTPServer, certificate: Path) -> Iterator[Proxy]:
    proxy = Proxy(upstream.server_address[1], certificate)
    yield proxy
    proxy.close()


@pytest.fixture
def client(proxy: Proxy, certificate: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[OryClient]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    settings.ORY_MFA_TIMEOUT = 60
    client = OryClient(proxy.url)
    yield client
    wait_for_readiness()
    client._adapter.close()


def read_all(proxy: Proxy, certificate: Path) -> bytes:
    """What comes as the answer to one request, to the end of the connection or for as long as one waits for it."""
    context = ssl.create_default_context(cafile=str(certificate))
    with (
        socket.create_connection(("127.0.0.1", proxy.port), 5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        connection.sendall(REQUEST)
        data, until = b"", time.monotonic() + PATIENCE
        while (seconds := until - time.monotonic()) > 0:
            connection.settimeout(seconds)
            try:
                more = connection.recv(65536)
            except TimeoutError:
                break
            if not more:
                break
            data += more
        return data


def state_of(client: OryClient) -> SessionState:
    return read_whoami(client.whoami(COOKIE), now=now(), flows=Flows("http://ory.example.com")).state


@pytest.mark.parametrize("name", ["none", *HARMLESS])
def test_harmless_fault_goes_unnoticed(proxy: Proxy, client: OryClient, name: str) -> None:
    proxy.use(HARMLESS.get(name, Fault()))

    assert [state_of(client) for _ in range(2)] == [SessionState.ACTIVE] * 2


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"storm", "unready"}))
def test_fault_leaves_no_usable_answer_and_is_over_in_time(
    proxy: Proxy, client: OryClient, settings: Any, name: str
) -> None:
    assert state_of(client) is SessionState.ACTIVE
    proxy.use(FAULTS[name])
    settings.ORY_MFA_TIMEOUT = (0.5, 0.6)
    started = time.monotonic()
    ill = state_of(client)
    seconds = time.monotonic() - started
    settings.ORY_MFA_TIMEOUT = 60
    proxy.use(Fault())

    assert (ill, state_of(client)) == (SessionState.UNAVAILABLE, SessionState.ACTIVE)
    assert seconds < SOON


def test_storm_is_no_session_of_somebody_else(proxy: Proxy, client: OryClient, settings: Any) -> None:
    settings.ORY_MFA_TIMEOUT = (0.1, 0.1)
    proxy.use(FAULTS["storm"])

    assert {state_of(client) for _ in range(20)} <= {SessionState.ACTIVE, SessionState.UNAVAILABLE}


def test_health_is_bad_and_the_rest_is_passed_on_while_unready(proxy: Proxy, client: OryClient) -> None:
    proxy.use(FAULTS["unready"])

    assert (client.ready().status, state_of(client)) == (503, SessionState.ACTIVE)


@pytest.mark.parametrize(
    ("name", "begins", "ends"),
    [
        ("early_hints", b"HTTP/1.1 103 Early Hints\r\n", b"}"),
        ("rate_limited", b"HTTP/1.1 429 Too Many Requests\r\nx-ratelimit-reset: 1\r\n", b"}"),
        ("redirect", b"HTTP/1.1 302 Found\r\n", b"\r\n\r\n"),
        ("half_head", b"HTTP/1.1 200 OK\r\n", b""),
        ("endless_hints", b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n", b"\r\n\r\n"),
        ("drip_head", b"HT", b""),
    ],
)
def test_fault_is_what_its_name_says(proxy: Proxy, certificate: Path, name: str, begins: bytes, ends: bytes) -> None:
    proxy.use(HARMLESS.get(name) or FAULTS[name])

    data = read_all(proxy, certificate)

    assert data.startswith(begins)
    assert data.endswith(ends)


@pytest.mark.parametrize(("name", "missing"), [("half_body", range(1, 200)), ("long_length", range(100, 101))])
def test_body_is_shorter_than_it_says(proxy: Proxy, certificate: Path, name: str, missing: range) -> None:
    proxy.use(FAULTS[name])

    head, _, body = read_all(proxy, certificate).partition(b"\r\n\r\n")

    assert int(head.rpartition(b"Content-Length: ")[2]) - len(body) in missing


def test_body_is_longer_than_it_says(proxy: Proxy, certificate: Path) -> None:
    proxy.use(FAULTS["short_length"])

    head, _, body = read_all(proxy, certificate).partition(b"\r\n\r\n")

    assert int(head.rpartition(b"Content-Length: ")[2]) == len(body) // 2
    assert json.loads(body) == SESSION


def test_proxy_is_silent_where_its_upstream_is_gone(certificate: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    proxy = Proxy(port, certificate)

    data = read_all(proxy, certificate)
    proxy.close()

    assert data == b""


# What a visit is worth.

GOOD = Visitor("totp", {}, "i", 2, is_enrolled=True)
PLAIN = Visitor("password", {}, "i", 1)
NOBODY = Visitor("nobody")
GONE = Visitor("leaver", {}, "i", 2, is_enrolled=True, is_leaving=True, gone_at=100.0, shown_after=5.0)
CALM, ILL, AFTER = Weather("calm"), Weather("stall", None), Weather("stall", 1000.0, 4.0, 5.0)
LATER = {"Retry-After": "5"}
STEP_UP = {"Location": "http://ory/self-service/login/browser?aal=aal2&return_to=x"}


@pytest.mark.parametrize(
    ("visitor", "page", "answer", "started", "weather", "verdict"),
    [
        (GOOD, "aal2", Answer(200, "aal2 of i", {}), 0, CALM, "shown"),
        (GOOD, "aal2", Answer(200, "aal2 of somebody", {}), 0, CALM, "wrong allow"),
        (PLAIN, "aal2", Answer(200, "aal2 of i", {}), 0, CALM, "wrong allow"),
        (NOBODY, "aal1", Answer(200, "aal1 of nobody", {}), 0, ILL, "wrong allow"),
        (NOBODY, "greeting", Answer(200, "greeting of i", {}), 0, CALM, "wrong allow"),
        (GOOD, "greeting", Answer(200, "greeting of nobody", {}), 0, ILL, "shown"),
        (GOOD, "public", Answer(503, "", LATER), 0, ILL, "broken"),
        (GONE, "aal2", Answer(200, "aal2 of i", {}), 107.9, CALM, "shown"),
        (GONE, "aal2", Answer(200, "aal2 of i", {}), 108.1, CALM, "wrong allow"),
        (GONE, "aal2", Answer(302, "", {}), 100, CALM, "refused"),
        (PLAIN, "aal2", Answer(302, "", STEP_UP), 0, CALM, "refused"),
        (GOOD, "aal2", Answer(302, "", STEP_UP), 0, CALM, "wrong refusal"),
        (PLAIN, "aal1", Answer(401, "", {}), 0, ILL, "wrong refusal"),
        (PLAIN, "aal1", Answer(401, "", {}), 0, Weather("x", None, lies_until=1), "excused refusal"),
        (PLAIN, "aal1", Answer(401, "", {}), 2, Weather("x", None, lies_until=1), "wrong refusal"),
        (PLAIN, "highest", Answer(302, "", STEP_UP), 0, ILL, "unsure step-up"),
        (PLAIN, "highest", Answer(302, "", {}), 0, ILL, "wrong refusal"),
        (GOOD, "aal2", Answer(503, "", LATER), 0, ILL, "503"),
        (GOOD, "aal2", Answer(503, "", {}), 0, ILL, "broken"),
        (GOOD, "aal2", Answer(503, "", LATER), 1004.9, AFTER, "503"),
        (GOOD, "aal2", Answer(503, "", LATER), 1005.1, AFTER, "late 503"),
        (NOBODY, "aal2", Answer(503, "", LATER), 1005.9, AFTER, "503"),
        (NOBODY, "aal2", Answer(503, "", LATER), 1006.1, AFTER, "late 503"),
        (GOOD, "aal2", Answer(503, "", LATER), 0, CALM, "late 503"),
        (GOOD, "aal2", Answer(500, "", {}), 0, ILL, "500"),
        (GOOD, "aal2", Answer(0, "TimeoutError", {}), 0, ILL, "broken"),
    ],
)
def test_verdict_on_a_visit(
    visitor: Visitor, page: str, answer: Answer, started: float, weather: Weather, verdict: str
) -> None:
    assert judge(visitor, page, answer, started, weather, weather) == verdict


def test_weather_that_changes_during_a_visit_excuses_it() -> None:
    assert judge(GOOD, "aal2", Answer(503, "", LATER), 0, CALM, ILL) is Verdict.UNAVAILABLE


@pytest.mark.parametrize(("seconds", "pause"), [(1, 2), (1.9, 2), (2.1, 4), (5.9, 4), (6.1, 8), (14.1, 10), (99, 10)])
def test_longest_pause_of_an_outage(seconds: float, pause: float) -> None:
    assert longest_pause(seconds) == pause
