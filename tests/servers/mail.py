"""A mail server that keeps what it is given."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage
from types import TracebackType
from typing import Self, cast


class _Dialogue(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as a courier needs."""

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline():
            match line.split(maxsplit=1)[0].upper() if line.strip() else b"":
                case b"DATA":
                    self._say("354 go on")
                    self._keep()
                    self._say("250 kept")
                case b"QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _keep(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        cast("MailServer", self.server).mails.append(message)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    """Listens on ``port`` of this machine between ``with`` and its end; ``mails`` are what arrived."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Dialogue)
        self.mails: list[EmailMessage] = []
        self._thread = threading.Thread(target=self.serve_forever, args=[0.05])

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def text_for(self, address: str) -> str | None:
        """The newest mail for ``address`` as plain text; None if there is none."""
        mine = [mail for mail in self.mails if address in str(mail["To"])]
        part = mine[-1].get_body(("plain", "html")) if mine else None
        return None if part is None else part.get_content()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
