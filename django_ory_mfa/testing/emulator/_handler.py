"""HTTP/1.1 for the emulator: one request after the other on each connection."""

from __future__ import annotations

import re
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from django_ory_mfa.testing._http import FakeResponse, Header
from django_ory_mfa.testing.emulator._pages import page

if TYPE_CHECKING:
    from django_ory_mfa.testing.emulator.server import Emulator, _Server

_MAX_BODY = 1 << 20
_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?", re.IGNORECASE)
_API = ("/self-service/", "/sessions", "/health/", "/admin/", "/.well-known/ory/")


class _BodyError(Exception):
    """A body that cannot be read, with the status to respond with."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    """Passes requests to the fake Ory, and those for its pages to Django's views."""

    protocol_version = "HTTP/1.1"
    # Seconds that a silent client may hold a thread.
    timeout = 30
    # Head and body in one packet, at once: otherwise each answer waits for the client's system, some 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True

    @property
    def emulator(self) -> Emulator:
        """The emulator of this request."""
        return cast("_Server", self.server).emulator

    def serve(self) -> None:
        """Respond to one request of any method."""
        try:
            body = self._read_body()
            self._send(self._refusal() or self._answer(body))
        except _BodyError as error:
            # The next request on this connection could not be separated from the body.
            self.close_connection = True
            self._send(_text(error.status, f"{error.status.phrase}\n", [("Connection", "close")]))
        except ConnectionError:
            # A configured failure, or a client that has disconnected: no response is possible.
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is Python's)
        """Log nothing, because targets contain tokens."""

    def _answer(self, body: bytes) -> FakeResponse:
        target = self.path
        if not target.startswith("/"):
            # A proxy's way to write the target counts as the ordinary way.
            split = urlsplit(target)
            target = f"{split.path or '/'}{'?' if split.query else ''}{split.query}"
        if not target.startswith(_API):
            return page(self.emulator, self.command, target, self.headers.items(), body)
        return self.emulator.ory.handle(self.command, target, self.headers.items(), body)

    def _refusal(self) -> FakeResponse | None:
        """Return the refusal of a request from a page of another site; None for any other request."""
        # A foreign name that leads to this machine would make its pages those of the same origin.
        if not _LOOPBACK.fullmatch(self.headers.get("Host", "")):
            text = "The emulator answers on this machine only, as 127.0.0.1 or localhost.\n"
            return _text(HTTPStatus.FORBIDDEN, text)
        site = self.headers.get("Sec-Fetch-Site", "none")
        if "/admin/" in self.path and ("Origin" in self.headers or site not in {"none", "same-origin"}):
            return _text(HTTPStatus.FORBIDDEN, "The admin API answers no pages.\n")
        return None

    def _read_body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers:
            raise _BodyError(HTTPStatus.NOT_IMPLEMENTED)
        if not re.fullmatch("[0-9]{1,10}", length):
            raise _BodyError(HTTPStatus.BAD_REQUEST)
        if int(length) > _MAX_BODY:
            raise _BodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise _BodyError(HTTPStatus.BAD_REQUEST)
        return body

    def _send(self, answer: FakeResponse) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status != HTTPStatus.NO_CONTENT and not any(
            name.lower() == "content-length" for name, _ in answer.headers
        ):
            # A failure that a test asked for has only the headers it was given.
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)


def _text(status: HTTPStatus, text: str, headers: list[Header] | None = None) -> FakeResponse:
    body = text.encode()
    fixed = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    return FakeResponse(status, [*fixed, *(headers or [])], body)
