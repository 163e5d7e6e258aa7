"""Requests and answers as Ory's server reads and writes them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from django_ory_mfa.testing._config import FakeConfig

Header = tuple[str, str]
Json = dict[str, Any]

_HIDDEN = {"authorization", "cookie", "x-session-token"}
_SECRET = re.compile(r"ory_(?:st|lo)_\w+")


@dataclass(frozen=True, slots=True)
class FakeResponse:
    """An answer of Ory, before it is put on any wire."""

    status: int
    headers: list[Header]
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """One request that reached Ory."""

    method: str
    path: str
    query: str
    headers: dict[str, str]

    def __repr__(self) -> str:
        shown = {name: "…" if name in _HIDDEN else value for name, value in self.headers.items()}
        query = _SECRET.sub("…", self.query)
        return f"Call({self.method} {self.path}{'?' if query else ''}{query} {shown})"


@dataclass(frozen=True, slots=True)
class FakeRequest:
    """A request as Ory's server reads it."""

    method: str
    path: str
    query: str
    headers: Sequence[Header] = field(repr=False)
    body: bytes = field(repr=False)

    @classmethod
    def read(cls, method: str, target: str, headers: Sequence[Header], body: bytes) -> FakeRequest:
        """Splits the target."""
        path, _, query = target.partition("?")
        return cls(method.upper(), path, query, [(name.lower(), value) for name, value in headers], body)

    def as_call(self) -> Call:
        """What is kept of this request."""
        joined: dict[str, str] = {}
        for name, value in self.headers:
            separator = "; " if name == "cookie" else ", "
            joined[name] = f"{joined[name]}{separator}{value}" if name in joined else value
        return Call(self.method, self.path, self.query, joined)

    def header(self, name: str) -> str:
        """The first header of this name, or an empty text."""
        return next((value for key, value in self.headers if key == name), "")

    def param(self, name: str) -> str:
        """The first query parameter of this name, or an empty text."""
        return parse_qs(self.query).get(name, [""])[0]

    @property
    def target(self) -> str:
        """The path with its query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def as_script(self) -> FakeRequest:
        """The same request of a caller that wants JSON."""
        others = [(name, value) for name, value in self.headers if name != "accept"]
        return replace(self, headers=[*others, ("accept", "application/json")])

    def json(self) -> Any:
        """The body as JSON; a ``ValueError`` if it is none."""
        return json.loads(self.body)

    def fields(self) -> dict[str, str]:
        """The body as the fields of a form, whether it came as JSON or as a form; a ``ValueError`` if it is neither."""
        if self.header("content-type").partition(";")[0].strip() != "application/json":
            return {name: values[0] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}
        parsed = self.json()
        if not isinstance(parsed, dict):
            raise ValueError("not an object")
        return _flat("", parsed)

    def cookies(self, name: str) -> list[str]:
        """The values of all cookies of this name, in their order."""
        pairs = [pair.strip() for key, line in self.headers if key == "cookie" for pair in line.split(";")]
        split = [pair.partition("=") for pair in pairs]
        return [_unquoted(value) for key, _, value in split if key == name]

    @property
    def wants_json(self) -> bool:
        """Whether Ory takes the caller for a script rather than a browser."""
        specs = [_accept_spec(part) for part in self.header("accept").split(",")]
        return _rank(specs, "application/json") > _rank(specs, "text/html")


def json_answer(
    config: FakeConfig,
    request: FakeRequest,
    status: int,
    payload: Mapping[str, object] | Sequence[object],
    headers: Sequence[Header] = (),
) -> FakeResponse:
    """A JSON answer, spelled as Go writes JSON; one with an ``error`` as an error of Ory."""
    body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    for character in "&<>":
        body = body.replace(character, f"\\u{ord(character):04x}")
    # What the error page is shown has an error in it, but is none.
    error = payload.get("error") if isinstance(payload, Mapping) and "id" not in payload else None
    extra: list[Header] = [("Content-Type", "application/json" if error else "application/json; charset=utf-8")]
    if isinstance(error, Mapping) and config.is_newer:
        extra.append(("Ory-Error-Id", str(error.get("id", ""))))
    return answer(config, request, status, [*extra, *headers], f"{body}\n".encode())


def redirect(
    config: FakeConfig, request: FakeRequest, status: HTTPStatus, url: str, headers: Sequence[Header] = ()
) -> FakeResponse:
    """A redirect with the short page that Go puts in its body, unless a form was submitted."""
    url = "".join(char if char.isascii() else "".join(f"%{byte:02x}" for byte in char.encode()) for char in url)
    if request.method not in {"GET", "HEAD"}:
        return answer(config, request, status, [("Location", url), *headers])
    body = f'<a href="{html.escape(url)}">{status.phrase}</a>.\n\n'.encode()
    extra = [("Content-Type", "text/html; charset=utf-8"), ("Location", url), *headers]
    return answer(config, request, status, extra, body)


def answer(
    config: FakeConfig, request: FakeRequest, status: int, headers: Sequence[Header], body: bytes = b""
) -> FakeResponse:
    """An answer with the headers that every answer of Ory has."""
    is_health = request.path.startswith(("/health/", "/admin/health/"))
    common: list[Header] = []
    # v1.3.1 forbids caching whatever the method, but not on its health pages; the newer version on every GET.
    if request.method == "GET" if config.is_newer else not is_health:
        common.append(("Cache-Control", "private, no-cache, no-store, must-revalidate"))
    if not is_health and not request.path.startswith("/admin/"):
        common.append(("Vary", "Cookie"))
    return FakeResponse(status, [*common, *headers, *_last_headers(config, status, body)], body)


def plain(config: FakeConfig, status: HTTPStatus, text: str) -> FakeResponse:
    """An answer of Go's own server, which no code of Ory has seen."""
    body = text.encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff")]
    return FakeResponse(status, [*headers, *_last_headers(config, status, body)], body)


def _last_headers(config: FakeConfig, status: int, body: bytes) -> list[Header]:
    date = ("Date", http_date(config))
    return [date] if status == HTTPStatus.NO_CONTENT else [date, ("Content-Length", str(len(body)))]


def http_date(config: FakeConfig, seconds: int = 0) -> str:
    """The server's time, ``seconds`` from now, as headers spell it."""
    return format_datetime((config.now() + timedelta(seconds=seconds)).astimezone(UTC), usegmt=True)


def _flat(prefix: str, parsed: Mapping[str, object]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in parsed.items():
        if isinstance(value, dict):
            fields |= _flat(f"{prefix}{name}.", value)
        else:
            fields[prefix + name] = value if isinstance(value, str) else json.dumps(value)
    return fields


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def _accept_spec(part: str) -> tuple[str, float]:
    value, _, parameter = (text.strip() for text in part.partition(";"))
    if not parameter:
        return value, 1.0
    # Ory drops what carries any other parameter, "charset" for example.
    match = re.fullmatch(r"q=(\d(?:\.\d+)?)", parameter.replace(" ", ""))
    return value, float(match[1]) if match else 0.0


def _rank(specs: Sequence[tuple[str, float]], offer: str) -> tuple[float, int]:
    kind = offer.partition("/")[0]
    closeness = {offer: 2, f"{kind}/*": 1, "*/*": 0}
    return max(((q, closeness[value]) for value, q in specs if q and value in closeness), default=(0.0, 0))
