"""The visits that every neighbour has to leave as they are without it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import got_request_exception
from django.test import AsyncClient, AsyncRequestFactory, Client, RequestFactory

from django_ory_mfa.contrib.auth.models import OryIdentity
from django_ory_mfa.testing import FakeOry, installed

LOGIN = "http://127.0.0.1:4433/self-service/login/browser?"

# All requests share one event loop, as in a server.
LOOP = asyncio.Runner()


class Visitor:
    """A browser in one mode, before one Ory."""

    def __init__(self, mode: str, ory: FakeOry) -> None:
        self.mode = mode
        self.ory = ory
        self.client: Any = (AsyncClient if mode == "async" else Client)(raise_request_exception=False)
        self.errors: list[str] = []

    def sign_in(self, **arguments: Any) -> Any:
        """A new person takes over this browser."""
        return self.ory.login(self.client, **arguments)

    def get(self, page: str, **extra: Any) -> Any:
        """The answer to a page: the name of one of ours, or a path."""
        return self.ask("get", page, **extra)

    def ask(self, method: str, page: str, *arguments: Any, **extra: Any) -> Any:
        """The answer, and what went wrong while it was made."""
        url = page if page.startswith("/") else f"/{self.mode}/{page}/"
        call = getattr(self.client, method)
        with heard() as errors:
            response = call(url, *arguments, **extra)
            if self.mode == "async":
                response = LOOP.run(response)
        self.errors = errors
        return response

    def wrong(self, page: str, status: int, found: Any) -> Iterator[str]:
        """A complaint, unless ``found`` has the status."""
        if found.status_code != status:
            yield f"{page} is {found.status_code}, not {status}{''.join(f' ({error})' for error in self.errors)}"


def serve(mode: str, page: str, **headers: str) -> None:
    """Send one request as a server does.

    Packages may wrap the handlers of servers, which Django's test clients do not use.
    """
    path = f"/{mode}/{page}/"
    if mode == "sync":
        handler: Any = WSGIHandler()
        handler(RequestFactory().get(path, headers=headers).environ, lambda *args: None).close()
        return
    messages = iter([{"type": "http.request"}])

    async def receive() -> Any:
        # After the request, a client that stays.
        return next(messages, None) or await asyncio.get_running_loop().create_future()

    async def send(message: Any) -> None: ...

    request: Any = AsyncRequestFactory().get(path, headers=headers)
    LOOP.run(ASGIHandler()(request.scope, receive, send))


@contextmanager
def heard() -> Iterator[list[str]]:
    """The exceptions that no code of the site has caught while this lasts."""
    errors: list[str] = []

    def hear(sender: Any, request: Any = None, **named: Any) -> None:
        kind, error, _ = sys.exc_info()
        errors.append(f"{kind.__name__ if kind else 'error'}: {error}")

    got_request_exception.connect(hear)
    try:
        yield errors
    finally:
        got_request_exception.disconnect(hear)


def complaints(mode: str) -> Iterator[str]:
    """What is wrong with the pages of the site in one mode; nothing if all is as without the neighbour."""
    with installed() as ory:
        for visit in (nobody, aal1, two_people, outage):
            yield from (f"{visit.__name__.replace('_', ' ')}: {wrong}" for wrong in visit(Visitor(mode, ory)))


def nobody(visitor: Visitor) -> Iterator[str]:
    """Sees what is public, and is sent to Ory elsewhere."""
    yield from visitor.wrong("public", 200, visitor.get("public"))
    for page in ("guarded", "policy"):
        yield from to_ory(visitor, page)


def aal1(visitor: Visitor) -> Iterator[str]:
    """Has to prove a second factor."""
    visitor.sign_in(aal="aal1", second_factors={"totp"})
    yield from visitor.wrong("public", 200, visitor.get("public"))
    for page in ("guarded", "policy"):
        yield from to_ory(visitor, page, "aal=aal2")


def two_people(visitor: Visitor) -> Iterator[str]:
    """One after the other in one browser, each of whom sees only the own page."""
    seen: list[str] = []
    for _ in range(2):
        session = visitor.sign_in()
        for page in ("guarded", "policy"):
            yield from own_page(visitor, page, str(session.identity.id), seen)
        seen.append(str(session.identity.id))
    yield from visitor.wrong("public", 200, visitor.get("public"))


def outage(visitor: Visitor) -> Iterator[str]:
    """Leaves public pages open, and nothing else."""
    visitor.sign_in()
    visitor.ory.fail(503)
    yield from visitor.wrong("public", 200, visitor.get("public"))
    for page in ("guarded", "policy"):
        yield from visitor.wrong(page, 503, visitor.get(page))
    visitor.ory.recover()


def to_ory(visitor: Visitor, page: str, query: str = "") -> Iterator[str]:
    response = visitor.get(page)
    yield from visitor.wrong(page, 302, response)
    place = response.headers.get("Location", "")
    if not place.startswith(LOGIN) or query not in place:
        yield f"{page} leads to {place or 'no other page'}"
    if " is " in response.content.decode():
        yield f"{page} shows a page"


def own_page(visitor: Visitor, page: str, identity: str, others: list[str]) -> Iterator[str]:
    response = visitor.get(page)
    yield from visitor.wrong(page, 200, response)
    text = response.content.decode()
    link = OryIdentity.objects.filter(identity_id=identity).select_related("user").first()
    if link is None or f"<p>{identity} is {link.user.get_username()}</p>" not in text:
        yield f"{page} is not that of the person"
    if any(other in text for other in others):
        yield f"{page} shows somebody else"
