"""Django's own entrances for servers, with the site-wide policy behind them, and what they serve without it."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler, StaticFilesHandler
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import AsyncRequestFactory, RequestFactory

from django_ory_mfa.testing import FakeOry
from tests.crossings.pages import MEMBERS_ONLY
from tests.crossings.ways import OURS, POLICY
from tests.site import LOOP

SERVERS: dict[str, dict[str, Any]] = {
    "sync": {"plain": WSGIHandler, "static": lambda: StaticFilesHandler(WSGIHandler())},
    "async": {"plain": ASGIHandler, "static": lambda: ASGIStaticFilesHandler(ASGIHandler())},
}


def by_wsgi(application: Any, path: str, cookie: str) -> tuple[int, dict[str, str], str]:
    said: list[Any] = []
    environ = RequestFactory().get(path, headers={"Cookie": cookie}).environ
    response = application(environ, lambda status, headers: said.extend((status, headers)))
    body = b"".join(response)
    response.close()
    return int(said[0].split()[0]), dict(said[1]), body.decode()


async def by_asgi(application: Any, path: str, cookie: str) -> tuple[int, dict[str, str], str]:
    scope = AsyncRequestFactory().get(path, headers={"Cookie": cookie}).scope
    communicator = ApplicationCommunicator(application, {**scope, "type": "http"})
    await communicator.send_input({"type": "http.request", "body": b"", "more_body": False})
    start = await communicator.receive_output(timeout=60)
    parts: list[Any] = []
    while not parts or parts[-1].get("more_body"):
        parts.append(await communicator.receive_output(timeout=60))
    await communicator.wait()
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, b"".join(part.get("body", b"") for part in parts).decode()


def ask(mode: str, server: str, path: str, cookie: str = "") -> tuple[int, dict[str, str], str]:
    application = SERVERS[mode][server]()
    if mode == "sync":
        return by_wsgi(application, path, cookie)
    return LOOP.run(by_asgi(application, path, cookie))


@pytest.mark.parametrize("server", ["plain", "static"])
def test_files_reach_everybody_and_pages_those_who_may_see_them(
    mode: str, ory: FakeOry, settings: Any, server: str
) -> None:
    settings.MIDDLEWARE = [OURS, POLICY]
    session = ory.add_session(ory.add_identity(second_factors={"totp"}), ("password", 0), ("totp", 0))
    cookie = f"{ory.cookie_name}={session.cookie}; me={session.identity.id}"
    page = f"/{mode}/page/policy"

    status, headers, text = ask(mode, server, page, cookie)
    assert (status, session.identity.id in text, headers["Cache-Control"]) == (200, True, "private")
    status, headers, text = ask(mode, server, page)
    assert (status, MEMBERS_ONLY in text, headers["Cache-Control"]) == (302, False, "no-store")
    assert ask(mode, server, "/static/file.txt")[0] == (200 if server == "static" else 404)
