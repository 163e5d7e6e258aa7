"""One request through the whole of Django, from what a server hands over to the bytes of the response."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from io import BytesIO
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIHandler

from benchmarks.sites import Site
from benchmarks.timing import Take

Headers = Mapping[str, str]


def sync_take(site: Site, headers: Headers, *, path: str = "/") -> Take:
    """The time of requests in blocking code; asserts that the first is answered."""
    send = sender(site, path=path)
    urls = settings.ROOT_URLCONF
    send(headers)

    def take(loops: int) -> float:
        settings.ROOT_URLCONF = urls
        started = perf_counter()
        for _ in range(loops):
            send(headers)
        return perf_counter() - started

    return take


def sender(site: Site, *, path: str = "/", urls: Any = None) -> Callable[[Headers], None]:
    """A function that sends one request with headers to ``site``, which is the site of the process from now on."""
    settings.MIDDLEWARE = list(site.middleware)
    settings.ROOT_URLCONF = urls or site.urls()
    handler: Any = WSGIHandler()
    nothing = BytesIO()
    statuses: list[str] = []

    def start_response(status: str, headers: object) -> None:
        statuses[:] = [status]

    def send(headers: Headers) -> None:
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "wsgi.input": nothing,
            "wsgi.url_scheme": "http",
        }
        for name, value in headers.items():
            environ["HTTP_" + name.upper()] = value
        response = handler(environ, start_response)
        b"".join(response)
        response.close()
        assert statuses == ["200 OK"], statuses

    return send


def async_take(runner: asyncio.Runner, site: Site, headers: Headers, *, path: str = "/") -> Take:
    """The time of requests to async views, one after the other; asserts that the first is answered."""
    send = async_sender(site, path=path)
    urls = settings.ROOT_URLCONF
    runner.run(send(headers))

    async def send_all(loops: int) -> float:
        started = perf_counter()
        for _ in range(loops):
            await send(headers)
        return perf_counter() - started

    def take(loops: int) -> float:
        settings.ROOT_URLCONF = urls
        return runner.run(send_all(loops))

    return take


def async_sender(site: Site, *, path: str = "/") -> Callable[[Headers], Coroutine[Any, Any, None]]:
    """``sender`` for async code. It leaves out Django's thread for the signals of each request, as all cases do."""
    settings.MIDDLEWARE = list(site.middleware)
    settings.ROOT_URLCONF = site.async_urls()
    handler = BaseHandler()
    handler.load_middleware(is_async=True)

    async def send(headers: Headers) -> None:
        request = ASGIRequest(scope(headers, path), BytesIO())
        response = await handler.get_response_async(request)
        assert response.status_code == 200, response.status_code
        response.close()

    return send


def asgi_sender(site: Site, *, path: str = "/") -> Callable[[Headers], Coroutine[Any, Any, int]]:
    """Like ``async_sender``, by all that Django does for an ASGI server; gives the status."""
    settings.MIDDLEWARE = list(site.middleware)
    settings.ROOT_URLCONF = site.async_urls()
    handler = ASGIHandler()

    async def send(headers: Headers) -> int:
        messages = iter([{"type": "http.request"}])
        statuses: list[int] = []

        async def receive() -> Any:
            # After the request, a client that stays.
            return next(messages, None) or await asyncio.get_running_loop().create_future()

        async def reply(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await handler(scope(headers, path), receive, reply)
        return statuses[0]

    return send


def scope(headers: Headers, path: str) -> dict[str, Any]:
    """What an ASGI server hands over."""
    sent = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "scheme": "http",
        "headers": [(b"host", b"testserver"), *sent],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }
