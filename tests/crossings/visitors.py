"""Those who visit a page one after the other, and what each of them asks."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import Any

from django_ory_mfa.testing import FakeOry
from tests.crossings.ways import Stop
from tests.site import Site

NEVER = "Fri, 31 Dec 2100 00:00:00 GMT"
# What is asked: method, headers.
ASKED: dict[str, tuple[str, dict[str, str]]] = {
    "get": ("get", {"Accept-Encoding": "gzip"}),
    "if-none-match": ("get", {"If-None-Match": "*"}),
    "head": ("head", {}),
    "post": ("post", {}),
    "options": ("options", {}),
    "if-modified-since": ("get", {"If-Modified-Since": NEVER}),
    "if-match": ("post", {"If-Match": '"other"'}),
    "preflight": ("options", {"Origin": "https://other.example", "Access-Control-Request-Method": "GET"}),
}
# What a cache could have kept for the next, and what changes something.
AGAIN = ("get", "if-none-match", "head")
USUAL = (*AGAIN, "post", "options")


class Visitor:
    """Somebody with a browser; without ``login`` nobody knows who."""

    def __init__(self, name: str, stop: Stop, mode: str, ory: FakeOry, **login: Any) -> None:
        self.name = name
        self.site = Site(mode, raise_request_exception=False, enforce_csrf_checks=stop.way.enforces_csrf)
        self.id = "nobody"
        if login:
            self.id = str(ory.login(self.site, **login).identity.id)
            self.site.cookies["me"] = self.id

    @property
    def is_member(self) -> bool:
        """Whether guards let this visitor through."""
        return self.name in ("first", "heir", "second")

    def leave_to(self, heir: Visitor) -> None:
        """Whoever comes next uses this browser, and whatever the site keeps in it."""
        self.site.cookies.update(heir.site.cookies)
        heir.site = self.site

    def asks(self, stop: Stop) -> tuple[str, ...]:
        if self.name == "first":
            return USUAL
        if self.name in ("heir", "second") or stop.situation == "shown":
            return AGAIN
        return USUAL if self.name == "low" else tuple(ASKED)

    def ask(self, asked: str, url: str, etag: str) -> Answer:
        method, headers = ASKED[asked]
        if etag and "If-None-Match" in headers:
            headers = {"If-None-Match": etag}
        signed_in = {"X-Me": self.id} if self.id != "nobody" else {}
        response = self.site.request(method, url, headers={**headers, **signed_in})
        # It would make a page of the fourth refusal.
        self.site.cookies.pop("ory_mfa_hops", None)
        return Answer(self, asked, response, _text_of(response))


@dataclass(frozen=True)
class Answer:
    """What one visitor got; ``text`` is all of it."""

    visitor: Visitor
    asked: str
    response: Any
    text: str

    @property
    def status(self) -> int:
        return int(self.response.status_code)

    @property
    def is_named(self) -> bool:
        """Whether it shows the visitor."""
        return self.visitor.id in self.text


def walk(stop: Stop, mode: str, ory: FakeOry) -> list[Answer]:
    """What everybody gets, one after the other; first comes somebody whom a guard lets through."""
    people = [
        Visitor("first", stop, mode, ory, aal="aal2"),
        Visitor("heir", stop, mode, ory, aal="aal2"),
        Visitor("second", stop, mode, ory, aal="aal2"),
        Visitor("low", stop, mode, ory, aal="aal1", second_factors={"totp"}),
        Visitor("nobody", stop, mode, ory),
    ]
    answers: list[Answer] = []
    etag = ""
    for visitor in people:
        if visitor.name == "heir":
            people[0].leave_to(visitor)
        for asked in visitor.asks(stop):
            answers.append(visitor.ask(asked, stop.url, etag))
            etag = etag or answers[-1].response.headers.get("ETag", "")
    return answers


def _text_of(response: Any) -> str:
    body = response.getvalue() if response.streaming else response.content
    if response.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    headers = "".join(f"{name}: {value}\n" for name, value in response.items())
    return f"{headers}{response.cookies.output()}{body.decode()}"
