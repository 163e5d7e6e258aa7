"""The HTTP server of the fake Console API, with switches for everything that can go wrong."""

from __future__ import annotations

import copy
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.console.platform import Project, Refused

ANSWERS = Path(__file__).parent / "answers"
KEY = "ory_wak_MADE-UP-WORKSPACE-KEY"
WORKSPACE_ID = "11111111-aaaa-4aaa-8aaa-000000000001"
PROJECT_ID = "22222222-bbbb-4bbb-8bbb-000000000001"
OTHER_ID = "22222222-bbbb-4bbb-8bbb-000000000002"
SLUG = "sample-otter-a1b2c3d4e5"


def sample(case: str) -> dict[str, Any]:
    """Return the response of a sample."""
    found: dict[str, Any] = json.loads((ANSWERS / f"{case}.json").read_text())["response"]
    return found


@dataclass
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any = None


@dataclass
class Switches:
    """Faults to simulate."""

    rate_limits: int = 0
    bad_gateways: int = 0
    is_stale: bool = False
    is_broken: bool = False
    drops_answer: bool = False
    refuses_feature: bool = False
    refuses_plainly: bool = False
    redirect_to: str = ""
    hangs: str = ""  # "before" or "after" a change was made
    extra: dict[str, Any] = field(default_factory=dict)
    warnings: Any = ()
    has_more_projects: bool = False
    repeats_token: bool = False
    intruder: Callable[[Project], None] | None = None


class FakeConsole:
    """Listens on loopback until ``close``; ``violations`` are the ``requests`` that no client may send."""

    def __init__(self) -> None:
        self.project = Project(sample("project_200")["body"])
        self.before: dict[str, Any] | None = None
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.switches = Switches()
        self.workspaces: Any = ...
        self.more_projects: list[dict[str, Any]] = []
        self.limits_patches = False
        self.breaks_after_patch = False
        self.wakes = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        """Stop it, and release the requests that it keeps waiting."""
        self.wakes.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def asked(self) -> list[str]:
        """The methods and paths of the requests, without queries."""
        return [f"{request.method} {urlsplit(request.path).path}" for request in self.requests]

    def answer(self, request: Request) -> tuple[int, Any]:
        """Return status and body; a body of bytes is sent unchanged."""
        switches = self.switches
        if (refused := self._refusal(request.headers.get("authorization", ""))) is not None:
            return self.sample(refused)
        if request.method == "PATCH" and self.limits_patches:
            return 429, b""
        if switches.rate_limits:
            switches.rate_limits -= 1
            return 429, b""
        if switches.bad_gateways:
            switches.bad_gateways -= 1
            return self.sample("error_502_html")
        if switches.is_broken:
            return 200, b'{"project": '
        return self._route(request)

    def sample(self, case: str) -> tuple[int, Any]:
        """Return status and body of a sample."""
        found = sample(case)
        return found["status"], found["body"].encode() if isinstance(found["body"], str) else found["body"]

    def _refusal(self, authorization: str) -> str | None:
        if authorization == f"Bearer {KEY}":
            return None
        return "error_403" if authorization.startswith(("Bearer ory_pat_", "Bearer ory_apikey_")) else "error_401"

    def _route(self, request: Request) -> tuple[int, Any]:
        path = urlsplit(request.path).path
        if request.method == "PATCH" and (found := re.fullmatch(r"/projects/([^/]+)/revision/([^/]+)", path)):
            return self._patch(found[1], found[2], request.body)
        if request.method != "GET":
            self.violations.append(f"{request.method} {path}")
            return 405, {"error": {"code": 405}}
        if path == "/workspaces":
            return self._workspaces(parse_qs(urlsplit(request.path).query))
        if path == "/projects":
            return self.sample("projects_200")
        if path == f"/workspaces/{WORKSPACE_ID}/projects":
            status, body = self.sample("workspace_projects_200")
            more = {
                "projects": [*body["projects"], *self.more_projects],
                "has_next_page": self.switches.has_more_projects,
            }
            return status, body | more
        if re.fullmatch(r"/workspaces/[^/]+/projects", path):
            return 200, {"has_next_page": False, "next_page": "", "projects": []}
        if path == f"/projects/{PROJECT_ID}":
            return 200, self._shown()
        return self.sample("error_403" if path == f"/projects/{OTHER_ID}" else "error_404")

    def _workspaces(self, query: dict[str, list[str]]) -> tuple[int, Any]:
        if self.workspaces is not ...:
            return 200, {"has_next_page": False, "next_page_token": "", "workspaces": self.workspaces}
        if query.get("page_token") == ["made-up-token-2"]:
            status, body = self.sample("workspaces_page_2_200")
            again = {"has_next_page": True, "next_page_token": "made-up-token-2"}
            return status, body | (again if self.switches.repeats_token else {})
        return self.sample("workspaces_page_1_200")

    def _shown(self) -> dict[str, Any]:
        if self.switches.is_stale and self.before is not None:
            shown, self.before = self.before, None
            return shown
        return copy.deepcopy(self.project.document) | self.switches.extra

    def _patch(self, project_id: str, revision: str, operations: Any) -> tuple[int, Any]:
        switches = self.switches
        if switches.hangs == "before":
            self.wakes.wait(10)
            return 200, {}
        if switches.refuses_plainly:
            return 422, {}
        if switches.refuses_feature:
            return self.sample("error_403_feature_not_available")
        if switches.intruder is not None:
            intruder, switches.intruder = switches.intruder, None
            self.before = copy.deepcopy(self.project.document)
            intruder(self.project)
            self.project.renew()
        if project_id != PROJECT_ID:
            return self.sample("error_404")
        if revision != self.project.document["revision_id"]:
            return self.sample("error_409_stale_revision")
        return self._patched(operations)

    def _patched(self, operations: Any) -> tuple[int, Any]:
        try:
            warnings: Any = self.project.patch(operations)
        except Refused as refused:
            error = {"code": 400, "status": "Bad Request", "request": "44444444-dddd-4ddd-8ddd-000000000001"}
            return 400, {"error": error | {"reason": refused.reason, "message": refused.message}}
        if self.switches.hangs == "after":
            self.wakes.wait(10)
        if self.switches.drops_answer:
            self.switches.is_broken = self.breaks_after_patch
            return 200, b"<html>"
        shown = copy.deepcopy(self.project.document) | self.switches.extra
        more = self.switches.warnings
        return 200, {"project": shown, "warnings": None if more is None else [*warnings, *more]}


def _handler(console: FakeConsole) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, body)
            console.requests.append(request)
            if console.switches.redirect_to:
                self._send(307, b"", {"Location": console.switches.redirect_to + self.path})
                return
            status, answer = console.answer(request)
            self._send(status, answer if isinstance(answer, bytes) else json.dumps(answer).encode(), {})

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _do  # noqa: N815 - the names of http.server

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            try:
                self.send_response(status)
                for name, value in (headers | {"Content-Length": str(len(body))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the client did not wait

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of http.server
            pass

    return Handler
